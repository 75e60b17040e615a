import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { holidaysOf } from '#companies';
import type { WorkWeek } from '#companies';
import { cut, daysBetween, daysFrom, requirePeriod } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';
import { countedDays, daysUnder, holidaysBetween, sumOf, sumUnder } from './working-days.js';

const NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const MONDAY_TO_FRIDAY: WorkWeek = Object.fromEntries(NAMES.slice(0, 5).map((day) => [day, [9, 17]]));
const FIRST = Date.UTC(2019, 0, 1);
const DAY_MS = 86_400_000;

const dayAt = (n: number) => new Date(FIRST + n * DAY_MS).toISOString().slice(0, 10);

/** A period that is allowed, somewhere in ten years: the holidays of one take 50 ms. */
const periods = fc
  .record({
    from: fc.integer({ min: 0, max: 3_650 }),
    length: fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 3, arbitrary: fc.integer({ min: 1, max: 366 }) }),
    half: fc.constantFrom('full', 'morning', 'afternoon' as const),
    startsAtNoon: fc.boolean(),
    endsAtNoon: fc.boolean(),
  })
  .map(({ from, length, half, startsAtNoon, endsAtNoon }) => ({
    startDate: dayAt(from),
    endDate: dayAt(from + length - 1),
    startPortion: length === 1 ? half : startsAtNoon ? 'afternoon' : 'full',
    endPortion: length === 1 ? half : endsAtNoon ? 'morning' : 'full',
  })) as fc.Arbitrary<LeavePeriod>;

const weeks = fc.subarray([...NAMES]).map((days): WorkWeek => Object.fromEntries(days.map((day) => [day, [9, 17]])));
const calendars = fc.constantFrom(null, 'us_federal_holidays', 'FR', 'DE-BY');

const weekdays = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' });

/** Whether somebody works at all on a day, told another way: weekdays by name from the formatter, holidays one year at a time. */
async function isWorkedOn(day: string, week: WorkWeek, calendar: string | null): Promise<boolean> {
  const weekday = weekdays.format(new Date(`${day}T12:00:00Z`)).toLowerCase();
  return weekday in week && !(await holidaysOf(calendar, Number(day.slice(0, 4)))).some(({ date }) => date === day);
}

/** In halves: every half day from the first to the last, but those that the portions leave out. */
async function halvesOf(period: LeavePeriod, week: WorkWeek, calendar: string | null): Promise<number> {
  const { startDate, endDate, startPortion, endPortion } = period;
  let halves = 0;
  const day = new Date(startDate);
  for (; day.getTime() <= Date.parse(endDate); day.setUTCDate(day.getUTCDate() + 1)) {
    const text = day.toJSON().split('T', 1)[0]!;
    if (await isWorkedOn(text, week, calendar)) halves += 2;
  }
  if (startPortion === 'afternoon' && (await isWorkedOn(startDate, week, calendar))) halves--;
  if (endPortion === 'morning' && (await isWorkedOn(endDate, week, calendar))) halves--;
  return halves;
}

describe('working days', () => {
  it('are those of an oracle, whatever week, calendar, portions and range, also counted without their days', async () => {
    await fc.assert(
      fc.asyncProperty(periods, weeks, calendars, async (period, workWeek, holidayCalendar) => {
        requirePeriod(period);
        const days = await daysUnder({ workWeek, holidayCalendar }, period);
        expect(sumOf(days) * 2).toBe(await halvesOf(period, workWeek, holidayCalendar));
        expect(await sumUnder({ workWeek, holidayCalendar }, period)).toBe(sumOf(days));
        expect(days).toHaveLength(daysFrom(period.startDate, period.endDate));
        for (const { day, counted, reason } of days) {
          expect(counted > 0).toBe(await isWorkedOn(day, workWeek, holidayCalendar));
          expect(reason === 'working_day').toBe(counted > 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    // 25 December a Saturday: kept on Friday the 24th; 1 January a Saturday: kept on 31 December
    ['us_federal_holidays', '2021-12-20', '2022-01-07', 13],
    // neither is moved in France; 25 December and 1 January are Saturdays
    ['FR', '2021-12-20', '2022-01-07', 15],
    // 6 January (Thursday) is a holiday in Bavaria alone
    ['DE-BY', '2021-12-20', '2022-01-07', 14],
    // 26 December a Thursday
    ['DE-BY', '2024-12-23', '2025-01-07', 8],
    ['FR', '2024-12-23', '2025-01-07', 10],
    ['us_federal_holidays', '2024-12-23', '2025-01-07', 10],
  ])('%s from %s to %s', async (calendar, startDate, endDate, due) => {
    const period: LeavePeriod = { startDate, endDate, startPortion: 'full', endPortion: 'full' };
    expect(await sumUnder({ workWeek: MONDAY_TO_FRIDAY, holidayCalendar: calendar }, period)).toBe(due);
  });

  it('call a holiday on a free day free, and count no half of it', () => {
    const holidays = new Map([
      ['2026-03-06', 'Friday feast'],
      ['2026-03-07', 'Saturday feast'],
    ]);
    const period: LeavePeriod = { startDate: '2026-03-05', endDate: '2026-03-07', startPortion: 'afternoon', endPortion: 'morning' };
    expect(countedDays(period, MONDAY_TO_FRIDAY, holidays)).toEqual([
      { day: '2026-03-05', counted: 0.5, reason: 'working_day' },
      { day: '2026-03-06', counted: 0, reason: 'Friday feast' },
      { day: '2026-03-07', counted: 0, reason: 'not_in_work_week' },
    ]);
    const half: LeavePeriod = { startDate: '2026-03-06', endDate: '2026-03-06', startPortion: 'morning', endPortion: 'morning' };
    expect(sumOf(countedDays(half, MONDAY_TO_FRIDAY, holidays))).toBe(0);
    expect(sumOf(countedDays(half, MONDAY_TO_FRIDAY, new Map()))).toBe(0.5);
  });

  it('know the holidays of every year that they touch, and none outside', async () => {
    const found = await holidaysBetween('FR', '2024-12-25', '2026-01-01');
    expect([...found.keys()].filter((day) => day.endsWith('-01-01'))).toEqual(['2025-01-01', '2026-01-01']);
    expect([...found.keys()].every((day) => day >= '2024-12-25' && day <= '2026-01-01')).toBe(true);
    expect((await holidaysBetween('FR', '2024-12-26', '2024-12-31')).size).toBe(0);
    expect((await holidaysBetween(null, '2024-12-25', '2026-01-01')).size).toBe(0);
  });
});

describe('a period cut to a range', () => {
  it('counts as much as its days in the range', () => {
    fc.assert(
      fc.property(periods, weeks, fc.integer({ min: -400, max: 400 }), fc.integer({ min: 0, max: 400 }), (period, week, shift, length) => {
        const start = Date.parse(period.startDate) + shift * DAY_MS;
        const [from, to] = [start, start + length * DAY_MS].map((time) => new Date(time).toISOString().slice(0, 10)) as [string, string];
        fc.pre(period.startDate <= to && period.endDate >= from);
        const inside = cut(period, from, to);
        requirePeriod(inside);
        const days = countedDays(period, week, new Map()).filter(({ day }) => day >= from && day <= to);
        expect(countedDays(inside, week, new Map())).toEqual(days);
        expect(daysBetween(inside.startDate, inside.endDate)).toEqual(days.map(({ day }) => day));
      }),
      { numRuns: 300 },
    );
  });
});
