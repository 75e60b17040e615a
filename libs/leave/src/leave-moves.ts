import { Injectable } from '@nestjs/common';
import { Problem, UnitOfWork } from '#core';
import type { CountedDay, LeaveStatus } from './leave-request.entity.js';
import { sumOf } from './working-days.js';

export interface Decision {
  status: Exclude<LeaveStatus, 'PENDING'>;
  rejectionReason?: string | null;
  decisionReason?: string | null;
}

/** Each move is one conditional UPDATE: of those who try it at the same moment exactly one changes a row, the others get 409. */
@Injectable()
export class LeaveMoves {
  constructor(private readonly work: UnitOfWork) {}

  /** @param days what they cost, fixed by the first decision @param from the states that it leaves @throws 409 `invalid_transition` */
  async settle(id: string, decision: Decision, days: CountedDay[], from: readonly LeaveStatus[]): Promise<void> {
    const { status, rejectionReason = null, decisionReason = null } = decision;
    const moved = await this.work.execute(
      `UPDATE leave_requests AS l
       SET status = $5, "decidedAt" = $3, "decidedByUserId" = $4, "rejectionReason" = $6, "decisionReason" = $7,
           "workingDays" = coalesce(l."workingDays", $8), "countedDays" = coalesce(l."countedDays", $9),
           version = l.version + 1, "updatedAt" = $3, "updatedByUserId" = $4
       WHERE l."companyId" = $1 AND l.id = $2 AND l.status = ANY ($10) AND l."deletedAt" IS NULL`,
      [id, this.work.now, this.work.actorId, status, rejectionReason, decisionReason, sumOf(days), JSON.stringify(days), from],
    );
    if (moved === 0) throw new Problem('invalid_transition');
  }
}
