import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantText, localDay } from '#core';
import { timesOf } from './entry-times.js';
import type { EntryTimes, GivenTimes } from './entry-times.js';

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC'];
const FIRST = Date.parse('1970-01-02T00:00:00Z');
const LAST = Date.parse('2199-12-30T00:00:00Z');
const MINUTE = 60_000;

const zone = fc.constantFrom(...ZONES);
/** Any minute, and often one near a change of clocks or the day that Apia skipped. */
const minute = fc.oneof(
  fc.integer({ min: FIRST / MINUTE, max: LAST / MINUTE }),
  fc
    .tuple(
      fc.constantFrom(
        '2026-03-29T01:00Z',
        '2026-10-25T01:00Z',
        '2026-03-08T07:00Z',
        '2026-11-01T06:00Z',
        '2011-12-30T10:00Z',
        '1985-12-31T18:30Z',
      ),
      fc.integer({ min: -1500, max: 1500 }),
    )
    .map(([near, offset]) => Date.parse(near) / MINUTE + offset),
);
const iso = (minutes: number, seconds = 0): string => new Date(minutes * MINUTE + seconds * 1000).toISOString();

function times(given: GivenTimes, present?: EntryTimes, timezone = 'Europe/Berlin'): EntryTimes {
  const result = timesOf(given, present, timezone);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.times;
}

function pointers(given: GivenTimes, present?: EntryTimes): string[] {
  const result = timesOf(given, present, 'Europe/Berlin');
  return 'faults' in result ? result.faults.map(({ pointer }) => pointer) : [];
}

