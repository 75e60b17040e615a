import { Injectable } from '@nestjs/common';
import { actingLead, CompanyRepository, LED_PEOPLE, TEAM_PEOPLE } from '#companies';
import type { SettingsView } from '#companies';
import { Accesses, among, Cursors, one, Problem, Query, todayIn, UnitOfWork } from '#core';
import type { Page } from '#core';
import type { Principal } from '#rbac';
import { LeaveLocks } from './leave-locks.js';
import { BEGINNING, beginningOf, spanSql } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';
import type { LeaveRequestQuery, LeaveRequestView } from './leave-request.dto.js';
import { allowedActions, mayRead, readable, TAKING } from './leave-request.policy.js';
import { daysUnder, sumUnder } from './working-days.js';
import type { CountedDay } from './leave-request.entity.js';

const LIST = 'leave-requests';
const ORDER = [...BEGINNING, 'l.id'];
const NEWEST_FIRST = ORDER.map((column) => `${column} DESC`).join(', ');

/** `$2` is as whom the caller reaches others. */
const LIVING = `
  SELECT l.id, l."userId", l."startDate", l."endDate", l."startPortion", l."endPortion", l."leaveType", l.status, l.reason,
         l."rejectionReason", l."decisionReason", l."workingDays", l."decidedAt", l."decidedByUserId", l."createdAt", l."updatedAt", l.version,
         l."userId" IN (${LED_PEOPLE.replaceAll('?', '$2')}) AS leads
  FROM leave_requests l
  WHERE l."companyId" = $1 AND l."deletedAt" IS NULL`;
const ONE = `${LIVING} AND l.id = $3`;

/** A leave request and how the caller stands to it. */
export type LeaveRow = Omit<LeaveRequestView, 'workingDays' | 'allowedActions'> & {
  /** Null before it is decided. */
  workingDays: number | null;
  leads: boolean;
};

/** Reads leave requests. That another was told of somebody's leave is noted, unless they made it. */
@Injectable()
export class LeaveRequestRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly companies: CompanyRepository,
    private readonly accesses: Accesses,
    private readonly locks: LeaveLocks,
  ) {}

  async list(caller: Principal, query: LeaveRequestQuery): Promise<Page<LeaveRequestView>> {
    const company = await this.companies.getSettings();
    const { text, values } = readable(new Query(LIVING, [actingLead(caller)]), caller)
      .and('l."userId" = ?', query.userId)
      .and(among('l."userId"', TEAM_PEOPLE), query.teamId)
      .and('l.status = ?', query.status)
      .and('l."leaveType" = ?', query.leaveType)
      .and('l."endDate" >= ?', query.from)
      .and('l."startDate" <= ?', query.to)
      .after(ORDER, '<', this.cursors.after(LIST, query))
      .page(NEWEST_FIRST, query.limit);
    const rows = await this.work.last<LeaveRow>(text, values);
    const { items, nextCursor } = this.cursors.page(LIST, query, rows, (row) => [...beginningOf(row), row.id]);
    const views: LeaveRequestView[] = [];
    for (const item of items) {
      this.note(item);
      views.push(await viewFor(caller, item, company));
    }
    return { items: views, nextCursor };
  }

  /** For an answer: noted. @throws 404 also for one that the caller may not read */
  async read(caller: Principal, id: string): Promise<LeaveRow> {
    const found = await this.get(caller, id);
    if (!mayRead(caller, found)) throw new Problem('not_found');
    this.note(found);
    return found;
  }

  /** Noted nowhere. Whether the caller may read it, is theirs to ask. @throws 404 */
  async get(caller: Principal, id: string): Promise<LeaveRow> {
    return one(await this.work.query<LeaveRow>(ONE, [actingLead(caller), id]));
  }

  /** For change: under the lock of its person, and after its last change. Whether the caller may read it, is theirs to ask. @throws 404 */
  async open(caller: Principal, id: string): Promise<LeaveRow> {
    const { userId } = await this.get(caller, id);
    await this.locks.hold(userId);
    const found = await this.get(caller, id);
    this.work.follow([found]);
    return found;
  }

  /** The whole record, as the caller sees it. */
  async view(caller: Principal, row: LeaveRow): Promise<LeaveRequestView> {
    return viewFor(caller, row, await this.companies.getSettings());
  }

  /** What each day costs and why: as it was fixed when it was decided, before that as of now. */
  async days({ id, ...period }: Pick<LeaveRow, 'id' | keyof LeavePeriod>): Promise<CountedDay[]> {
    const [fixed] = await this.work.query<{ days: CountedDay[] | null }>(
      'SELECT l."countedDays" AS days FROM leave_requests l WHERE l."companyId" = $1 AND l.id = $2',
      [id],
    );
    // jsonb has an order of its own
    return fixed?.days?.map(({ day, counted, reason }) => ({ day, counted, reason })) ?? this.daysNow(period);
  }

  /** What each day of a leave would cost now, and why. */
  async daysNow(period: LeavePeriod): Promise<CountedDay[]> {
    return daysUnder(await this.companies.getSettings(), period);
  }

  /** The company's day. */
  async today(): Promise<string> {
    return todayIn((await this.companies.getSettings()).timezone);
  }

  /** Requests of a person that take some of the same time, without the one itself. Noon parts the halves, as in the exclusion constraint. */
  async overlapping({ userId, startDate, endDate, startPortion, endPortion }: LeavePeriod & { userId: string }, exceptId?: string) {
    const rows = await this.work.query<{ id: string }>(
      `SELECT l.id FROM leave_requests l
       WHERE l."companyId" = $1 AND l."userId" = $2 AND l.status = ANY ($7) AND l.id IS DISTINCT FROM $8 AND l."deletedAt" IS NULL
         AND ${spanSql('l."startDate"', 'l."endDate"', 'l."startPortion"', 'l."endPortion"')} && ${spanSql('$3::date', '$4::date', '$5::text', '$6::text')}
       ORDER BY l."startDate", l.id`,
      [userId, startDate, endDate, startPortion, endPortion, TAKING, exceptId ?? null],
    );
    return rows.map(({ id }) => id);
  }

  private note({ id, userId }: LeaveRow): void {
    this.accesses.record({ action: 'leave_read', targetType: 'LeaveRequest', targetId: id, userId });
  }
}

async function viewFor(caller: Principal, row: LeaveRow, company: SettingsView): Promise<LeaveRequestView> {
  const { leads: _, ...record } = row;
  return {
    ...record,
    workingDays: row.workingDays ?? (await sumUnder(company, row)),
    allowedActions: allowedActions(caller, row, todayIn(company.timezone)),
  };
}
