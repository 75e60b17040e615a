import type { WorkWeek } from '#companies';
import { countedDays, holidaysBetween, sumOf } from '#leave';
import type { PayrollLeave } from './payroll.repository.js';

interface Settings {
  workWeek: WorkWeek;
  holidayCalendar: string | null;
}

/**
 * Working days of a request that lie inside a range. Ranges that follow each other add up to what was frozen at the approval, also when
 * the work week or the holidays have changed since: days are counted as of now up to that sum, and its last day settles the rest.
 */
export function daysInside(
  request: PayrollLeave,
  { from, to }: { from: string; to: string },
  { workWeek, holidayCalendar }: Settings,
): number {
  const { startDate, endDate, workingDays } = request;
  if (workingDays !== null && from <= startDate && endDate <= to) return workingDays;
  const days = countedDays(request, workWeek, holidaysBetween(holidayCalendar, startDate, endDate));
  const whole = workingDays ?? sumOf(days);
  const upTo = (isCounted: (day: string) => boolean, isOver: boolean) =>
    isOver ? whole : Math.min(whole, sumOf(days.filter(({ day }) => isCounted(day))));
  return upTo((day) => day <= to, endDate <= to) - upTo((day) => day < from, endDate < from);
}
