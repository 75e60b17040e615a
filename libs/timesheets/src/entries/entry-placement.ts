import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import type { FieldFault, ProblemCode } from '#core';
import { LONGEST_DAYS } from '../timesheet.entity.js';
import type { TimesheetStatus } from '../timesheet.entity.js';
import { isOpen } from '../timesheet.policy.js';
import type { NewEntry } from './timesheet-entry.repository.js';

/** An entry as it is to be. */
export interface Draft extends NewEntry {
  /** The timesheet that the client named. */
  named?: string | null;
}

/** What is wrong with one of several entries; the pointer is that of the field. */
export interface EntryFault extends FieldFault {
  /** Which one, from 0. */
  place: number;
  code: ProblemCode;
}

/** A timesheet of a person, as far as entries mind. */
export interface SheetPeriod {
  id: string;
  userId: string;
  periodStart: string;
  periodEnd: string;
  status: TimesheetStatus;
  updatedAt: string;
}

/** What is booked already, as far as entries mind. */
interface Booked {
  id: string;
  userId: string;
  day: string;
  startedAt: string | null;
  endedAt: string | null;
  durationMin: number;
}

/** The present state around some entries. */
export interface Surroundings {
  sheets: SheetPeriod[];
  /** By {@link dayOf}, each day by when they start. */
  booked: Map<string, Booked[]>;
}

/** Whose time an entry is, and when: a span by its start, minutes by their day. With an id it is one that is there, and does not stand in its own way. */
interface When {
  id?: string;
  userId: string;
  startedAt?: string | null;
  day?: string;
}

const DAY_MIN = 1440;
/** Of one person on one day: entries of no minutes would else have no end. */
const DAY_ENTRIES = 1440;
const DAY_MS = DAY_MIN * 60_000;
/** An entry that overlaps a span is of a day at most so far from the UTC day of the span's start: both last a day at most, and a local day begins less than a day from UTC's. */
const DAYS_APART = 2;

/** The timesheets and entries that entries meet. Asked under the lock of the people whose time it is, in two statements for any number of entries. */
@Injectable()
export class EntryPlacement {
  constructor(private readonly work: UnitOfWork) {}

  /** All that {@link placeEntries} needs to know of the present state, before anybody knows the time zones. */
  async around(entries: When[]): Promise<Surroundings> {
    const people = [...new Set(entries.map(({ userId }) => userId))];
    const days = [...new Set(entries.flatMap(daysNear))].toSorted((a, b) => a - b).map(dayText);
    const [sheets, booked] = await Promise.all([this.sheets(people, days), this.booked(people, days)]);
    const own = new Set(entries.map(({ id }) => id));
    return {
      sheets,
      booked: Map.groupBy(
        booked.filter(({ id }) => !own.has(id)),
        ({ userId, day }) => dayOf(userId, dayNumber(day)),
      ),
    };
  }

  /** What stands against taking an entry away. */
  async remove({ userId, day }: NewEntry): Promise<EntryFault[]> {
    return isLocked(await this.sheets([userId], [day]), userId, day) ? [locked(0, day)] : [];
  }

  /**
   * Looked for by when they begin, which is at most so long before: else all timesheets of a person would be read. What becomes of their entries
   * comes after their last change.
   */
  private async sheets(people: string[], days: string[]): Promise<SheetPeriod[]> {
    const found = await this.work.query<SheetPeriod>(
      `SELECT s.* FROM unnest($2::uuid[]) AS u(id) CROSS JOIN LATERAL (
         SELECT t.id, t."userId", t."periodStart", t."periodEnd", t.status, t."updatedAt" FROM timesheets t
         WHERE t."companyId" = $1 AND t."userId" = u.id AND t."periodStart" > $3::date - ${LONGEST_DAYS} AND t."periodStart" <= $4
           AND t."periodEnd" >= $3 AND t."deletedAt" IS NULL
         OFFSET 0
       ) s`,
      [people, days[0], days.at(-1)],
    );
    return this.work.follow(found);
  }

  private booked(people: string[], days: string[]): Promise<Booked[]> {
    return this.work.query<Booked>(
      // Person by person: else a plan reads those days of the whole company.
      `SELECT e.* FROM unnest($2::uuid[]) AS u(id) CROSS JOIN LATERAL (
         SELECT x.id, x."userId", x.day, x."startedAt", x."endedAt", x."durationMin" FROM timesheet_entries x
         WHERE x."companyId" = $1 AND x."userId" = u.id AND x.day = ANY ($3) AND x."deletedAt" IS NULL
         OFFSET 0
       ) e
       ORDER BY e."startedAt"`,
      [people, days],
    );
  }
}

/**
 * Puts each draft into the timesheet of its day, and tells what stands against it there.
 * @param leaving the entry as it stands, when it is changed: its day must be open too
 */
