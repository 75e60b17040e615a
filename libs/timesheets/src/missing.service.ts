import { Injectable } from '@nestjs/common';
import { CompanyRepository } from '#companies';
import { Problem, todayIn } from '#core';
import { countedDays, holidaysBetween } from '#leave';
import type { Principal } from '#rbac';
import type { MissingQuery, MissingReport } from './missing.dto.js';
import { MissingRepository } from './missing.repository.js';
import type { Span } from './missing.repository.js';

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

@Injectable()
export class MissingService {
  constructor(
    private readonly missing: MissingRepository,
    private readonly companies: CompanyRepository,
  ) {}

  /** Days to come are not missing yet. @throws 400 for a range that ends before it starts, or is too long */
  async report(caller: Principal, { from, to }: MissingQuery): Promise<MissingReport> {
    if (to < from) throw Problem.field('/to', 'must not be before from');
    if ((Date.parse(to) - Date.parse(from)) / DAY_MS >= LONGEST_DAYS)
      throw Problem.field('/to', `must be at most ${LONGEST_DAYS} days in all`);
    const { workWeek, holidayCalendar, timezone } = await this.companies.getSettings();
    const today = todayIn(timezone);
    const last = to < today ? to : today;
    const range = { startDate: from, endDate: last, startPortion: 'full', endPortion: 'full' } as const;
    const working = last < from ? [] : countedDays(range, workWeek, holidaysBetween(holidayCalendar, from, last));
    const days = working.filter(({ counted }) => counted > 0).map(({ day }) => ({ day, start: `${day}T00:00:00`, next: dayAfter(day) }));
    const people = days.length > 0 ? await this.missing.people(caller, days[0]!.day, days.at(-1)!.day) : [];
    const items = people.map(({ user, covered, away }) => ({
      user,
      days: days.filter((day) => !isIn(covered, day) && !isIn(away, day)).map(({ day }) => day),
    }));
    return { from, to, items: items.filter((item) => item.days.length > 0) };
  }
}

/** Whether a whole day lies in one of the spans; instants compare as text, and with days too. */
const isIn = (spans: Span[] | null, { start, next }: { start: string; next: string }): boolean =>
  spans?.some(([from, to]) => from <= start && next <= to) ?? false;

const dayAfter = (day: string): string => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
