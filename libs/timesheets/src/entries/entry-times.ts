import { instantText, isDay, localDay } from '#core';
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

/** What is wrong with the times of a change whatever the entry is: so it is told before one looks for the entry. */
export function faultsAlone(given: GivenTimes): FieldFault[] {
  const { startedAt, endedAt, timezone } = given;
  const [start, end] = [onTheMinute(startedAt), onTheMinute(endedAt)];
  if (startedAt === undefined || endedAt === undefined || (start === null && end === null)) return [];
  if (start === null || end === null) return [missingEnd(start)];
  return [...faultsOfLength(start, end, given), ...(timezone ? faultsOfDay(localDay(start, timezone), timezone, given) : [])];
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
  const faults = [...faultsOfLength(start, end, given), ...faultsOfDay(day, timezone, given)];
  if (faults.length > 0) return { faults };
  const durationMin = (end - start) / MINUTE_MS;
  return { times: { startedAt: instantText(start), endedAt: instantText(end), timezone, durationMin, day } };
}

/** As long as neither start nor zone changes, the day stays what it was, although the rules of a zone may change. */
const dayOf = (start: number, timezone: string, present: EntryTimes | undefined): string =>
  present?.timezone === timezone && onTheMinute(present.startedAt) === start ? present.day : localDay(start, timezone);

function faultsOfLength(start: number, end: number, given: GivenTimes): FieldFault[] {
  const durationMin = (end - start) / MINUTE_MS;
  if (durationMin < 1) return [{ pointer: '/endedAt', detail: 'must be at least a minute later than startedAt' }];
  if (durationMin > DAY_MIN) return [{ pointer: '/endedAt', detail: 'must be at most 24 hours later than startedAt' }];
  if (given.durationMin === undefined || given.durationMin === durationMin) return [];
  return [{ pointer: '/durationMin', detail: `must be ${durationMin}, as from startedAt to endedAt, or absent` }];
}

function faultsOfDay(day: string, timezone: string, given: GivenTimes): FieldFault[] {
  if (!isDay(day)) return [{ pointer: '/startedAt', detail: 'must be on a day from 1970-01-01 to 2199-12-31' }];
  if (given.day === undefined || given.day === day) return [];
  return [{ pointer: '/day', detail: `must be ${day}, the day of startedAt in ${timezone}, or absent` }];
}

/** Milliseconds, seconds cut off: also before 1970, always towards the past. */
function onTheMinute(text: string | null | undefined): number | null {
  return text ? Math.floor(Date.parse(text) / MINUTE_MS) * MINUTE_MS : null;
}
