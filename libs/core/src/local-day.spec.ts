import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { clock } from './clock.js';
import { instantAt, localDay, startOfDay, todayIn } from './local-day.js';

const FIRST = Date.parse('1970-01-02T00:00:00Z');
const LAST = Date.parse('2199-12-30T00:00:00Z');
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** Any minute, and often one near a change of clocks or the day that Apia skipped. */
const minute = fc.oneof(
  fc.integer({ min: FIRST / MINUTE, max: LAST / MINUTE }),
  fc
    .tuple(fc.constantFrom('2026-03-29T01:00Z', '2026-11-01T06:00Z', '2011-12-30T10:00Z'), fc.integer({ min: -1500, max: 1500 }))
    .map(([near, offset]) => Date.parse(near) / MINUTE + offset),
);

/** Any day, and often one near a change of clocks. */
const anyDay = fc
  .oneof(
    fc.integer({ min: Date.parse('1970-01-01') / DAY, max: Date.parse('2199-12-31') / DAY }),
    fc
      .tuple(
        fc.constantFrom('2026-03-29', '2026-10-25', '2026-11-01', '1986-01-01', '2024-04-26', '1972-01-07', '1987-10-25'),
        fc.integer({ min: -2, max: 2 }),
      )
      .map(([near, days]) => Date.parse(near) / DAY + days),
  )
  .map((days) => new Date(days * DAY).toISOString().slice(0, 10));
const anyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));

/** Days that were left out there, when the date line was moved. */
const NEVER: Record<string, string> = {
  'Pacific/Apia': '2011-12-30',
  'Pacific/Fakaofo': '2011-12-30',
  'Pacific/Enderbury': '1994-12-31',
  'Pacific/Kiritimati': '1994-12-31',
  'Pacific/Kwajalein': '1993-08-21',
};

/** The same by another way: the wall clock of the zone, part by part. */
function wallClock(instant: number, timeZone: string): Record<string, number> {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' });
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
}

describe('the day in a zone', () => {
  it('is what its clocks show, in every zone and over every change of clocks', () => {
    fc.assert(
      fc.property(minute, anyZone, (start, zone) => {
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

describe('the start of a day in a zone', () => {
  it('is its first instant, in every zone and whatever the clocks do', () => {
    fc.assert(
      fc.property(anyDay, anyZone, (day, zone) => {
        fc.pre(NEVER[zone] !== day);
        const start = startOfDay(day, zone);
        expect(localDay(start, zone)).toBe(day);
        expect(localDay(start - 1, zone)).not.toBe(day);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['2026-03-02', 'Europe/Berlin', '2026-03-01T23:00:00Z'],
    ['2026-10-25', 'Atlantic/Azores', '2026-10-25T00:00:00Z'], // midnight comes twice
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00Z'],
    ['2010-11-07', 'America/St_Johns', '2010-11-07T02:30:00Z'], // a minute later it was the day before again
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00Z'], // no midnight
    ['2018-02-18', 'America/Sao_Paulo', '2018-02-18T03:00:00Z'],
    ['1972-01-07', 'Africa/Monrovia', '1972-01-07T00:44:30Z'],
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00Z'], // no such day
    ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['1970-01-01', 'Pacific/Auckland', '1969-12-31T12:00:00Z'],
    ['2199-12-31', 'Pacific/Pago_Pago', '2199-12-31T11:00:00Z'],
  ])('of %s in %s is %s', (day, zone, instant) => {
    expect(startOfDay(day, zone)).toBe(Date.parse(instant));
  });
});

it.each([
  ['2026-03-29', 0, 'Europe/Berlin', '2026-03-28T23:00:00Z'],
  ['2026-03-29', 12, 'Europe/Berlin', '2026-03-29T10:00:00Z'],
  ['2026-03-29', 24, 'Europe/Berlin', '2026-03-29T22:00:00Z'],
  ['2000-01-15', 12, 'Africa/Khartoum', '2000-01-15T10:00:00Z'], // clocks went from noon to one
])('%s, %s h in %s is %s', (day, hour, zone, instant) => {
  expect(instantAt(day, hour, zone)).toBe(Date.parse(instant));
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
