import { createRequire } from 'node:module';
import type Calendar from 'date-holidays';
import type { HolidaysTypes } from 'date-holidays';

export interface Holiday {
  /** The day on which it is kept, `YYYY-MM-DD`. */
  date: string;
  /** In the language of the country. */
  name: string;
}

/** The eleven of 5 U.S.C. 6103: one on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
const US_FEDERAL = 'us_federal_holidays';
const DAY_MS = 86_400_000;
const KEPT_AT_MOST = 1000;

const require = createRequire(import.meta.url);
/** Loaded when the first calendar is asked for: it takes a tenth of the start, and megabytes. */
const library = () => require('date-holidays') as typeof Calendar;
let whole: Calendar | undefined;
const catalogue = (): Calendar => (whole ??= new (library())());

const kept = new Map<string, readonly Holiday[]>();
/** As the library tells them, a year of a country: 3 to 31 ms each, and every year is asked for with its neighbours. */
const told = new Map<string, HolidaysTypes.Holiday[]>();

/** Whether there is such a calendar: `us_federal_holidays`, or a country with or without its region, such as `FR` and `DE-BY`. */
export function isHolidayCalendar(code: unknown): code is string {
  if (typeof code !== 'string') return false;
  if (code === US_FEDERAL) return true;
  const [country = '', state, region, ...more] = code.split('-');
  if (more.length > 0 || !Object.hasOwn(catalogue().getCountries(), country)) return false;
  if (state === undefined) return true;
  if (!Object.hasOwn(catalogue().getStates(country) ?? {}, state)) return false;
  return region === undefined || Object.hasOwn(catalogue().getRegions(country, state) ?? {}, region);
}

/** The public holidays of a calendar that are kept in a year, by day; none without a calendar. */
export function holidaysOf(code: string | null, year: number): readonly Holiday[] {
  if (code === null) return [];
  const key = `${code} ${year}`;
  let holidays = kept.get(key);
  if (!holidays) {
    if (kept.size >= KEPT_AT_MOST) kept.clear();
    holidays = code === US_FEDERAL ? federal(year) : national(code, year);
    kept.set(key, holidays);
  }
  return holidays;
}

function federal(year: number): Holiday[] {
  const around = publicOnes('US', [year, year + 1]).filter(({ substitute }) => !substitute); // 1 January may be kept on 31 December
  return inYear(
    year,
    around.map(({ start, name }) => ({ date: dayOf(onWeekday(start)), name })),
  );
}

function onWeekday(day: Date): Date {
  const weekday = day.getUTCDay();
  return new Date(day.getTime() + (weekday === 6 ? -DAY_MS : weekday === 0 ? DAY_MS : 0));
}

function national(code: string, year: number): Holiday[] {
  const around = publicOnes(code, [year - 1, year, year + 1]);
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

function publicOnes(code: string, years: number[]): HolidaysTypes.Holiday[] {
  const [country = '', state = '', region = ''] = code.split('-');
  let calendar: Calendar | undefined;
  return years.flatMap((year) => {
    const key = `${code} ${year}`;
    const known = told.get(key);
    if (known) return known;
    calendar ??= new (library())(country, state, region, { timezone: 'UTC', types: ['public'] });
    const holidays = calendar.getHolidays(year);
    if (told.size >= KEPT_AT_MOST) told.clear();
    told.set(key, holidays);
    return holidays;
  });
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
