import { Injectable } from '@nestjs/common';
import type { ApproverPolicy } from '#companies';
import { Problem, UnitOfWork } from '#core';
import type { TimesheetView } from './timesheet.dto.js';
import { TIMESHEET_COLUMNS } from './timesheet.repository.js';

export type Moved = TimesheetView & { round: number };

const IN_DRAFT = `status = 'DRAFT', "submittedAt" = NULL, "submittedByUserId" = NULL, "approvedAt" = NULL, "approverId" = NULL, "roundPolicy" = NULL`;

/** Each move is one conditional UPDATE: of those who try it at the same moment exactly one changes a row, the others get 409. */
@Injectable()
export class TimesheetMoves {
  constructor(private readonly work: UnitOfWork) {}

  /** Begins a round under the policy. */
  submit(id: string, policy: ApproverPolicy): Promise<Moved> {
    return this.move(
      id,
      `status = 'SUBMITTED', "submittedAt" = $3, "submittedByUserId" = $4, "approvedAt" = NULL, "approverId" = NULL, round = t.round + 1, "roundPolicy" = $5`,
      `t.status IN ('DRAFT', 'REJECTED')`,
      [policy],
    );
  }

  withdraw(id: string): Promise<Moved> {
    return this.move(id, IN_DRAFT, `t.status = 'SUBMITTED'`);
  }

  /** The approval that settles it. */
  approve(id: string): Promise<Moved> {
    return this.move(id, `status = 'APPROVED', "approvedAt" = $3, "approverId" = $4`, `t.status = 'SUBMITTED'`);
  }

  /** An approval after which others are still waited for: the record shows it, so its version moves. */
  note(id: string): Promise<Moved> {
    return this.move(id, `status = 'SUBMITTED'`, `t.status = 'SUBMITTED'`);
  }

  reject(id: string): Promise<Moved> {
    return this.move(id, `status = 'REJECTED'`, `t.status = 'SUBMITTED'`);
  }

  /** @param from the state that the caller saw and may reopen */
  reopen(id: string, from: 'APPROVED' | 'REJECTED'): Promise<Moved> {
    return this.move(id, IN_DRAFT, 't.status = $5', [from]);
  }

  /** `$3` is now, `$4` who acts. */
  private async move(id: string, set: string, condition: string, values: unknown[] = []): Promise<Moved> {
    const [moved] = await this.work.query<Moved>(
      `UPDATE timesheets AS t SET ${set}, version = t.version + 1, "updatedAt" = $3, "updatedByUserId" = $4
       WHERE t."companyId" = $1 AND t.id = $2 AND ${condition} AND t."deletedAt" IS NULL
       RETURNING ${TIMESHEET_COLUMNS}, t.round`,
      [id, this.work.now, this.work.actorId, ...values],
    );
    if (!moved) throw new Problem('invalid_transition');
    return moved;
  }
}
