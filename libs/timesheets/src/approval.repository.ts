import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LED_PEOPLE } from '#companies';
import { Cursors, Query, UnitOfWork } from '#core';
import type { Page } from '#core';
import type { Principal } from '#rbac';
import type { ApprovalQuery, ApprovalView } from './approval.dto.js';
import { TimesheetApproval } from './timesheet.entity.js';
import { DECIDERS, HOLDERS } from './timesheet-approvers.js';
import { APPROVED_PEOPLE, decidable, OUTSTANDING_APPROVERS, POLICY, readable } from './timesheet.policy.js';
import { APPROVAL_COLUMNS } from './timesheet.repository.js';

const LIST = 'timesheet-approvals';

/** Of living timesheets. */
const ROWS = `
  SELECT ${APPROVAL_COLUMNS}, t."periodStart" FROM timesheet_approvals a
  JOIN timesheets t ON t."companyId" = $1 AND t.id = a."timesheetId" AND t."deletedAt" IS NULL
  WHERE a."companyId" = $1 AND a."deletedAt" IS NULL`;

/** Of `?`. */
const WAITS = `a."approverId" = ? AND t.status = 'SUBMITTED'
  AND (a.status = 'PENDING' OR a.status = 'APPROVED' AND a.round = t.round AND NOT EXISTS (${OUTSTANDING_APPROVERS}))`;

export interface Round {
  /** Of the timesheet. */
  id: string;
  round: number;
}

interface Change {
  id: string;
  timesheetId: string;
  approverId: string;
}

/** An approval that is waited for, or no more. */
export interface Asked extends Change {
  /** Whose timesheet. */
  userId: string;
}

/** SQL: an approval of the user `$2` in the present round of `timesheets t`. */
const THEIRS = `
  SELECT 1 FROM timesheet_approvals a
  WHERE a."companyId" = $1 AND a."timesheetId" = t.id AND a.round = t.round AND a."approverId" = $2 AND a."deletedAt" IS NULL`;

/** SQL: the `timesheets t` for which it counts that the user `$2` leaves, comes, or has other approvers listed. */
const CONCERNED = {
  left: `EXISTS (${THEIRS})`,
  // Of a restored owner the leads decide again. A holder decides for the whole company: they are asked about all of it only where nobody is.
  came: `NOT EXISTS (${THEIRS})
    AND (t."userId" = $2 OR t."userId" IN (${APPROVED_PEOPLE.replace('?', '$2')}) OR t."userId" IN (${LED_PEOPLE.replace('?', '$2')})
      OR ($2 IN (${HOLDERS}) AND NOT EXISTS (
        SELECT 1 FROM timesheet_approvals a WHERE a."companyId" = $1 AND a."timesheetId" = t.id AND a.round = t.round AND a.status = 'PENDING')))`,
  listed: `t."userId" = $2 AND t."roundPolicy" = 'explicit'`,
};
export type Cause = keyof typeof CONCERNED;

