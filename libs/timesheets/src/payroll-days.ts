import { daysUnder, sumOf } from '#leave';
import type { WorkCalendar } from '#leave';
import type { PayrollLeave } from './payroll.repository.js';

/**
 * Working days of a request that lie inside a range. Ranges that follow each other add up to what was frozen at the approval, also when
 * the work week or the holidays have changed since: days are counted as of now up to that sum, and its last day settles the rest.
 */
export function daysInside(request: PayrollLeave, { from, to }: { from: string; to: string }, calendar: WorkCalendar): number {
  const { startDate, endDate, workingDays } = request;
  if (workingDays !== null && from <= startDate && endDate <= to) return workingDays;
  const days = daysUnder(calendar, request);
  const whole = workingDays ?? sumOf(days);
  const upTo = (isCounted: (day: string) => boolean, isOver: boolean) =>
    isOver ? whole : Math.min(whole, sumOf(days.filter(({ day }) => isCounted(day))));
  return upTo((day) => day <= to, endDate <= to) - upTo((day) => day < from, endDate < from);
}
