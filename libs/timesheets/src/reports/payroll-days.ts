import { daysUnder, sumOf } from '#leave';
import type { WorkCalendar } from '#leave';
import type { PayrollLeave } from './payroll.repository.js';

/**
 * Working days of a request that lie inside a range, as they were counted at the approval, whatever the work week is now. Of a request
 * where only their sum was kept, days are counted as of now up to that sum, and its last day settles the rest: so ranges that follow each
 * other add up all the same.
 */
export async function daysInside(
  request: PayrollLeave,
  { from, to }: { from: string; to: string },
  calendar: WorkCalendar,
): Promise<number> {
  const { startDate, endDate, workingDays, countedDays } = request;
  if (workingDays !== null && from <= startDate && endDate <= to) return workingDays;
  if (countedDays !== null) return sumOf(countedDays.filter(({ day }) => from <= day && day <= to));
  const days = await daysUnder(calendar, request);
  const whole = workingDays ?? sumOf(days);
  const upTo = (isCounted: (day: string) => boolean, isOver: boolean) =>
    isOver ? whole : Math.min(whole, sumOf(days.filter(({ day }) => isCounted(day))));
  return upTo((day) => day <= to, endDate <= to) - upTo((day) => day < from, endDate < from);
}
