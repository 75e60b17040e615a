import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CompanyRepository } from '#companies';
import { Problem, todayIn, UnitOfWork } from '#core';
import { RateLimit } from '#rbac';
import { ABSENT } from './absence.repository.js';
import { CalendarTokens } from './calendar-tokens.js';
import type { CalendarEntry } from './leave-calendar.js';
import { dayAfter } from './leave-period.js';

const DAYS_BACK = 366;
const DAYS_AHEAD = 731;
/** Some 200 ms of work. One's own come first, then what begins last. */
const MOST_EVENTS = 5000;

/** `$4` is the owner. Of others not even the kind is read. */
const ENTRIES = `
  SELECT l.id, u."firstName", u."lastName", CASE WHEN l."userId" = $4 THEN l."leaveType" END AS "leaveType", l."updatedAt",
         l."startDate", l."endDate", l."startPortion", l."endPortion"
  ${ABSENT}
  ORDER BY (l."userId" = $4) DESC, l."startDate" DESC, l.id DESC
  LIMIT ${MOST_EVENTS}`;

/** A person's calendar of absences, for whoever has its address. */
@Injectable()
export class CalendarFeed {
  constructor(
    private readonly work: UnitOfWork,
    private readonly tokens: CalendarTokens,
    private readonly companies: CompanyRepository,
    private readonly limit: RateLimit,
  ) {}

  /** The past year and the next two; a request of its owner. @throws 404 for whatever opens nothing, 429 */
  async read(token: string, reply: FastifyReply): Promise<string> {
    const companyId = CalendarTokens.companyOf(token);
    const { calendarOf } = await import('./leave-calendar.js'); // with its library, by whom one is asked for first
    const { entries, timezone } = await this.work.within({ companyId, userId: null }, () => this.found(token, reply));
    return calendarOf(entries, timezone);
  }

  private async found(token: string, reply: FastifyReply): Promise<{ entries: CalendarEntry[]; timezone: string }> {
    const ownerId = await this.tokens.ownerOf(token);
    if (!ownerId) throw new Problem('not_found');
    await this.limit.count(ownerId, reply);
    const { timezone } = await this.companies.getSettings();
    const today = todayIn(timezone);
    const range = [dayAfter(today, -DAYS_BACK), dayAfter(today, DAYS_AHEAD)];
    return { entries: await this.work.last<CalendarEntry>(ENTRIES, [...range, ownerId]), timezone };
  }
}
