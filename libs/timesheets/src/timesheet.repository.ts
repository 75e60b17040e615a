import { Injectable } from '@nestjs/common';
import { actingLead, LED_PEOPLE, TEAM_PEOPLE } from '#companies';
import { Accesses, among, Cursors, one, Problem, Query, UnitOfWork } from '#core';
import type { JsonPage } from '#core';
import { mayReadLeave } from '#leave';
import type { Principal } from '#rbac';
import type { ApprovalView } from './approvals/approval.dto.js';
import { TimesheetApprovers } from './approvals/timesheet-approvers.js';
import type { Deciders } from './approvals/timesheet-approvers.js';
import { mayReadHistory } from './history/history.policy.js';
import { TimesheetLocks } from './timesheet-locks.js';
import type { LeaveDay, TimesheetQuery, TimesheetRecord, TimesheetView } from './timesheet.dto.js';
import { Timesheet } from './timesheet.entity.js';
import type { ApprovalStatus } from './timesheet.entity.js';
import { allowedActions, isOpen, mayRead, OUTSTANDING_APPROVERS, POLICY, readable, ROUND } from './timesheet.policy.js';
import type { Standing } from './timesheet.policy.js';

const LIST = 'timesheets';

export const TIMESHEET_COLUMNS = `t.id, t."userId", t."periodStart", t."periodEnd", t.status, t."submittedAt", t."submittedByUserId", t."approvedAt",
  t."approverId", t."totalMinutes", t.notes, t."createdAt", t."updatedAt", t.version`;

export const APPROVAL_COLUMNS = `a.id, a."timesheetId", a."approverId", a.status, a.reason, a."decidedAt", a.digest, a."createdAt", a."updatedAt", a.version`;

const LIVING = `SELECT ${TIMESHEET_COLUMNS} FROM timesheets t WHERE t."companyId" = $1 AND t."deletedAt" IS NULL`;

/** `$2` is the timesheet, `$3` the caller, `$4` as whom the caller reaches others. */
const STANDING = `
  SELECT ${TIMESHEET_COLUMNS}, t.round, ${POLICY} AS policy,
    t."userId" IN (${LED_PEOPLE.replaceAll('?', '$4')}) AS leads,
    EXISTS (
      SELECT 1 FROM user_approvers l WHERE l."companyId" = $1 AND l."userId" = t."userId" AND l."approverId" = $4 AND l."deletedAt" IS NULL
    ) AS listed,
    mine.status AS decision, coalesce(mine.status = 'APPROVED', false) AS "hasApproved",
    EXISTS (${OUTSTANDING_APPROVERS} AND a."approverId" <> $3) AS "othersOutstanding",
    EXISTS (SELECT 1 FROM timesheet_entries e WHERE e."companyId" = $1 AND e."timesheetId" = t.id AND e."deletedAt" IS NULL) AS "hasEntries"
  FROM timesheets t LEFT JOIN LATERAL ${ROUND} mine ON mine."approverId" = $3
  WHERE t."companyId" = $1 AND t.id = $2 AND t."deletedAt" IS NULL`;

/** A timesheet and how the caller stands to it. */
export type Sheet = TimesheetView &
  Standing & { round: number; /** The caller's own in this round, null where there is none. */ decision: ApprovalStatus | null };

