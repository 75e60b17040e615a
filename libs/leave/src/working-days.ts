import { holidaysOf } from '#companies';
import type { WorkWeek } from '#companies';
import { daysBetween, daysFrom, portionOf } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';
import type { CountedDay } from './leave-request.entity.js';

/** What a company says of its days. */
export interface WorkCalendar {
  workWeek: WorkWeek;
  holidayCalendar: string | null;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** Every day of a leave under a company's calendar. */
export async function daysUnder({ workWeek, holidayCalendar }: WorkCalendar, period: LeavePeriod): Promise<CountedDay[]> {
  return countedDays(period, workWeek, await holidaysBetween(holidayCalendar, period.startDate, period.endDate));
}

/** Every day of a leave, what it costs and why. A holiday on a day without work is that: `not_in_work_week`. @param holidays names by day */
export function countedDays(period: LeavePeriod, workWeek: WorkWeek, holidays: ReadonlyMap<string, string>): CountedDay[] {
  return daysBetween(period.startDate, period.endDate).map((day) => {
    if (!isWorked(day, workWeek)) return { day, counted: 0, reason: 'not_in_work_week' };
    const holiday = holidays.get(day);
    if (holiday !== undefined) return { day, counted: 0, reason: holiday };
    return { day, counted: portionOf(day, period) === 'full' ? 1 : 0.5, reason: 'working_day' };
  });
}

/** Halves are exact in binary, so the sum is. */
export const sumOf = (days: readonly CountedDay[]): number => days.reduce((sum, { counted }) => sum + counted, 0);

/** The sum of {@link daysUnder} without its days, for lists: by weekdays, less the holidays on them and the halves. */
export async function sumUnder({ workWeek, holidayCalendar }: WorkCalendar, period: LeavePeriod): Promise<number> {
  const { startDate, endDate } = period;
  const holidays = await holidaysBetween(holidayCalendar, startDate, endDate);
  const counts = (day: string) => isWorked(day, workWeek) && !holidays.has(day);
  const isHalf = (day: string) => portionOf(day, period) !== 'full' && counts(day);
  const halves = [...new Set([startDate, endDate])].filter(isHalf).length;
  const free = [...holidays.keys()].filter((day) => isWorked(day, workWeek)).length;
  return worked(startDate, endDate, workWeek) - free - halves / 2;
}

/** How many days from one to another, both counted, are in a work week. */
function worked(from: string, to: string, workWeek: WorkWeek): number {
  const [first, length] = [new Date(from).getUTCDay(), daysFrom(from, to)];
  return WEEKDAYS.reduce((sum, name, weekday) => sum + (workWeek[name] ? Math.ceil((length - ((weekday - first + 7) % 7)) / 7) : 0), 0);
}

const isWorked = (day: string, workWeek: WorkWeek): boolean => workWeek[WEEKDAYS[new Date(day).getUTCDay()]!] !== undefined;

/** Names by day, of the holidays that are kept from one day to another, both counted; where two meet, the first. None without a calendar. */
export async function holidaysBetween(calendar: string | null, from: string, to: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let year = yearOf(from); year <= yearOf(to); year++) {
    for (const { date, name } of await holidaysOf(calendar, year)) {
      if (date >= from && date <= to && !found.has(date)) found.set(date, name);
    }
  }
  return found;
}

const yearOf = (day: string): number => Number(day.slice(0, 4));
