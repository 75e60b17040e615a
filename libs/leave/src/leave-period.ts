import { faultsIn, refuseFaults } from '#core';
import type { DayPortion } from './leave-request.entity.js';

/** The days of a leave request, both counted; the portions cut its first and its last day. */
export interface LeavePeriod {
  startDate: string;
  endDate: string;
  startPortion: DayPortion;
  endPortion: DayPortion;
}

/** Of one request, in days. So whatever touches a day began at most this long before it. */
export const LONGEST_LEAVE = 366;

const DAY_MS = 86_400_000;

/** Days, both counted, that are looked at together. */
const LONGEST_RANGE = 366;

/** @throws 400 for a period that ends before it starts, is too long, or whose halves leave a hole */
export const requirePeriod = (period: LeavePeriod): void =>
  refuseFaults(
    faultsIn({
      endDate: faultOfEndDate(period),
      startPortion: faultOfStartPortion(period),
      endPortion: faultOfEndPortion(period),
    }),
  );

/** What is wrong with the last day, if anything is; where one of the days is not given, nothing. So with the portions. */
export function faultOfEndDate({ startDate, endDate }: Partial<LeavePeriod>): string | undefined {
  if (!startDate || !endDate) return undefined;
  if (endDate < startDate) return 'must not be before startDate';
  return daysFrom(startDate, endDate) > LONGEST_LEAVE ? `must be at most ${LONGEST_LEAVE} days in all` : undefined;
}

export const faultOfStartPortion = (period: Partial<LeavePeriod>): string | undefined =>
  period.startPortion === 'morning' && isOverSeveralDays(period) ? 'must be full or afternoon, where it is several days' : undefined;

export function faultOfEndPortion(period: Partial<LeavePeriod>): string | undefined {
  const { startDate, endDate, startPortion, endPortion } = period;
  if (startDate && startDate === endDate && startPortion && endPortion && startPortion !== endPortion)
    return 'must be the startPortion, where it is one day';
  return endPortion === 'afternoon' && isOverSeveralDays(period) ? 'must be full or morning, where it is several days' : undefined;
}

/** Of days in the wrong order only what one day could not have either. */
function isOverSeveralDays({ startDate, endDate, startPortion, endPortion }: Partial<LeavePeriod>): boolean {
  if (!startDate || !endDate || !startPortion || !endPortion || startDate === endDate) return false;
  return startDate < endDate || startPortion !== endPortion;
}

/** What is wrong with the last day of a range besides its order, if anything is. */
export const faultOfRange = ({ from, to }: { from: string; to: string }): string | undefined =>
  daysFrom(from, to) > LONGEST_RANGE ? `must be at most ${LONGEST_RANGE} days in all` : undefined;

/** What of a period lies from one day to another, both counted; a day between the cuts is a full one. They must have a day in common. */
export function cut(period: LeavePeriod, from: string, to: string): LeavePeriod {
  const startDate = period.startDate < from ? from : period.startDate;
  const endDate = period.endDate > to ? to : period.endDate;
  const [startPortion, endPortion] = [portionOf(startDate, period), portionOf(endDate, period)];
  return { startDate, endDate, startPortion, endPortion };
}

/** How much of one of its days a period takes. */
export function portionOf(day: string, { startDate, endDate, startPortion, endPortion }: LeavePeriod): DayPortion {
  if (day === startDate) return startPortion;
  return day === endDate ? endPortion : 'full';
}

/** From one day to another, both counted. */
export const daysBetween = (from: string, to: string): string[] => Array.from({ length: daysFrom(from, to) }, (_, n) => dayAfter(from, n));

/** How many days there are from one to another, both counted. */
export const daysFrom = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;

/** @param days how many later; earlier when negative */
export const dayAfter = (day: string, days: number): string => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);

/** SQL: by what leave is ordered, the second half of a day behind the first; {@link beginningOf} gives the values. */
export const BEGINNING = ['l."startDate"', `(l."startPortion" = 'afternoon')`];

export const beginningOf = ({ startDate, startPortion }: LeavePeriod) => [startDate, startPortion === 'afternoon'];

/** SQL: the hours that leave takes, where a day runs from 0 to 24 h, an afternoon begins at 12 and a morning ends at 12. */
export const spanSql = (startDate: string, endDate: string, startPortion: string, endPortion: string): string => `tsrange(
  ${startDate} + CASE ${startPortion} WHEN 'afternoon' THEN interval '12 hours' ELSE interval '0 hours' END,
  ${endDate} + CASE ${endPortion} WHEN 'morning' THEN interval '12 hours' ELSE interval '24 hours' END)`;
