import ical, { ICalCalendarMethod, ICalEventTransparency } from 'ical-generator';
import { dayAfter } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';
import type { LeaveType } from './leave-request.entity.js';

/** An absence as the owner of a calendar sees it. */
export interface CalendarEntry extends LeavePeriod {
  id: string;
  firstName: string;
  lastName: string;
  /** Of one's own only. */
  leaveType: LeaveType | null;
  updatedAt: string;
  /** The instants at which it begins and ends in the company's zone; noon parts the halves. */
  startsAt: string;
  endsAt: string;
}

const REFRESH_SECONDS = 3600;

/** RFC 5545. Full days are all-day events, what begins or ends at noon has times; an event keeps its UID whatever changes. */
export function calendarOf(entries: CalendarEntry[]): string {
  const calendar = ical({
    prodId: { company: 'NCY_8', product: 'Leave' },
    name: 'Absences',
    method: ICalCalendarMethod.PUBLISH,
    ttl: REFRESH_SECONDS,
  });
  for (const entry of entries) {
    const { id, firstName, lastName, leaveType, startDate, endDate, startsAt, endsAt } = entry;
    const updatedAt = new Date(entry.updatedAt);
    const isFullDays = entry.startPortion === 'full' && entry.endPortion === 'full';
    calendar.createEvent({
      id: `${id}@leave.ncy8`,
      stamp: updatedAt,
      lastModified: updatedAt,
      summary: leaveType ? `Away (${leaveType})` : `Away: ${firstName} ${lastName}`,
      transparency: leaveType ? ICalEventTransparency.OPAQUE : ICalEventTransparency.TRANSPARENT,
      ...(isFullDays
        ? { allDay: true, start: new Date(startDate), end: new Date(dayAfter(endDate, 1)) } // the end is the first day that is free
        : { start: new Date(startsAt), end: new Date(endsAt) }),
    });
  }
  return calendar.toString();
}
