import ical, { ICalCalendarMethod, ICalEventTransparency } from 'ical-generator';
import type { ICalEventData } from 'ical-generator';
import { instantAt, ownTurn } from '#core';
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
}

const REFRESH_SECONDS = 3600;
const END = 'END:VCALENDAR';
/** Events that are written without letting anybody else run: some 2 ms. */
const SLICE = 100;
/** What text may not hold (RFC 5545, 3.3.11); the ends of lines are escaped. */
const CONTROL = /[^\P{Cc}\t\r\n]/gu;

/** RFC 5545. Others run while it is written. @param timezone the company's, at whose noon halves are parted */
export async function calendarOf(entries: CalendarEntry[], timezone: string): Promise<string> {
  const calendar = ical({
    prodId: { company: 'NCY_8', product: 'Leave' },
    name: 'Absences',
    method: ICalCalendarMethod.PUBLISH,
    ttl: REFRESH_SECONDS,
  });
  const head = calendar.toString().slice(0, -END.length);
  let text = head;
  for (let from = 0; from < entries.length; from += SLICE) {
    await ownTurn();
    calendar.clear().events(entries.slice(from, from + SLICE).map((entry) => eventOf(entry, timezone)));
    text += calendar.toString().slice(head.length, -END.length);
  }
  return `${text}${END}\r\n`;
}

/** Full days are an all-day event, what begins or ends at noon has times; an event keeps its UID whatever changes. */
function eventOf(entry: CalendarEntry, timezone: string): ICalEventData {
  const { id, firstName, lastName, leaveType, startDate, endDate, startPortion, endPortion } = entry;
  const updatedAt = new Date(entry.updatedAt);
  const isFullDays = startPortion === 'full' && endPortion === 'full';
  return {
    id: `${id}@leave.ncy8`,
    stamp: updatedAt,
    lastModified: updatedAt,
    summary: leaveType ? `Away (${leaveType})` : `Away: ${firstName} ${lastName}`.replaceAll(CONTROL, ''),
    transparency: leaveType ? ICalEventTransparency.OPAQUE : ICalEventTransparency.TRANSPARENT,
    ...(isFullDays
      ? { allDay: true, start: new Date(startDate), end: new Date(dayAfter(endDate, 1)) } // the end is the first day that is free
      : {
          start: new Date(instantAt(startDate, startPortion === 'afternoon' ? 12 : 0, timezone)),
          end: new Date(instantAt(endDate, endPortion === 'morning' ? 12 : 24, timezone)),
        }),
  };
}
