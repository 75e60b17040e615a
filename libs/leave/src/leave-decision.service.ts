import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, Problem } from '#core';
import type { ExpectedVersion } from '#core';
import type { Principal } from '#rbac';
import { LeaveMoves } from './leave-moves.js';
import type { Decision } from './leave-moves.js';
import type { LeaveRequestView } from './leave-request.dto.js';
import type { LeaveStatus } from './leave-request.entity.js';
import { isOwner, isTimeToCancel, mayDecide, mayEverCancel, mayRead, TAKING } from './leave-request.policy.js';
import { LeaveRequestRepository } from './leave-request.repository.js';
import type { LeaveRow } from './leave-request.repository.js';

/** Why is health data. */
const PERSONAL = ['rejectionReason', 'decisionReason'];

/**
 * The moves of a leave request. Each asks in this order: may the caller ever make it (403), did they see the present version (412), does
 * the state, and the day, allow it (409).
 */
@Injectable()
export class LeaveDecisionService {
  constructor(
    private readonly requests: LeaveRequestRepository,
    private readonly moves: LeaveMoves,
    private readonly audit: Audit,
  ) {}

  /** From here on its days cost what they cost now. @throws 403 `self_approval`, 409 `invalid_transition` */
  async approve(caller: Principal, id: string, reason: string | null, expected: ExpectedVersion): Promise<LeaveRequestView> {
    const found = await this.openToDecide(caller, id, expected);
    return this.settle(caller, found, { status: 'APPROVED', decisionReason: reason }, ['PENDING']);
  }

  /** @throws 403 `self_approval`, 409 `invalid_transition` */
  async reject(caller: Principal, id: string, rejectionReason: string, expected: ExpectedVersion): Promise<LeaveRequestView> {
    const found = await this.openToDecide(caller, id, expected);
    return this.settle(caller, found, { status: 'REJECTED', rejectionReason }, ['PENDING']);
  }

  /** By its owner until it starts, afterwards by who decides, who says why. @throws 400 without that, 409 `invalid_transition` */
  async cancel(caller: Principal, id: string, reason: string | null, expected: ExpectedVersion): Promise<LeaveRequestView> {
    const found = await this.open(caller, id, (seen) => mayEverCancel(caller, seen));
    if (!isOwner(caller, found) && !reason?.trim()) throw Problem.field('/reason', 'is required of all but its owner');
    expectVersion(found, expected);
    if (!isTimeToCancel(caller, found, await this.requests.today()))
      throw new Problem('invalid_transition', { detail: 'Its owner cancels it until it starts, afterwards who decides' });
    return this.settle(caller, found, { status: 'CANCELLED', decisionReason: reason }, TAKING);
  }

  private async openToDecide(caller: Principal, id: string, expected: ExpectedVersion): Promise<LeaveRow> {
    const found = await this.open(caller, id, (seen) => isOwner(caller, seen) || mayDecide(caller, seen));
    if (isOwner(caller, found)) throw new Problem('self_approval');
    expectVersion(found, expected);
    return found;
  }

  private async open(caller: Principal, id: string, may: (found: LeaveRow) => boolean): Promise<LeaveRow> {
    const found = await this.requests.open(caller, id);
    if (!may(found)) throw new Problem(mayRead(caller, found) ? 'forbidden' : 'not_found');
    return found;
  }

  private async settle(caller: Principal, before: LeaveRow, decision: Decision, from: readonly LeaveStatus[]): Promise<LeaveRequestView> {
    const { id, userId } = before;
    await this.moves.settle(id, decision, await this.requests.days(before), from);
    const action = `leave_request_${decision.status.toLowerCase() as Lowercase<Decision['status']>}` as const;
    await this.audit.record({ action, targetType: 'LeaveRequest', targetId: id, userId, ...changes(before, decision, PERSONAL) });
    return this.requests.view(caller, await this.requests.read(caller, id));
  }
}
