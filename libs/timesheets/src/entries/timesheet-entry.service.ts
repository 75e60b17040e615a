import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { codeOfFaults, expectVersion, formFaults, Problem, PROBLEMS } from '#core';
import type { ExpectedVersion, FieldFault } from '#core';
import type { Principal } from '#rbac';
import { TimesheetHistoryWriter } from '../history/history.writer.js';
import { changeOfEntry } from '../timesheet-events.js';
import { TimesheetLocks } from '../timesheet-locks.js';
import { mayWrite } from '../timesheet.policy.js';
import { EntryPlacement, placeEntries } from './entry-placement.js';
import type { Draft, EntryFault } from './entry-placement.js';
import { EntryReferences } from './entry-references.js';
import { faultsInZone, timesOf } from './entry-times.js';
import type { EntryTimes, GivenTimes } from './entry-times.js';
import type { CreateTimesheetEntries, CreateTimesheetEntry, TimesheetEntryView, UpdateTimesheetEntry } from './timesheet-entry.dto.js';
import { TimesheetEntryRepository } from './timesheet-entry.repository.js';

@Injectable()
export class TimesheetEntryService {
  constructor(
    private readonly entries: TimesheetEntryRepository,
    private readonly references: EntryReferences,
    private readonly placement: EntryPlacement,
    private readonly history: TimesheetHistoryWriter,
    private readonly locks: TimesheetLocks,
  ) {}

  /** @throws 409 `entry_overlap`, `day_full`, `timesheet_locked`, `outside_period`, `action_code_inactive` */
  async create(caller: Principal, wanted: CreateTimesheetEntry): Promise<TimesheetEntryView> {
    const [made] = await this.add(caller, [wanted], invalid(0, formFaults(wanted)), refuseOne);
    return made!;
  }

  /** All or none; the faults of all of them at once, first what is not valid, then what the present state forbids. */
  createAll(caller: Principal, body: CreateTimesheetEntries): Promise<TimesheetEntryView[]> {
    const form = formFaults(body).map(placed);
    if (form.some(({ pointer }) => pointer === '/entries')) refuseSome(form);
    return this.add(caller, body.entries, form, refuseSome);
  }

  /** A change that changes nothing leaves the versions alone. */
  async change(caller: Principal, id: string, given: UpdateTimesheetEntry, expected: ExpectedVersion): Promise<TimesheetEntryView> {
    const form = invalid(0, formFaults(given));
    const before = await this.open(caller, id, 'update_timesheet').catch((refusal: unknown) => {
      if (refusal instanceof Problem) refuseOne([...form, ...invalid(0, given.timezone ? faultsInZone(given, given.timezone) : [])]);
      throw refusal;
    });
    const changed = (field: 'actionCodeId' | 'taskId') => (given[field] === before[field] ? undefined : (given[field] ?? undefined));
    const found = await this.references.check([
      { userId: before.userId, actionCodeId: changed('actionCodeId'), taskId: changed('taskId'), timesheetId: given.timesheetId },
    ]);
    const { times, faults } = placesOf(form, ...TIMES).has(0) ? { faults: [] } : timesAt(0, given, before, before.timezone);
    refuseInvalid([...form, ...faults, ...found], refuseOne);
    expectVersion(before, expected);

    const { actionCodeId, taskId, workMode, country, note } = { ...before, ...given };
    const draft: Draft = {
      id,
      userId: before.userId,
      actionCodeId,
      taskId,
      workMode,
      country,
      note,
      ...times!,
      timesheetId: null,
      named: given.timesheetId,
    };
    refuseOne([...placeEntries(await this.placement.around([draft, before]), [draft], before), ...found]);
    const event = changeOfEntry('updated', before, draft);
    if (!event) return before;
    await this.references.refuseText(before.userId, given.note);
    const { named: _, id: _id, userId: _userId, ...fields } = draft;
    await this.entries.update(id, fields);
    await this.entries.rollUp([before.timesheetId, draft.timesheetId]);
    await this.history.record([event]);
    return this.entries.get(id);
  }

  /** @throws 412 and 409 `timesheet_locked` */
  async delete(caller: Principal, id: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.open(caller, id, 'delete_timesheet');
    expectVersion(before, expected);
    refuseOne(await this.placement.remove(before));
    await this.entries.delete(id);
    await this.entries.rollUp([before.timesheetId]);
    await this.history.record([changeOfEntry('deleted', before, null)!]);
  }

