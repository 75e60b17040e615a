import { isDay, localDay } from '#core';
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
  if (start === null) return { faults: [{ pointer: '/startedAt', detail: 'is required with endedAt' }] };
  if (end === null) return { faults: [{ pointer: '/endedAt', detail: 'is required with startedAt' }] };
  return spanOf(start, end, zone, given);
}

function minutesOf(timezone: string, durationMin?: number, day?: string): { times: EntryTimes } | { faults: FieldFault[] } {
  if (durationMin !== undefined && day !== undefined) return { times: { startedAt: null, endedAt: null, timezone, durationMin, day } };
  const missing = [...(durationMin === undefined ? ['/durationMin'] : []), ...(day === undefined ? ['/day'] : [])];
  return { faults: missing.map((pointer) => ({ pointer, detail: WITHOUT_SPAN })) };
}

function spanOf(start: number, end: number, timezone: string, given: GivenTimes): { times: EntryTimes } | { faults: FieldFault[] } {
  const durationMin = (end - start) / MINUTE_MS;
  const day = localDay(start, timezone);
  const faults: FieldFault[] = [];
  if (durationMin < 1) faults.push({ pointer: '/endedAt', detail: 'must be at least a minute later than startedAt' });
  if (durationMin > DAY_MIN) faults.push({ pointer: '/endedAt', detail: 'must be at most 24 hours later than startedAt' });
  if (!isDay(day)) faults.push({ pointer: '/startedAt', detail: 'must be on a day from 1970-01-01 to 2199-12-31' });
  if (faults.length > 0) return { faults };
  if (given.durationMin !== undefined && given.durationMin !== durationMin) {
    faults.push({ pointer: '/durationMin', detail: `must be ${durationMin}, as from startedAt to endedAt, or absent` });
  }
  if (given.day !== undefined && given.day !== day) {
    faults.push({ pointer: '/day', detail: `must be ${day}, the day of startedAt in ${timezone}, or absent` });
  }
  if (faults.length > 0) return { faults };
  return { times: { startedAt: instantText(start), endedAt: instantText(end), timezone, durationMin, day } };
}

/** Milliseconds, seconds cut off: also before 1970, always towards the past. */
function onTheMinute(text: string | null | undefined): number | null {
  return text ? Math.floor(Date.parse(text) / MINUTE_MS) * MINUTE_MS : null;
}

/** As the API writes an instant: in UTC, without a fraction that is nothing. */
export const instantText = (instant: number | Date): string => new Date(instant).toISOString().replace(/\.?0+Z$/, 'Z');