@Injectable()
export class TimesheetRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly approvers: TimesheetApprovers,
    private readonly locks: TimesheetLocks,
    private readonly accesses: Accesses,
  ) {}

  async list(caller: Principal, query: TimesheetQuery): Promise<JsonPage<TimesheetView>> {
    const { text, values } = readable(new Query(LIVING), caller)
      .and('t."userId" = ?', query.userId)
      .and(among('t."userId"', TEAM_PEOPLE), query.teamId)
      .and('t.status = ?', query.status)
      .and('t."periodEnd" >= ?', query.from)
      .and('t."periodStart" <= ?', query.to)
      .after(['t."periodStart"', 't.id'], '<', this.cursors.after(LIST, query))
      .page('t."periodStart" DESC, t.id DESC', query.limit);
    const rows = await this.work.lastAsJson<TimesheetView>(text, values);
    return this.cursors.json(LIST, query, rows, ({ periodStart, id }) => [periodStart, id]);
  }

  /** For change: under the lock of its person, and after its last change. Whether the caller may read it, is theirs to ask. @throws 404 */
  async open(caller: Principal, id: string): Promise<Sheet> {
    await this.holdPerson(id);
    return this.locked(caller, id);
  }

  /**
   * For what ends a round, or may: under the lock of its row too, as rounds are asked anew without the person's. People before rows, as
   * leaving locks. Read last: what is read beside the wait for a lock may be out of date.
   * @throws 404, 401 for a caller who has just left
   */
  async openRound(caller: Principal, id: string): Promise<Sheet> {
    await this.holdPerson(id);
    if (!(await this.approvers.stays(caller.userId))) throw new Problem('not_signed_in');
    await this.work.query('SELECT 1 FROM timesheets t WHERE t."companyId" = $1 AND t.id = $2 FOR UPDATE', [id]);
    return this.locked(caller, id);
  }

  private async locked(caller: Principal, id: string): Promise<Sheet> {
    const sheet = await this.get(caller, id);
    this.work.follow([sheet]);
    return sheet;
  }

  private async holdPerson(id: string): Promise<void> {
    const { userId } = one(
      await this.work.query<{ userId: string }>(
        'SELECT t."userId" FROM timesheets t WHERE t."companyId" = $1 AND t.id = $2 AND t."deletedAt" IS NULL',
        [id],
      ),
    );
    await this.locks.hold([userId]);
  }

  /** Whether the caller may read it, is theirs to ask. @throws 404 */
  async get(caller: Principal, id: string): Promise<Sheet> {
    return one(await this.work.query<Sheet>(STANDING, [id, caller.userId, actingLead(caller)]));
  }

  /** @throws 404 also for one that the caller may not read */
  async read(caller: Principal, id: string): Promise<Sheet> {
    const sheet = await this.get(caller, id);
    if (!mayRead(caller, sheet)) throw new Problem('not_found');
    return sheet;
  }

  /** Whose history is to be read. @throws 404 for one of which the caller may read nothing, 403 where they may read it, but not its history */
  async withHistory(caller: Principal, id: string): Promise<Sheet> {
    const sheet = await this.get(caller, id);
    if (!mayReadHistory(caller, sheet)) throw new Problem(mayRead(caller, sheet) ? 'forbidden' : 'not_found');
    return sheet;
  }

  /** The whole record, as the caller sees it. That another's kind of leave was told is noted. @param asOf leave decided until then */
  async record(caller: Principal, sheet: Sheet, asOf = 'infinity'): Promise<TimesheetRecord> {
    const withKind = mayReadLeave(caller, sheet);
    const [approvals, leaveDays, hasApprover] = await Promise.all([
      this.approvals(sheet.id),
      this.leaveDays(sheet, withKind, asOf),
      isOpen(sheet.status) && this.approvers.exist(sheet.userId),
    ]);
    if (withKind && leaveDays.length > 0)
      this.accesses.record({ action: 'leave_read', targetType: 'Timesheet', targetId: sheet.id, userId: sheet.userId });
    return {
      ...viewOf(sheet),
      approvals,
      leaveDays,
      allowedActions: allowedActions(caller, sheet, hasApprover),
    };
  }

  /** Timesheets of a person that share a day with the period, without the one itself. */
  async overlapping(userId: string, start: string, end: string, exceptId: string): Promise<string[]> {
    const rows = await this.work.query<{ id: string }>(
      `SELECT t.id FROM timesheets t
       WHERE t."companyId" = $1 AND t."userId" = $2 AND daterange(t."periodStart", t."periodEnd", '[]') && daterange($3, $4, '[]') AND t.id <> $5
         AND t."deletedAt" IS NULL
       ORDER BY t."periodStart"`,
      [userId, start, end, exceptId],
    );
    return rows.map(({ id }) => id);
  }

  private approvals(timesheetId: string): Promise<ApprovalView[]> {
    return this.work.query<ApprovalView>(
      `SELECT ${APPROVAL_COLUMNS} FROM timesheet_approvals a
       WHERE a."companyId" = $1 AND a."timesheetId" = $2 AND a."deletedAt" IS NULL ORDER BY a.round, a."decidedAt", a.id`,
      [timesheetId],
    );
  }

  /**
   * Leave that was approved at the instant. `decidedAt` tells the last move alone: of what was cancelled since, the audit log knows when it
   * had been approved, as long as it is kept.
   * @param withKind the kind of leave is health data: for who may read the request
   */
  private leaveDays({ userId, periodStart, periodEnd }: TimesheetView, withKind: boolean, asOf: string): Promise<LeaveDay[]> {
    return this.work.query<LeaveDay>(
      `SELECT d.day::date AS day,
         CASE WHEN d.day = l."startDate" THEN l."startPortion" WHEN d.day = l."endDate" THEN l."endPortion" ELSE 'full' END AS portion
         ${withKind ? ', l."leaveType"' : ''}
       FROM leave_requests l
       CROSS JOIN LATERAL generate_series(greatest(l."startDate", $3)::timestamp, least(l."endDate", $4)::timestamp, interval '1 day') AS d(day)
       WHERE l."companyId" = $1 AND l."userId" = $2 AND l."startDate" <= $4 AND l."endDate" >= $3 AND l."deletedAt" IS NULL
         AND (l.status = 'APPROVED' AND coalesce(l."decidedAt", l."createdAt") <= $5 OR l.status = 'CANCELLED' AND l."decidedAt" > $5 AND EXISTS (
           SELECT 1 FROM audit_logs g
           WHERE g."companyId" = $1 AND g."targetType" = 'LeaveRequest' AND g."targetId" = l.id AND g.action = 'leave_request_approved'
             AND g."occurredAt" <= $5))
       ORDER BY d.day, l."startPortion" DESC, l.id`,
      [userId, periodStart, periodEnd, asOf],
    );
  }

  /** Who has to decide a timesheet of that person that is submitted now, see {@link TimesheetApprovers.held}. */
  approversHeld(ownerId: string): Promise<Deciders> {
    return this.approvers.held(ownerId);
  }

  async insert(fields: Pick<Timesheet, 'id' | 'userId' | 'periodStart' | 'periodEnd' | 'notes' | 'totalMinutes'>): Promise<void> {
    await this.work.insert(Timesheet, fields);
  }

  async update(id: string, fields: Pick<Timesheet, 'periodStart' | 'periodEnd' | 'notes' | 'totalMinutes'>): Promise<void> {
    await this.work.update(Timesheet, { id }, fields);
  }

  async delete(id: string): Promise<void> {
    await this.work.delete(Timesheet, { id }, { totalMinutes: 0 });
  }
}

function viewOf({
  id,
  userId,
  periodStart,
  periodEnd,
  status,
  submittedAt,
  submittedByUserId,
  approvedAt,
  approverId,
  totalMinutes,
  notes,
  createdAt,
  updatedAt,
  version,
}: TimesheetView): TimesheetView {
  return {
    id,
    userId,
    periodStart,
    periodEnd,
    status,
    submittedAt,
    submittedByUserId,
    approvedAt,
    approverId,
    totalMinutes,
    notes,
    createdAt,
    updatedAt,
    version,
  };
}