  /** @param form what is wrong with the form of what is wanted; the rest of it is looked at all the same */
  private async add(caller: Principal, wanted: CreateTimesheetEntry[], form: EntryFault[], refuse: Refuse): Promise<TimesheetEntryView[]> {
    const asked = wanted.map((entry) => ({ ...entry, userId: entry.userId ?? caller.userId }));
    const untimed = placesOf(form, ...TIMES);
    const zoneless = placesOf(form, '', 'timezone');
    const timesIn = (zone: string) =>
      asked.map((entry, place) => {
        if (!untimed.has(place)) return timesAt(place, entry, undefined, zone);
        return { faults: zoneless.has(place) ? [] : invalid(place, faultsInZone(entry, entry.timezone ?? zone)) };
      });
    if (!asked.every((entry) => mayWrite(caller, entry, 'create_timesheet'))) {
      const timed = timesIn(await this.entries.companyTimezone());
      refuse([...form, ...timed.flatMap(({ faults }) => faults)]);
      throw new Problem('forbidden');
    }
    const [, around, timezone, strangers, found] = await Promise.all([
      this.locks.hold(asked.map(({ userId }) => userId)), // first; what is sent behind it is asked once it is held
      this.placement.around(asked),
      this.entries.companyTimezone(),
      this.references.people(asked),
      this.references.check(asked),
    ]);
    const timed = timesIn(timezone);
    const ownerless = placesOf(form, 'userId');
    const known = found.filter(({ place, pointer }) => pointer !== '/timesheetId' || !ownerless.has(place)); // who knows whose it must be
    refuseInvalid([...form, ...timed.flatMap(({ faults }) => faults), ...strangers, ...known], refuse);

    const drafts = asked.map<Draft>(
      ({ userId, actionCodeId, taskId = null, workMode = 'office', country, note = null, timesheetId }, place) => ({
        id: randomUUID(),
        userId,
        actionCodeId,
        taskId,
        workMode,
        country,
        note,
        timesheetId: null,
        named: timesheetId,
        ...timed[place]!.times!,
      }),
    );
    refuse([...found, ...placeEntries(around, drafts)]);
    const made = await this.entries.insert(drafts);
    await this.entries.rollUp(drafts.map(({ timesheetId }) => timesheetId));
    await this.history.record(drafts.map((draft) => changeOfEntry('created', null, draft)!));
    return made;
  }

  /** The entry for change, under the lock of its person. @throws 404 for who may not read it, 403 for who may read it only */
  private async open(caller: Principal, id: string, permission: 'update_timesheet' | 'delete_timesheet'): Promise<TimesheetEntryView> {
    const { userId } = await this.entries.get(id);
    if (!mayWrite(caller, { userId }, permission)) {
      await this.entries.read(caller, id);
      throw new Problem('forbidden');
    }
    await this.locks.hold([userId]);
    return this.entries.open(id);
  }
}

/** Throws what is wrong, if anything is. */
type Refuse = (faults: EntryFault[]) => void;

const isInvalid = ({ code }: EntryFault): boolean => PROBLEMS[code].status === 400;

const refuseInvalid = (faults: EntryFault[], refuse: Refuse): void => refuse(faults.filter(isInvalid));

const refuseOne: Refuse = (faults) => {
  const [first] = faults;
  if (!first) return;
  if (isInvalid(first)) throw new Problem(codeOfFaults(faults), { errors: faults.map(({ place: _, ...fault }) => fault) });
  throw new Problem(first.code, {
    detail: first.detail,
    ...(first.conflictsWith ? { extra: { conflictsWith: first.conflictsWith } } : {}),
  });
};

const refuseSome: Refuse = (faults) => {
  if (faults.length === 0) return;
  const inOrder = faults.toSorted((a, b) => a.place - b.place);
  throw new Problem(codeOfFaults(inOrder), {
    errors: inOrder.map(({ place, pointer, ...fault }) => ({
      ...fault,
      pointer: place === BESIDE ? pointer : `/entries/${place}${pointer}`,
    })),
  });
};

/** The place of what is in the body of a batch, but in none of its entries. */
const BESIDE = -1;

/** A fault of the body of a batch as one of an entry. */
function placed(fault: FieldFault): EntryFault {
  const [, place = BESIDE, pointer = fault.pointer] = /^\/entries\/(\d+)(.*)$/.exec(fault.pointer) ?? [];
  return { ...fault, place: Number(place), pointer, code: 'validation_failed' };
}

/** An entry that is none at all, `''`, has none of them. */
const TIMES = ['', 'startedAt', 'endedAt', 'timezone', 'day', 'durationMin'];

/** Which entries have a fault in one of these fields. */
const placesOf = (faults: EntryFault[], ...fields: string[]): Set<number> =>
  new Set(faults.filter(({ pointer }) => fields.includes(pointer.split('/')[1] ?? '')).map(({ place }) => place));

/** @param timezone where neither the client nor the entry names one */
function timesAt(
  place: number,
  given: GivenTimes,
  present: EntryTimes | undefined,
  timezone: string,
): { times?: EntryTimes; faults: EntryFault[] } {
  const result = timesOf(given, present, timezone);
  if ('times' in result) return { times: result.times, faults: [] };
  return { faults: invalid(place, result.faults) };
}

const invalid = (place: number, faults: FieldFault[]): EntryFault[] =>
  faults.map((fault) => ({ ...fault, place, code: 'validation_failed' }));
