import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Cursors, Query, UnitOfWork } from '#core';
import type { Page } from '#core';
import type { Principal } from '#rbac';
import { TimesheetApproval } from '../timesheet.entity.js';
import { decidable, OUTSTANDING_APPROVERS, readable } from '../timesheet.policy.js';
import { APPROVAL_COLUMNS } from '../timesheet.repository.js';
import type { ApprovalQuery, ApprovalView } from './approval.dto.js';

const LIST = 'timesheet-approvals';

const COLUMNS = `SELECT ${APPROVAL_COLUMNS}, t."periodStart"`;

/**
 * From the newest timesheet on, each asked for its approvals. Neither may be joined: for what a company has on average, a plan compared all
 * timesheets with all approvals (30 s).
 */
const BY_TIMESHEET = `${COLUMNS}
  FROM timesheets t
  CROSS JOIN LATERAL (
    SELECT a.* FROM timesheet_approvals a WHERE a."companyId" = $1 AND a."timesheetId" = t.id AND a."deletedAt" IS NULL OFFSET 0
  ) a
  WHERE t."companyId" = $1 AND t."deletedAt" IS NULL`;

/** From few approvals on, each with its timesheet. */
const BY_APPROVAL = `${COLUMNS}
  FROM timesheet_approvals a
  CROSS JOIN LATERAL (
    SELECT t.* FROM timesheets t WHERE t."companyId" = $1 AND t.id = a."timesheetId" AND t."deletedAt" IS NULL OFFSET 0
  ) t
  WHERE a."companyId" = $1 AND a."deletedAt" IS NULL`;

/** Without it, all timesheets would be looked through for approvals that only these have. */
const SUBMITTED = `t.status = 'SUBMITTED'`;

/** Of `?`, in a submitted timesheet. */
const WAITS = `a."approverId" = ? AND (a.status = 'PENDING' OR a.status = 'APPROVED' AND a.round = t.round AND NOT EXISTS (${OUTSTANDING_APPROVERS}))`;

export interface Round {
  /** Of the timesheet. */
  id: string;
  round: number;
}

export interface MadeDecision {
  status: 'APPROVED' | 'REJECTED';
  reason: string | null;
  digest: string;
  /** The instant of the move that it makes. */
  decidedAt: string;
}

export type Decision = Pick<ApprovalView, 'status' | 'reason' | 'decidedAt' | 'digest'>;

@Injectable()
export class ApprovalRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  /** The newest period first. With no filter: what waits for the caller, to say it again too where nobody else is left to. */
  async list(caller: Principal, query: ApprovalQuery): Promise<Page<ApprovalView>> {
    const approvals = new Query(query.approverId || query.status === 'REJECTED' ? BY_APPROVAL : BY_TIMESHEET)
      .and('a.status = ?', query.status)
      .and('a."approverId" = ?', query.approverId);
    const isFiltered = query.status !== undefined || query.approverId !== undefined;
    if (!isFiltered || query.status === 'PENDING') approvals.and(SUBMITTED);
    if (isFiltered) readable(approvals, caller);
    else decidable(approvals.and(WAITS, caller.userId), caller);
    const key = this.cursors.after(LIST, query);
    if (key) approvals.and('(t."periodStart", t.id) <= (?, ?)', key[0], key[1]); // where an index can begin: the whole key is of two tables
    const { text, values } = approvals
      .after(['t."periodStart"', 't.id', 'a.id'], '<', key)
      .page('t."periodStart" DESC, t.id DESC, a.id DESC', query.limit);
    const rows = await this.work.last<ApprovalView & { periodStart: string }>(text, values);
    const page = this.cursors.page(LIST, query, rows, ({ periodStart, timesheetId, id }) => [periodStart, timesheetId, id]);
    return { ...page, items: page.items.map(({ periodStart: _, ...approval }) => approval) };
  }

  /** Asks each of them. @returns their approvals */
  async ask(approverIds: string[], { id: timesheetId, round }: Round): Promise<{ id: string; approverId: string }[]> {
    const rows = approverIds.map((approverId) => ({
      id: randomUUID(),
      timesheetId,
      approverId,
      round,
      status: 'PENDING' as const,
    }));
    await this.work.insert(TimesheetApproval, rows);
    return rows.map(({ id, approverId }) => ({ id, approverId }));
  }

  /** The caller's own in this round, as it stands before they decide. */
  async own({ id: timesheetId, round }: Round): Promise<Decision> {
    const [found] = await this.work.query<Decision>(
      `SELECT a.status, a.reason, a."decidedAt", a.digest FROM timesheet_approvals a
       WHERE a."companyId" = $1 AND a."timesheetId" = $2 AND a.round = $3 AND a."approverId" = $4 AND a."deletedAt" IS NULL`,
      [timesheetId, round, this.work.actorId],
    );
    return found!;
  }

  /** The caller's decision in this round, whether they had been asked or may decide since. @returns the id of the approval */
  async decide({ id: timesheetId, round }: Round, { status, reason, digest, decidedAt }: MadeDecision): Promise<string> {
    const [made] = await this.work.query<{ id: string }>(
      `INSERT INTO timesheet_approvals AS a ("companyId", "timesheetId", "approverId", round, status, reason, digest, "decidedAt", "createdAt", "updatedAt",
         "createdByUserId", "updatedByUserId")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $3, $3)
       ON CONFLICT ("companyId", "timesheetId", "approverId", round) WHERE "deletedAt" IS NULL
       DO UPDATE SET status = EXCLUDED.status, reason = EXCLUDED.reason, digest = EXCLUDED.digest, "decidedAt" = EXCLUDED."decidedAt",
         version = a.version + 1, "updatedAt" = EXCLUDED."updatedAt", "updatedByUserId" = EXCLUDED."updatedByUserId"
       RETURNING a.id`,
      [timesheetId, this.work.actorId, round, status, reason, digest, decidedAt],
    );
    return made!.id;
  }

  /** Nobody is asked any more; what was decided stays. */
  async endRound({ id: timesheetId, round }: Round): Promise<void> {
    await this.work.execute(
      `DELETE FROM timesheet_approvals a WHERE a."companyId" = $1 AND a."timesheetId" = $2 AND a.round = $3 AND a.status = 'PENDING'`,
      [timesheetId, round],
    );
  }
}
