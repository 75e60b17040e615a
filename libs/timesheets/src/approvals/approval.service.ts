import { Injectable } from '@nestjs/common';
import { expectVersion, Problem } from '#core';
import type { ExpectedVersion } from '#core';
import type { Principal } from '#rbac';
import { TimesheetEntryRepository } from '../entries/timesheet-entry.repository.js';
import { TimesheetHistoryWriter } from '../history/history.writer.js';
import type { HistoryEvent } from '../history/history.writer.js';
import { changeOfTimesheet, decisionOn } from '../timesheet-events.js';
import type { TimesheetRecord } from '../timesheet.dto.js';
import { hasDecided, isOpen, isOwner, mayDecide, mayRead, mayWrite } from '../timesheet.policy.js';
import { TimesheetRepository } from '../timesheet.repository.js';
import type { Sheet } from '../timesheet.repository.js';
import { digestOf } from './approval-digest.js';
import { ApprovalRepository } from './approval.repository.js';
import { TimesheetMoves } from './timesheet-moves.js';

/**
 * The moves of a timesheet. Each asks in this order: may the caller ever make it (403), did they see the present version (412), does the
 * state allow it (409).
 */
@Injectable()
export class ApprovalService {
  constructor(
    private readonly timesheets: TimesheetRepository,
    private readonly moves: TimesheetMoves,
    private readonly approvals: ApprovalRepository,
    private readonly entries: TimesheetEntryRepository,
    private readonly history: TimesheetHistoryWriter,
  ) {}

  /** Begins a round: everybody who may decide is asked. @throws 409 `timesheet_empty`, `no_approver` */
  async submit(caller: Principal, id: string, expected: ExpectedVersion): Promise<TimesheetRecord> {
    const sheet = await this.open(caller, id, (seen) => mayWrite(caller, seen, 'update_timesheet'));
    expectVersion(sheet, expected);
    if (!isOpen(sheet.status)) throw new Problem('invalid_transition');
    if (!sheet.hasEntries) throw new Problem('timesheet_empty');
    const { policy, approverIds } = await this.timesheets.approversHeld(sheet.userId);
    if (approverIds.length === 0) throw new Problem('no_approver');
    const moved = await this.moves.submit(id, expected, policy);
    const asked = await this.approvals.ask(approverIds, moved);
    await this.history.record([
      changeOfTimesheet('submitted', sheet, moved, { metadata: { round: moved.round, policy, approvals: asked } })!,
    ]);
    return this.record(caller, id);
  }

  async withdraw(caller: Principal, id: string, expected: ExpectedVersion): Promise<TimesheetRecord> {
    const sheet = await this.timesheets.openRound(caller, id);
    requireMay(isOwner(caller, sheet), caller, sheet);
    expectVersion(sheet, expected);
    const moved = await this.moves.withdraw(id, expected);
    await this.approvals.endRound(moved);
    await this.history.record([changeOfTimesheet('withdrawn', sheet, moved)!]);
    return this.record(caller, id);
  }

  /** One approval settles it, but under `explicit` the last of all. @throws 403 `self_approval` */
  async approve(caller: Principal, id: string, reason: string | null, expected: ExpectedVersion): Promise<TimesheetRecord> {
    const sheet = await this.openToDecide(caller, id, expected);
    const isSettled = sheet.policy !== 'explicit' || !sheet.othersOutstanding;
    const moved = isSettled ? await this.moves.approve(id, expected) : await this.moves.note(id, expected);
    const decided = await this.decide(sheet, 'APPROVED', reason, moved.updatedAt);
    if (isSettled) await this.approvals.endRound(sheet);
    await this.history.record([decided, ...(isSettled ? [changeOfTimesheet('approved', sheet, moved, { reason })!] : [])]);
    return this.record(caller, id);
  }

  /** The first rejection settles it, whatever the policy. @throws 403 `self_approval` */
  async reject(caller: Principal, id: string, reason: string, expected: ExpectedVersion): Promise<TimesheetRecord> {
    const sheet = await this.openToDecide(caller, id, expected);
    const moved = await this.moves.reject(id, expected);
    const decided = await this.decide(sheet, 'REJECTED', reason, moved.updatedAt);
    await this.approvals.endRound(sheet);
    await this.history.record([decided, changeOfTimesheet('rejected', sheet, moved, { reason })!]);
    return this.record(caller, id);
  }

  /** A rejected one by its owner, an approved one by who may decide it. @throws 403 `self_approval` for one's own approved one */
  async reopen(caller: Principal, id: string, reason: string, expected: ExpectedVersion): Promise<TimesheetRecord> {
    const sheet = await this.open(caller, id, (seen) => isOwner(caller, seen) || mayDecide(caller, seen));
    const { status } = sheet;
    if (isOwner(caller, sheet) && status === 'APPROVED') throw new Problem('self_approval');
    if (!isOwner(caller, sheet) && status === 'REJECTED') throw new Problem('forbidden');
    expectVersion(sheet, expected);
    if (status !== 'APPROVED' && status !== 'REJECTED') throw new Problem('invalid_transition');
    const moved = await this.moves.reopen(id, expected, status);
    await this.history.record([changeOfTimesheet('reopened', sheet, moved, { reason })!]);
    return this.record(caller, id);
  }

  private async openToDecide(caller: Principal, id: string, expected: ExpectedVersion): Promise<Sheet> {
    const sheet = await this.timesheets.openRound(caller, id);
    if (isOwner(caller, sheet)) throw new Problem('self_approval');
    requireMay(mayDecide(caller, sheet), caller, sheet);
    expectVersion(sheet, expected);
    if (sheet.status !== 'SUBMITTED' || hasDecided(sheet)) throw new Problem('invalid_transition');
    return sheet;
  }

  private async open(caller: Principal, id: string, may: (sheet: Sheet) => boolean): Promise<Sheet> {
    const sheet = await this.timesheets.open(caller, id);
    requireMay(may(sheet), caller, sheet);
    return sheet;
  }

  private async decide(sheet: Sheet, status: 'APPROVED' | 'REJECTED', reason: string | null, decidedAt: string): Promise<HistoryEvent> {
    const made = { status, reason, decidedAt, digest: digestOf(await this.entries.all(sheet.id)) };
    const before = sheet.decision && (await this.approvals.own(sheet));
    return decisionOn(sheet, await this.approvals.decide(sheet, made), before, made);
  }

  private async record(caller: Principal, id: string): Promise<TimesheetRecord> {
    return this.timesheets.record(caller, await this.timesheets.get(caller, id));
  }
}

/** @throws 404 for one that the caller may not read, else 403 */
function requireMay(isAllowed: boolean, caller: Principal, sheet: Sheet): void {
  if (!isAllowed) throw new Problem(mayRead(caller, sheet) ? 'forbidden' : 'not_found');
}
