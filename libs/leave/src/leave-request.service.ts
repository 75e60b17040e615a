import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, Problem, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import { PresentPeople } from '#identity';
import type { Principal } from '#rbac';
import { LeaveLocks } from './leave-locks.js';
import { requirePeriod } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';
import type { CreateLeaveRequest, LeavePreview, LeaveRequestView, UpdateLeaveRequest } from './leave-request.dto.js';
import { LeaveRequest } from './leave-request.entity.js';
import { mayChange, mayCreate, mayRead } from './leave-request.policy.js';
import { LeaveRequestRepository } from './leave-request.repository.js';
import type { LeaveRow } from './leave-request.repository.js';
import { sumOf } from './working-days.js';

/** All that a request says of its person; of the kind and the reason the log must not know. */
const PERSONAL = ['startDate', 'endDate', 'startPortion', 'endPortion', 'leaveType', 'reason'];

type NewLeave = LeavePeriod & Pick<LeaveRequest, 'userId' | 'leaveType' | 'reason'>;

/** Making, changing and deleting leave requests. What is decided stays as it is: for that there are moves. */
@Injectable()
export class LeaveRequestService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly requests: LeaveRequestRepository,
    private readonly audit: Audit,
    private readonly locks: LeaveLocks,
    private readonly present: PresentPeople,
  ) {}

  /** @throws 400 `unknown_reference`, 403 for another's without the permission, 409 `leave_overlap` */
  async create(caller: Principal, body: CreateLeaveRequest): Promise<LeaveRequestView> {
    const leave = wanted(caller, body);
    await this.locks.hold(leave.userId);
    await this.requirePerson(leave.userId); // who may have been anonymised while this waited
    await this.refuseOverlap(leave);
    const id = randomUUID();
    await this.work.insert(LeaveRequest, { id, ...leave });
    const { userId, ...fields } = leave;
    const after = changes({}, fields, PERSONAL)?.after;
    await this.audit.record({ action: 'leave_request_created', targetType: 'LeaveRequest', targetId: id, userId, after });
    return this.requests.view(caller, await this.requests.get(caller, id));
  }

  /** What would come of it; writes nothing. @throws 400, 403 as the real one */
  async preview(caller: Principal, body: CreateLeaveRequest): Promise<LeavePreview> {
    const leave = wanted(caller, body);
    await this.requirePerson(leave.userId);
    const days = await this.requests.daysNow(leave);
    return { workingDays: sumOf(days), days, conflictsWith: await this.requests.overlapping(leave) };
  }

  /** @throws 409 `leave_locked`, `leave_overlap`, `conflict` for a reason of somebody anonymised; a change that changes nothing leaves the version alone */
  async change(caller: Principal, id: string, patch: UpdateLeaveRequest, expected: ExpectedVersion): Promise<LeaveRequestView> {
    const before = await this.open(caller, id);
    const after = { ...before, ...patch };
    requirePeriod(after);
    refuseLocked(before, expected);
    const told = changes(before, { ...patch }, PERSONAL);
    if (!told) return this.requests.view(caller, await this.requests.read(caller, id));
    await this.present.refuseText(before.userId, patch.reason);
    await this.refuseOverlap(after, id);
    await this.work.update(LeaveRequest, { id }, { ...patch });
    await this.audit.record({ action: 'leave_request_updated', targetType: 'LeaveRequest', targetId: id, userId: before.userId, ...told });
    return this.requests.view(caller, await this.requests.read(caller, id));
  }

  /** @throws 409 `leave_locked` */
  async delete(caller: Principal, id: string, expected: ExpectedVersion): Promise<void> {
    const { userId, ...before } = await this.open(caller, id);
    refuseLocked(before, expected);
    await this.work.delete(LeaveRequest, { id });
    await this.audit.record({ action: 'leave_request_deleted', targetType: 'LeaveRequest', targetId: id, userId });
  }

  private async requirePerson(userId: string): Promise<void> {
    const here = await this.present.among([userId]);
    if (!here.has(userId)) throw Problem.field('/userId', 'names nothing here', 'unknown_reference');
  }

  private async open(caller: Principal, id: string): Promise<LeaveRow> {
    const found = await this.requests.open(caller, id);
    if (!mayChange(caller, found)) throw new Problem(mayRead(caller, found) ? 'forbidden' : 'not_found');
    return found;
  }

  private async refuseOverlap(leave: LeavePeriod & { userId: string }, exceptId?: string): Promise<void> {
    const conflictsWith = await this.requests.overlapping(leave, exceptId);
    if (conflictsWith.length > 0) throw new Problem('leave_overlap', { extra: { conflictsWith } });
  }
}

function wanted(caller: Principal, body: CreateLeaveRequest): NewLeave {
  const { userId = caller.userId, startDate, endDate, startPortion, endPortion, leaveType, reason = null } = body;
  const leave = { userId, startDate, endDate, startPortion, endPortion, leaveType, reason };
  if (!mayCreate(caller, leave)) throw new Problem('forbidden');
  return leave;
}

function refuseLocked(found: Pick<LeaveRow, 'status' | 'version'>, expected: ExpectedVersion): void {
  expectVersion(found, expected);
  if (found.status !== 'PENDING') throw new Problem('leave_locked');
}
