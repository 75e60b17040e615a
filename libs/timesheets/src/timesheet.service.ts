import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { expectVersion, Problem } from '#core';
import type { ExpectedVersion } from '#core';
import { PresentPeople } from '#identity';
import type { Principal } from '#rbac';
import { TimesheetEntryRepository } from './entries/timesheet-entry.repository.js';
import { TimesheetHistoryWriter } from './history/history.writer.js';
import { changeOfTimesheet, movedEntries } from './timesheet-events.js';
import { TimesheetLocks } from './timesheet-locks.js';
import { faultOfEnd } from './timesheet.dto.js';
import type { CreateTimesheet, TimesheetRecord, UpdateTimesheet } from './timesheet.dto.js';
import { isOpen, mayRead, mayWrite } from './timesheet.policy.js';
import { TimesheetRepository } from './timesheet.repository.js';
import type { Sheet } from './timesheet.repository.js';

@Injectable()
export class TimesheetService {
  constructor(
    private readonly timesheets: TimesheetRepository,
    private readonly entries: TimesheetEntryRepository,
    private readonly present: PresentPeople,
    private readonly history: TimesheetHistoryWriter,
    private readonly locks: TimesheetLocks,
  ) {}

  /** Takes in the loose entries of its period. @throws 409 `timesheet_period_overlap` */
  async create(caller: Principal, { periodStart, periodEnd, notes = null, ...wanted }: CreateTimesheet): Promise<TimesheetRecord> {
    const userId = wanted.userId ?? caller.userId;
    if (!mayWrite(caller, { userId }, 'create_timesheet')) throw new Problem('forbidden');
    await this.locks.hold([userId]);
    const here = await this.present.among([userId]);
    if (!here.has(userId)) throw Problem.field('/userId', 'names nothing here', 'unknown_reference');
    const id = randomUUID();
    await this.refuseOverlap({ id, userId, periodStart, periodEnd });

    const joining = await this.entries.loose(userId, periodStart, periodEnd);
    await this.timesheets.insert({ id, userId, periodStart, periodEnd, notes, totalMinutes: minutesOf(joining) });
    await this.entries.assign(joining, id);
    const made = await this.timesheets.get(caller, id);
    await this.history.record([changeOfTimesheet('created', null, made)!, ...movedEntries(joining, id)]);
    return this.timesheets.record(caller, made);
  }

  /** @throws 409 `timesheet_locked`, `timesheet_period_overlap`, `outside_period`; a change that changes nothing leaves the version alone */
  async change(caller: Principal, id: string, patch: UpdateTimesheet, expected: ExpectedVersion): Promise<TimesheetRecord> {
    const before = await this.open(caller, id, 'update_timesheet');
    const after = { ...before, ...patch };
    const fault = faultOfEnd(after.periodStart, after.periodEnd);
    if (fault) throw Problem.field('/periodEnd', fault);
    refuseLocked(before, expected);
    const event = changeOfTimesheet('updated', before, after);
    if (!event) return this.timesheets.record(caller, before);
    await this.present.refuseText(before.userId, patch.notes);
    await this.refuseOverlap(after);
    const inside = await this.entries.all(id);
    const outside = inside.filter(({ day }) => day < after.periodStart || day > after.periodEnd);
    if (outside.length > 0) throw new Problem('outside_period', { extra: { conflictsWith: outside.map((entry) => entry.id) } });

    const joining = await this.entries.loose(before.userId, after.periodStart, after.periodEnd);
    await this.entries.assign(joining, id);
    const { periodStart, periodEnd, notes } = after;
    await this.timesheets.update(id, { periodStart, periodEnd, notes, totalMinutes: minutesOf(inside) + minutesOf(joining) });
    await this.history.record([event, ...movedEntries(joining, id)]);
    return this.timesheets.record(caller, await this.timesheets.get(caller, id));
  }

  /** Leaves its entries, loose. @throws 409 `timesheet_locked` */
  async delete(caller: Principal, id: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.open(caller, id, 'delete_timesheet');
    refuseLocked(before, expected);
    const leaving = await this.entries.leaving(id);
    await this.entries.assign(leaving, null);
    await this.timesheets.delete(id);
    await this.history.record([...movedEntries(leaving, null), changeOfTimesheet('deleted', before, null)!]);
  }

  private async open(caller: Principal, id: string, permission: 'update_timesheet' | 'delete_timesheet'): Promise<Sheet> {
    const sheet = await this.timesheets.open(caller, id);
    if (!mayWrite(caller, sheet, permission)) throw new Problem(mayRead(caller, sheet) ? 'forbidden' : 'not_found');
    return sheet;
  }

  private async refuseOverlap({
    id,
    userId,
    periodStart,
    periodEnd,
  }: Pick<Sheet, 'id' | 'userId' | 'periodStart' | 'periodEnd'>): Promise<void> {
    const conflictsWith = await this.timesheets.overlapping(userId, periodStart, periodEnd, id);
    if (conflictsWith.length > 0) throw new Problem('timesheet_period_overlap', { extra: { conflictsWith } });
  }
}

function refuseLocked(sheet: Sheet, expected: ExpectedVersion): void {
  expectVersion(sheet, expected);
  if (!isOpen(sheet.status)) throw new Problem('timesheet_locked');
}

const minutesOf = (entries: { durationMin: number }[]): number => entries.reduce((sum, { durationMin }) => sum + durationMin, 0);