export function placeEntries({ sheets, booked }: Surroundings, drafts: Draft[], leaving?: NewEntry): EntryFault[] {
  const misplaced = drafts.flatMap((draft, index) => {
    const { userId, day, named } = draft;
    draft.timesheetId = sheetOf(sheets, userId, day)?.id ?? null;
    if (leaving && isLocked(sheets, userId, leaving.day)) return [locked(index, leaving.day)];
    if (named && named !== draft.timesheetId)
      return [fault(index, '/day', 'outside_period', `${day} is not in the period of that timesheet`)];
    return isLocked(sheets, userId, day) ? [locked(index, day)] : [];
  });
  return [...misplaced, ...overlapping(drafts, booked), ...tooMuch(drafts, booked)].toSorted((a, b) => a.place - b.place);
}

const fault = (index: number, pointer: string, code: ProblemCode, detail: string, conflictsWith?: string[]): EntryFault => ({
  place: index,
  pointer,
  detail,
  code,
  ...(conflictsWith ? { conflictsWith } : {}),
});

/** Days counted from 1970-01-01. @param text a day, or an instant, of which it is the UTC day */
const dayNumber = (text: string): number => Math.floor(Date.parse(text) / DAY_MS);

const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

const dayOf = (userId: string, day: number): string => `${userId} ${day}`;

/** On which an entry, or what it meets, can be. */
function daysNear({ startedAt, day }: When): number[] {
  if (!startedAt) return day ? [dayNumber(day)] : [];
  const middle = dayNumber(startedAt);
  return Array.from({ length: 2 * DAYS_APART + 1 }, (_, n) => middle + n - DAYS_APART);
}

/** Periods of one person never overlap, so a day has one timesheet at most. */
const sheetOf = (sheets: SheetPeriod[], userId: string, day: string): SheetPeriod | undefined =>
  sheets.find((sheet) => sheet.userId === userId && sheet.periodStart <= day && day <= sheet.periodEnd);

function isLocked(sheets: SheetPeriod[], userId: string, day: string): boolean {
  const sheet = sheetOf(sheets, userId, day);
  return sheet !== undefined && !isOpen(sheet.status);
}

const locked = (index: number, day: string): EntryFault =>
  fault(index, '/day', 'timesheet_locked', `The timesheet of ${day} is submitted or approved`);

function overlapping(drafts: Draft[], booked: Surroundings['booked']): EntryFault[] {
  const areApart = !meet(drafts);
  return drafts.flatMap((draft, index) => {
    const others = daysNear(draft)
      .flatMap((day) => booked.get(dayOf(draft.userId, day)) ?? [])
      .filter((other) => overlap(other, draft))
      .map(({ id }) => id);
    if (others.length > 0) return [fault(index, '/startedAt', 'entry_overlap', 'Overlaps another entry', others)];
    if (areApart) return [];
    const sibling = drafts.findIndex((earlier, other) => other < index && overlap(earlier, draft));
    return sibling < 0 ? [] : [fault(index, '/startedAt', 'entry_overlap', `Overlaps entry ${sibling} of this batch`)];
  });
}

type Span = Pick<Booked, 'userId' | 'startedAt' | 'endedAt'>;

/** Instants of one form compare as text; touching is no overlap. */
const overlap = (a: Span, b: Span): boolean =>
  a.userId === b.userId && a.startedAt !== null && b.startedAt !== null && a.startedAt < b.endedAt! && b.startedAt < a.endedAt!;

/** Whether any two of them overlap: in the order of their starts these would be neighbours. */
function meet(drafts: Draft[]): boolean {
  const spans = drafts.filter(({ startedAt }) => startedAt !== null).toSorted((a, b) => (a.startedAt! < b.startedAt! ? -1 : 1));
  return [...Map.groupBy(spans, ({ userId }) => userId).values()].some((ofOne) =>
    ofOne.some((span, index) => index > 0 && overlap(ofOne[index - 1]!, span)),
  );
}

/** In the order given: the entry that goes past the end of the day is the one too many. */
function tooMuch(drafts: Draft[], booked: Surroundings['booked']): EntryFault[] {
  const totals = new Map(
    Array.from(booked, ([day, entries]) => [
      day,
      { count: entries.length, min: entries.reduce((sum, { durationMin }) => sum + durationMin, 0) },
    ]),
  );
  return drafts.flatMap(({ userId, day, durationMin }, index) => {
    const key = dayOf(userId, dayNumber(day));
    const before = totals.get(key);
    const [count, min] = [(before?.count ?? 0) + 1, (before?.min ?? 0) + durationMin];
    totals.set(key, { count, min });
    if (min > DAY_MIN) return [fault(index, '/day', 'day_full', `${day} would have ${min} minutes`)];
    return count > DAY_ENTRIES ? [fault(index, '/day', 'day_full', `${day} would have ${count} entries`)] : [];
  });
}
