import { faultsIn, instantText, isDay, localDay } from '#core';
import type { FieldFault } from '#core';

/** When an entry was worked. Instants are on the minute, in UTC: `2026-03-02T08:00:00Z`. */
export interface EntryTimes {
  startedAt: string | null;
  endedAt: string | null;
  /** IANA name. */
  timezone: string;
  /** Of a span the true elapsed minutes, whatever the clocks did meanwhile. */
  durationMin: number;
  /** Of a span the local day of its start. */
  day: string;
}

/** What a client sends of them: minutes with a day, or a span. */
export type GivenTimes = Partial<EntryTimes>;

/** What is wrong with a day, or minutes, that are missing. */
export const WITHOUT_SPAN = 'is required without startedAt and endedAt';

/** What is wrong with an end of a span that is missing. */
export const withEnd = (other: 'startedAt' | 'endedAt'): string => `is required with ${other}`;

const MINUTE_MS = 60_000;
const DAY_MIN = 1440;

/**
 * The times of an entry after what was sent. A span gives minutes and day itself; they may be sent along when they agree.
 * @param present the entry as it stands, for a change: what is not sent stays
 * @param timezone of the company, where neither the client nor the entry names one
 * @returns the times, or every fault by the pointer of its field
 */
export function timesOf(
  given: GivenTimes,
  present: EntryTimes | undefined,
  timezone: string,
): { times: EntryTimes } | { faults: FieldFault[] } {
  const of = <Field extends keyof EntryTimes>(field: Field) => (given[field] === undefined ? present?.[field] : given[field]);
  const zone = of('timezone') ?? timezone;
  const start = onTheMinute(of('startedAt'));
  const end = onTheMinute(of('endedAt'));
  if (start === null && end === null) return minutesOf(zone, of('durationMin'), of('day'));
  if (start === null || end === null) return { faults: [missingEnd(start)] };
  return spanOf(start, end, zone, dayOf(start, zone, present), given);
}

/** By field what is wrong with it by what was sent alone, whatever the entry is. */
export const faultAlone = {
  endedAt: ({ startedAt, endedAt }: GivenTimes) => (startedAt && endedAt ? faultOfEnd(cut(startedAt), cut(endedAt)) : undefined),
  durationMin: ({ startedAt, endedAt, durationMin }: GivenTimes) =>
    startedAt && endedAt && durationMin !== undefined ? faultOfMinutes(cut(startedAt), cut(endedAt), durationMin) : undefined,
};

/** What is wrong with a start and its day in a zone; not for a change of an entry that has them already, see {@link timesOf}. */
export function faultsInZone({ startedAt, day: given }: GivenTimes, timezone: string): FieldFault[] {
  if (!startedAt) return [];
  const day = localDay(cut(startedAt), timezone);
  return faultsIn({ startedAt: faultOfStart(day), day: faultOfDay(day, timezone, given) });
}

const missingEnd = (start: number | null): FieldFault =>
  start === null ? { pointer: '/startedAt', detail: withEnd('endedAt') } : { pointer: '/endedAt', detail: withEnd('startedAt') };

function minutesOf(timezone: string, durationMin?: number, day?: string): { times: EntryTimes } | { faults: FieldFault[] } {
  if (durationMin !== undefined && day !== undefined) return { times: { startedAt: null, endedAt: null, timezone, durationMin, day } };
  const missing = [...(durationMin === undefined ? ['/durationMin'] : []), ...(day === undefined ? ['/day'] : [])];
  return { faults: missing.map((pointer) => ({ pointer, detail: WITHOUT_SPAN })) };
}

function spanOf(
  start: number,
  end: number,
  timezone: string,
  day: string,
  given: GivenTimes,
): { times: EntryTimes } | { faults: FieldFault[] } {
  const faults = faultsIn({
    endedAt: faultOfEnd(start, end),
    durationMin: faultOfMinutes(start, end, given.durationMin),
    startedAt: faultOfStart(day),
    day: faultOfDay(day, timezone, given.day),
  });
  if (faults.length > 0) return { faults };
  const durationMin = (end - start) / MINUTE_MS;
  return { times: { startedAt: instantText(start), endedAt: instantText(end), timezone, durationMin, day } };
}

/** As long as neither start nor zone changes, the day stays what it was, although the rules of a zone may change. */
const dayOf = (start: number, timezone: string, present: EntryTimes | undefined): string =>
  present?.timezone === timezone && onTheMinute(present.startedAt) === start ? present.day : localDay(start, timezone);

function faultOfEnd(start: number, end: number): string | undefined {
  if (end - start < MINUTE_MS) return 'must be at least a minute later than startedAt';
  return end - start > DAY_MIN * MINUTE_MS ? 'must be at most 24 hours later than startedAt' : undefined;
}

function faultOfMinutes(start: number, end: number, given: number | undefined): string | undefined {
  const durationMin = (end - start) / MINUTE_MS;
  if (given === undefined || given === durationMin || faultOfEnd(start, end)) return undefined;
  return `must be ${durationMin}, as from startedAt to endedAt, or absent`;
}

/** @param day of the start in its zone */
const faultOfStart = (day: string): string | undefined => (isDay(day) ? undefined : 'must be on a day from 1970-01-01 to 2199-12-31');

function faultOfDay(day: string, timezone: string, given: string | undefined): string | undefined {
  if (given === undefined || given === day || faultOfStart(day)) return undefined;
  return `must be ${day}, the day of startedAt in ${timezone}, or absent`;
}

const onTheMinute = (text: string | null | undefined): number | null => (text ? cut(text) : null);

/** Milliseconds, seconds cut off: also before 1970, always towards the past. */
const cut = (text: string): number => Math.floor(Date.parse(text) / MINUTE_MS) * MINUTE_MS;
