import { Injectable } from '@nestjs/common';
import type { ApproverPolicy } from '#companies';
import { Problem, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import type { TimesheetView } from '../timesheet.dto.js';
import { TIMESHEET_COLUMNS } from '../timesheet.repository.js';

export type Moved = TimesheetView & { round: number };

const IN_DRAFT = `status = 'DRAFT', "submittedAt" = NULL, "submittedByUserId" = NULL, "approvedAt" = NULL, "approverId" = NULL, "roundPolicy" = NULL`;

/**
 * Each move is one conditional UPDATE: of those who try it at the same moment exactly one changes a row, the others get 409; or 412 where
 * they named a version, as whatever changes the state moves that too.
 */
@Injectable()
export class TimesheetMoves {
  constructor(private readonly work: UnitOfWork) {}

  /** Begins a round under the policy. */
  submit(id: string, expected: ExpectedVersion, policy: ApproverPolicy): Promise<Moved> {
    return this.move(
      id,
      expected,
      `status = 'SUBMITTED', "submittedAt" = $3, "submittedByUserId" = $4, "approvedAt" = NULL, "approverId" = NULL, round = t.round + 1, "roundPolicy" = $6`,
      `t.status IN ('DRAFT', 'REJECTED')`,
      [policy],
    );
  }

  withdraw(id: string, expected: ExpectedVersion): Promise<Moved> {
    return this.move(id, expected, IN_DRAFT, `t.status = 'SUBMITTED'`);
  }

  /** The approval that settles it. */
  approve(id: string, expected: ExpectedVersion): Promise<Moved> {
    return this.move(id, expected, `status = 'APPROVED', "approvedAt" = $3, "approverId" = $4`, `t.status = 'SUBMITTED'`);
  }

  /** An approval after which others are still waited for: the record shows it, so its version moves. */
  note(id: string, expected: ExpectedVersion): Promise<Moved> {
    return this.move(id, expected, `status = 'SUBMITTED'`, `t.status = 'SUBMITTED'`);
  }

  reject(id: string, expected: ExpectedVersion): Promise<Moved> {
    return this.move(id, expected, `status = 'REJECTED'`, `t.status = 'SUBMITTED'`);
  }

  /** @param from the state that the caller saw and may reopen */
  reopen(id: string, expected: ExpectedVersion, from: 'APPROVED' | 'REJECTED'): Promise<Moved> {
    return this.move(id, expected, IN_DRAFT, 't.status = $6', [from]);
  }

  /**
   * `$3` is now, `$4` who acts, `$5` the version that was named: it was compared before, but what is asked of others may move it without
   * the person's lock.
   */
  private async move(id: string, expected: ExpectedVersion, set: string, condition: string, values: unknown[] = []): Promise<Moved> {
    const version = typeof expected === 'number' ? expected : null;
    const [moved] = await this.work.query<Moved>(
      `UPDATE timesheets AS t SET ${set}, version = t.version + 1, "updatedAt" = $3, "updatedByUserId" = $4
       WHERE t."companyId" = $1 AND t.id = $2 AND t.version = coalesce($5, t.version) AND ${condition} AND t."deletedAt" IS NULL
       RETURNING ${TIMESHEET_COLUMNS}, t.round`,
      [id, this.work.now, this.work.actorId, version, ...values],
    );
    if (!moved) throw new Problem(version === null ? 'invalid_transition' : 'version_mismatch');
    return moved;
  }
}