/** SQL: who decides the timesheets `$2`, without one who is leaving, `$3`. */
const DECIDING = `
  WITH sheets AS (
    SELECT t.id, t."userId", t.round, ${POLICY} AS policy FROM timesheets t WHERE t."companyId" = $1 AND t.id = ANY ($2)
  ), owners AS (SELECT DISTINCT s."userId" AS id, $3::uuid AS leaving FROM sheets s), deciders AS (${DECIDERS})`;

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
    const approvals = new Query(ROWS).and('a.status = ?', query.status).and('a."approverId" = ?', query.approverId);
    if (query.status || query.approverId) readable(approvals, caller);
    else decidable(approvals.and(WAITS, caller.userId), caller);
    const { text, values } = approvals
      .after(['t."periodStart"', 't.id', 'a.id'], '<', this.cursors.after(LIST, query))
      .page('t."periodStart" DESC, t.id DESC, a.id DESC', query.limit);
    const rows = await this.work.last<ApprovalView & { periodStart: string }>(text, values);
    const page = this.cursors.page(LIST, query, rows, ({ periodStart, timesheetId, id }) => [periodStart, timesheetId, id]);
    return { ...page, items: page.items.map(({ periodStart: _, ...approval }) => approval) };
  }

  /** Asks each of them. @returns their approvals */
  async ask(approverIds: string[], { id: timesheetId, round }: Round): Promise<{ id: string; approverId: string }[]> {
    const rows = approverIds.map((approverId) => ({
      ...this.work.created(),
      id: randomUUID(),
      timesheetId,
      approverId,
      round,
      status: 'PENDING' as const,
    }));
    await (await this.work.manager()).insert(TimesheetApproval, rows);
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

  /**
   * In open rounds who decides may have changed: who decides now and has no approval in the round is asked, who is asked and does not decide
   * is so no more. Their timesheets move with it, locked first and in order, as a decision locks too. First those who come are asked: the
   * insert waits for one who is leaving at this moment, and what follows sees them gone.
   */
  async askAnew(because: Cause, userId: string): Promise<Record<'asked' | 'gone', Asked[]>> {
    const open = await this.work.query<{ id: string; userId: string }>(
      `SELECT t.id, t."userId" FROM timesheets t
       WHERE t."companyId" = $1 AND t.status = 'SUBMITTED' AND t."deletedAt" IS NULL AND (${CONCERNED[because]}) ORDER BY t.id FOR UPDATE OF t`,
      [userId],
    );
    if (open.length === 0) return { asked: [], gone: [] };
    const { updatedAt, updatedByUserId } = this.work.changed();
    const about = [open.map(({ id }) => id), because === 'left' ? userId : null];
    const asked = await this.work.query<Change>(
      `${DECIDING}
       INSERT INTO timesheet_approvals ("companyId", "timesheetId", "approverId", round, "createdAt", "updatedAt", "createdByUserId", "updatedByUserId")
       SELECT $1::uuid, s.id, d."approverId", s.round, $4::timestamptz, $4::timestamptz, $5::uuid, $5::uuid
       FROM deciders d JOIN sheets s ON s.id = d."timesheetId"
       ON CONFLICT ("companyId", "timesheetId", "approverId", round) WHERE "deletedAt" IS NULL DO NOTHING
       RETURNING id, "timesheetId", "approverId"`,
      [...about, updatedAt, updatedByUserId],
    );
    const gone = await this.work.query<Change>(
      `${DECIDING}
       DELETE FROM timesheet_approvals a
       WHERE a."companyId" = $1 AND a."timesheetId" = ANY ($2) AND a.status = 'PENDING'
         AND NOT EXISTS (SELECT 1 FROM deciders d WHERE d."timesheetId" = a."timesheetId" AND d."approverId" = a."approverId")
       RETURNING a.id, a."timesheetId", a."approverId"`,
      about,
    );
    await this.work.execute(
      `UPDATE timesheets AS t SET version = t.version + 1, "updatedAt" = $3, "updatedByUserId" = $4 WHERE t."companyId" = $1 AND t.id = ANY ($2)`,
      [[...new Set([...asked, ...gone].map(({ timesheetId }) => timesheetId))], updatedAt, updatedByUserId],
    );
    const owners = new Map(open.map(({ id, userId: ownerId }) => [id, ownerId]));
    const told = (changes: Change[]): Asked[] => changes.map((change) => ({ ...change, userId: owners.get(change.timesheetId)! }));
    return { asked: told(asked), gone: told(gone) };
  }

  /** Nobody is asked any more; what was decided stays. */
  async endRound({ id: timesheetId, round }: Round): Promise<void> {
    await this.work.execute(
      `DELETE FROM timesheet_approvals a WHERE a."companyId" = $1 AND a."timesheetId" = $2 AND a.round = $3 AND a.status = 'PENDING'`,
      [timesheetId, round],
    );
  }
}
