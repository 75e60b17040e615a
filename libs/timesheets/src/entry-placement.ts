import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import type { FieldFault, ProblemCode } from '#core';
import type { NewEntry } from './timesheet-entry.repository.js';
import { LONGEST_DAYS } from './timesheet.entity.js';
import type { TimesheetStatus } from './timesheet.entity.js';
import { isOpen } from './timesheet.policy.js';

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
}

const DAY_MIN = 1440;
/** Spans that meet are of days no further apart: each is a day long at most, and zones differ by 26 hours. */
const DAYS_APART = 3;

/** What is booked already, as far as drafts mind. */
interface Booked {
  id: string;
  userId: string;
  day: string;
  startedAt: string | null;
  endedAt: string | null;
  durationMin: number;
}

/**
 * Where entries go, and what of the present state stands against it. Asked under the lock of the people whose time it is, in two
 * statements for any number of entries.
 */
@Injectable()
export class EntryPlacement {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * Puts each draft into the timesheet of its day.
   * @param leaving the entries as they stand, when they are changed: their days must be open too
   */
  async place(drafts: Draft[], leaving: NewEntry[] = []): Promise<EntryFault[]> {
    const near = new Map([...new Set(drafts.map(({ day }) => day))].map((day) => [day, daysAround(day)]));
    const [sheets, rows] = await Promise.all([this.sheets([...drafts, ...leaving]), this.booked(drafts, near)]);
    const booked = Map.groupBy(rows, dayOf);
    const misplaced = drafts.flatMap((draft, place) => {
      draft.timesheetId = sheetOf(sheets, draft)?.id ?? null;
      if (leaving[place] && isLocked(sheets, leaving[place])) return [locked(place, leaving[place])];
      if (draft.named && draft.named !== draft.timesheetId)
        return [fault(place, '/day', 'outside_period', `${draft.day} is not in the period of that timesheet`)];
      return isLocked(sheets, draft) ? [locked(place, draft)] : [];
    });
    return [...misplaced, ...overlapping(drafts, booked, near), ...tooMuch(drafts, booked)].toSorted((a, b) => a.place - b.place);
  }

  /** What stands against taking an entry away. */
  async remove(entry: NewEntry): Promise<EntryFault[]> {
    return isLocked(await this.sheets([entry]), entry) ? [locked(0, entry)] : [];
  }

  /** Looked for by when they begin, which is at most so long before: else all timesheets of a person would be read. */
  private sheets(entries: NewEntry[]): Promise<SheetPeriod[]> {
    const days = entries.map(({ day }) => day).toSorted();
    return this.work.query<SheetPeriod>(
      `SELECT s.* FROM unnest($2::uuid[]) AS u(id) CROSS JOIN LATERAL (
         SELECT t.id, t."userId", t."periodStart", t."periodEnd", t.status FROM timesheets t
         WHERE t."companyId" = $1 AND t."userId" = u.id AND t."periodStart" > $3::date - ${LONGEST_DAYS} AND t."periodStart" <= $4
           AND t."periodEnd" >= $3 AND t."deletedAt" IS NULL
         OFFSET 0
       ) s`,
      [usersOf(entries), days[0], days.at(-1)],
    );
  }

  /** What these people have booked on the days of the drafts and around them, by when it starts. */
  private booked(drafts: Draft[], near: Map<string, string[]>): Promise<Booked[]> {
    return this.work.query<Booked>(
      // Person by person: else a plan reads those days of the whole company.
      `SELECT e.* FROM unnest($2::uuid[]) AS u(id) CROSS JOIN LATERAL (
         SELECT x.id, x."userId", x.day, x."startedAt", x."endedAt", x."durationMin" FROM timesheet_entries x
         WHERE x."companyId" = $1 AND x."userId" = u.id AND x.day = ANY ($3) AND x."deletedAt" IS NULL
         OFFSET 0
       ) e
       WHERE e.id <> ALL ($4)
       ORDER BY e."startedAt"`,
      [usersOf(drafts), [...new Set([...near.values()].flat())], drafts.map(({ id }) => id)],
    );
  }
}

const fault = (place: number, pointer: string, code: ProblemCode, detail: string, conflictsWith?: string[]): EntryFault => ({
  place,
  pointer,
  detail,
  code,
  ...(conflictsWith ? { conflictsWith } : {}),
});

const usersOf = (entries: NewEntry[]): string[] => [...new Set(entries.map(({ userId }) => userId))];

const dayOf = ({ userId, day }: { userId: string; day: string }): string => `${userId} ${day}`;

const DAY_MS = DAY_MIN * 60_000;

/** On which an entry of that day could meet others. */
const daysAround = (day: string): string[] =>
  Array.from({ length: 2 * DAYS_APART + 1 }, (_, n) => new Date(Date.parse(day) + (n - DAYS_APART) * DAY_MS).toISOString().slice(0, 10));

/** Periods of one person never overlap, so a day has one timesheet at most. */
const sheetOf = (sheets: SheetPeriod[], { userId, day }: NewEntry): SheetPeriod | undefined =>
  sheets.find((sheet) => sheet.userId === userId && sheet.periodStart <= day && day <= sheet.periodEnd);

function isLocked(sheets: SheetPeriod[], entry: NewEntry): boolean {
  const sheet = sheetOf(sheets, entry);
  return sheet !== undefined && !isOpen(sheet.status);
}

const locked = (place: number, { day }: NewEntry): EntryFault =>
  fault(place, '/day', 'timesheet_locked', `The timesheet of ${day} is submitted or approved`);

function overlapping(drafts: Draft[], booked: Map<string, Booked[]>, near: Map<string, string[]>): EntryFault[] {
  const areApart = !meet(drafts);
  return drafts.flatMap((draft, place) => {
    const others = near
      .get(draft.day)!
      .flatMap((day) => booked.get(dayOf({ userId: draft.userId, day })) ?? [])
      .filter((other) => overlap(other, draft))
      .map(({ id }) => id);
    if (others.length > 0) return [fault(place, '/startedAt', 'entry_overlap', 'Overlaps another entry', others)];
    if (areApart) return [];
    const sibling = drafts.findIndex((earlier, other) => other < place && overlap(earlier, draft));
    return sibling < 0 ? [] : [fault(place, '/startedAt', 'entry_overlap', `Overlaps entry ${sibling} of this batch`)];
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
function tooMuch(drafts: Draft[], booked: Map<string, Booked[]>): EntryFault[] {
  const minutes = new Map(Array.from(booked, ([day, entries]) => [day, entries.reduce((sum, { durationMin }) => sum + durationMin, 0)]));
  return drafts.flatMap((draft, place) => {
    const total = (minutes.get(dayOf(draft)) ?? 0) + draft.durationMin;
    minutes.set(dayOf(draft), total);
    return total > DAY_MIN ? [fault(place, '/day', 'day_full', `${draft.day} would have ${total} minutes`)] : [];
  });
}