describe('a span', () => {
  it('has its true elapsed minutes and the day on which it starts', () => {
    fc.assert(
      fc.property(minute, fc.integer({ min: 1, max: 1440 }), fc.integer({ min: 0, max: 59 }), zone, (start, length, seconds, timezone) => {
        const span = times({ startedAt: iso(start, seconds), endedAt: iso(start + length, 59 - seconds), timezone });
        expect(span).toEqual({
          startedAt: iso(start).replace('.000', ''),
          endedAt: iso(start + length).replace('.000', ''),
          timezone,
          durationMin: length,
          day: localDay(start * MINUTE, timezone),
        });
        expect(times({ ...span })).toEqual(span); // what comes out may be sent in again
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['in spring', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00', 23 * 60],
    ['in autumn', '2026-10-24T22:00:00+02:00', '2026-10-25T06:00:00+01:00', 9 * 60],
  ])('counts what passed when the clocks change %s', (_, startedAt, endedAt, minutes) => {
    expect(times({ startedAt, endedAt }).durationMin).toBe(minutes);
  });

  it('reads every offset as the same instant', () => {
    fc.assert(
      fc.property(minute, fc.integer({ min: -15 * 60, max: 15 * 60 }), (start, offset) => {
        const shown = `${offset < 0 ? '-' : '+'}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')}:${String(Math.abs(offset) % 60).padStart(2, '0')}`;
        const local = iso(start + offset).replace('.000Z', shown);
        expect(times({ startedAt: local, endedAt: iso(start + 1) }).startedAt).toBe(iso(start).replace('.000', ''));
      }),
    );
  });

  it.each<[string, GivenTimes, string[]]>([
    ['an end without a start', { endedAt: '2026-03-02T08:00:00Z' }, ['/startedAt']],
    ['a start without an end', { startedAt: '2026-03-02T08:00:00Z' }, ['/endedAt']],
    ['an end before the start', { startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T07:00:00Z' }, ['/endedAt']],
    ['no whole minute', { startedAt: '2026-03-02T08:00:01Z', endedAt: '2026-03-02T08:00:59Z' }, ['/endedAt']],
    ['more than a day', { startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-03T08:01:00Z' }, ['/endedAt']],
    [
      'a day before 1970',
      { startedAt: '1970-01-01T00:00:00Z', endedAt: '1970-01-01T08:00:00Z', timezone: 'America/New_York' },
      ['/startedAt'],
    ],
    ['a day after 2199', { startedAt: '2199-12-31T23:30:00Z', endedAt: '2199-12-31T23:45:00Z' }, ['/startedAt']],
    [
      'minutes and a day that do not agree',
      { startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T09:00:00Z', durationMin: 61, day: '2026-03-03' },
      ['/durationMin', '/day'],
    ],
    ['nothing', {}, ['/durationMin', '/day']],
    ['a day alone', { day: '2026-03-02' }, ['/durationMin']],
    ['minutes alone', { durationMin: 60 }, ['/day']],
  ])('refuses %s', (_, given, expected) => {
    expect(pointers(given)).toEqual(expected);
  });
});

describe('a change', () => {
  const span: EntryTimes = {
    startedAt: '2026-03-01T23:30:00Z',
    endedAt: '2026-03-02T00:30:00Z',
    timezone: 'UTC',
    durationMin: 60,
    day: '2026-03-01',
  };
  const minutes: EntryTimes = { startedAt: null, endedAt: null, timezone: 'UTC', durationMin: 90, day: '2026-03-04' };

  it('moves one end', () => {
    expect(times({ endedAt: '2026-03-02T01:00:00Z' }, span)).toEqual({ ...span, endedAt: '2026-03-02T01:00:00Z', durationMin: 90 });
  });

  it('of the zone moves the day of a span, but not that of minutes', () => {
    expect(times({ timezone: 'Europe/Berlin' }, span)).toEqual({ ...span, timezone: 'Europe/Berlin', day: '2026-03-02' });
    expect(times({ timezone: 'Europe/Berlin' }, minutes)).toEqual({ ...minutes, timezone: 'Europe/Berlin' });
  });

  it('leaves the day alone, whatever the rules of the zone say now, as long as neither start nor zone changes', () => {
    const older: EntryTimes = { ...span, day: '2026-03-02' };
    expect(times({}, older)).toEqual(older);
    expect(times({ ...older }, older)).toEqual(older);
    expect(times({ endedAt: '2026-03-02T01:00:00Z' }, older)).toEqual({ ...older, endedAt: '2026-03-02T01:00:00Z', durationMin: 90 });
    expect(times({ startedAt: '2026-03-01T23:45:00Z' }, older)).toMatchObject({ durationMin: 45, day: '2026-03-01' });
    expect(pointers({ day: '2026-03-01' }, older)).toEqual(['/day']);
  });

  it('makes a span of minutes and minutes of a span', () => {
    expect(times({ startedAt: null, endedAt: null }, span)).toEqual({ ...span, startedAt: null, endedAt: null });
    expect(times({ startedAt: null, endedAt: null, durationMin: 15 }, span)).toEqual({
      ...span,
      startedAt: null,
      endedAt: null,
      durationMin: 15,
    });
    expect(times({ startedAt: span.startedAt, endedAt: span.endedAt }, minutes)).toEqual(span);
  });

  it('cannot take one end away, nor give minutes or a day that the span contradicts', () => {
    expect(pointers({ startedAt: null }, span)).toEqual(['/startedAt']);
    expect(pointers({ durationMin: 61 }, span)).toEqual(['/durationMin']);
    expect(pointers({ day: '2026-03-05' }, span)).toEqual(['/day']);
    expect(pointers({ startedAt: '2026-03-04T08:00:00Z' }, minutes)).toEqual(['/endedAt']);
  });
});

it.each([
  ['2026-03-02T08:00:00.000Z', '2026-03-02T08:00:00Z'],
  ['2026-03-02T10:20:30.007Z', '2026-03-02T10:20:30.007Z'],
  ['2026-03-02T10:20:30.120Z', '2026-03-02T10:20:30.12Z'],
  ['2026-03-02T00:00:00.500Z', '2026-03-02T00:00:00.5Z'],
])('prints %s as the database does', (instant, text) => {
  expect(instantText(new Date(instant))).toBe(text);
});
