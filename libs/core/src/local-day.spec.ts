import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { clock } from './clock.js';
import { localDay, todayIn } from './local-day.js';

const FIRST = Date.parse('1970-01-02T00:00:00Z');
const LAST = Date.parse('2199-12-30T00:00:00Z');
const MINUTE = 60_000;

/** Any minute, and often one near a change of clocks or the day that Apia skipped. */
const minute = fc.oneof(
  fc.integer({ min: FIRST / MINUTE, max: LAST / MINUTE }),
  fc
    .tuple(fc.constantFrom('2026-03-29T01:00Z', '2026-11-01T06:00Z', '2011-12-30T10:00Z'), fc.integer({ min: -1500, max: 1500 }))
    .map(([near, offset]) => Date.parse(near) / MINUTE + offset),
);

/** The same by another way: the wall clock of the zone, part by part. */
function wallClock(instant: number, timeZone: string): Record<string, number> {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' });
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
}

describe('the day in a zone', () => {
  it('is what its clocks show, in every zone and over every change of clocks', () => {
    fc.assert(
      fc.property(minute, fc.constantFrom(...Intl.supportedValuesOf('timeZone')), (start, zone) => {
        const { year, month, day } = wallClock(start * MINUTE, zone);
        const expected = [String(year), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-');
        expect(localDay(start * MINUTE, zone)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['2026-03-01T23:30:00Z', 'Europe/Berlin', '2026-03-02'],
    ['2026-03-01T23:30:00Z', 'America/New_York', '2026-03-01'],
    ['2026-03-01T18:14:00Z', 'Asia/Kathmandu', '2026-03-01'],
    ['2026-03-01T18:15:00Z', 'Asia/Kathmandu', '2026-03-02'],
    ['2011-12-30T09:59:00Z', 'Pacific/Apia', '2011-12-29'],
    ['2011-12-30T10:00:00Z', 'Pacific/Apia', '2011-12-31'],
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', '2026-10-25'],
  ])('%s in %s is %s', (instant, zone, day) => {
    expect(localDay(Date.parse(instant), zone)).toBe(day);
  });
});

describe('today', () => {
  afterEach(() => clock.reset());

  it('is the day of the clock in the zone, and makes no format anew for each of a list', () => {
    clock.travelTo(new Date('2026-03-01T23:30:00Z'));
    const made = jest.spyOn(Intl, 'DateTimeFormat');
    expect(Array.from({ length: 50 }, () => todayIn('Europe/Malta'))).toEqual(Array<string>(50).fill('2026-03-02'));
    expect(todayIn('America/Lima')).toBe('2026-03-01');
    expect(made.mock.calls.length).toBeLessThan(3);
    made.mockRestore();
  });
});
