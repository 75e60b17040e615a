import type Calendar from 'date-holidays';
import type { HolidaysTypes } from 'date-holidays';
import { ownTurn } from '#core';
import { newCalendar, US_FEDERAL } from './holiday-calendars.js';

export interface Holiday {
  /** The day on which it is kept, `YYYY-MM-DD`. */
  date: string;
  /** In the language of the country. */
  name: string;
}

const DAY_MS = 86_400_000;
/** What is worked out without letting anybody else run, and one rule more (some 5 ms at worst). */
const SLICE_MS = 5;
/** Rules whose holidays are far from the turn of the year, also where they move. */
const FAR_FROM_NEW_YEAR = /^(?:substitutes )?(?:(?:\d{4}-)?(?:0[2-9]|1[01])-|easter|orthodox|(?:chinese|korean|vietnamese) 0?[1-9]-)/;

/** The public holidays of a calendar that are kept in a year, by day. Others run meanwhile. */
export async function workOut(code: string, year: number): Promise<Holiday[]> {
  await ownTurn();
  return code === US_FEDERAL ? federal(year) : national(code, year);
}

/** One on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
async function federal(year: number): Promise<Holiday[]> {
  const around = await publicOnes('US', year);
  const own = around.filter(({ substitute }) => !substitute);
  return inYear(
    year,
    own.map(({ start, name }) => ({ date: dayOf(onWeekday(start)), name })),
  );
}

function onWeekday(day: Date): Date {
  const weekday = day.getUTCDay();
  return new Date(day.getTime() + (weekday === 6 ? -DAY_MS : weekday === 0 ? DAY_MS : 0));
}

async function national(code: string, year: number): Promise<Holiday[]> {
  const around = await publicOnes(code, year);
  const replaced = new Set(around.filter(({ substitute }) => substitute).map((substitute) => replacedBy(substitute, around)));
  return inYear(
    year,
    around
      .filter((holiday) => !replaced.has(holiday))
      .flatMap(({ start, end, name }) => daysOf(start, end).map((date) => ({ date, name }))),
  );
}

/** Which holiday on a weekend a substitute such as `Christmas Day (substitute day)` stands for: the nearest of that name. */
function replacedBy(substitute: HolidaysTypes.Holiday, all: HolidaysTypes.Holiday[]): HolidaysTypes.Holiday | undefined {
  const distance = ({ start }: HolidaysTypes.Holiday) => Math.abs(start.getTime() - substitute.start.getTime());
  return all
    .filter((other) => !other.substitute && substitute.name.startsWith(`${other.name} (`) && [0, 6].includes(other.start.getUTCDay()))
    .filter((other) => distance(other) <= 7 * DAY_MS)
    .toSorted((a, b) => distance(a) - distance(b))[0];
}

/** All of a year, and of its neighbours what may reach into it: long holidays, substitutes, 1 January when it is kept on 31 December. */
async function publicOnes(code: string, year: number): Promise<HolidaysTypes.Holiday[]> {
  const calendar = newCalendar(code);
  const found = await told(calendar, year);
  for (const rule of Object.keys(rulesOf(calendar))) if (FAR_FROM_NEW_YEAR.test(rule)) calendar.unsetRule(rule);
  return [...(await told(calendar, year - 1)), ...found, ...(await told(calendar, year + 1))];
}

/** What the types of the library do not tell: each rule keeps what it was worked out to be in a year. */
const rulesOf = (calendar: Calendar) =>
  (calendar as unknown as { holidays: Record<string, false | { fn?: { inYear(year: number): unknown } }> }).holidays;

async function told(calendar: Calendar, year: number): Promise<HolidaysTypes.Holiday[]> {
  let since = performance.now();
  for (const rule of Object.values(rulesOf(calendar))) {
    if (rule) rule.fn?.inYear(year);
    if (performance.now() - since < SLICE_MS) continue;
    await ownTurn();
    since = performance.now();
  }
  return calendar.getHolidays(year);
}

/** The days of which more than half is free: some holidays begin the evening before, some are the afternoon of a working day. */
function daysOf(start: Date, end: Date): string[] {
  const days: string[] = [];
  for (let day = Math.floor(start.getTime() / DAY_MS) * DAY_MS; day < end.getTime(); day += DAY_MS) {
    const free = Math.min(end.getTime(), day + DAY_MS) - Math.max(start.getTime(), day);
    if (free > DAY_MS / 2) days.push(dayOf(new Date(day)));
  }
  return days;
}

const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/** Each once, by day. */
function inYear(year: number, holidays: Holiday[]): Holiday[] {
  const distinct = new Map(holidays.map((holiday) => [`${holiday.date} ${holiday.name}`, holiday]));
  return [...distinct.values()]
    .filter(({ date }) => date.startsWith(`${year}-`))
    .toSorted((a, b) => (a.date < b.date ? -1 : Number(a.date > b.date)));
}
