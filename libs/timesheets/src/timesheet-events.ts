import type { Decision, MadeDecision } from './approvals/approval.repository.js';
import type { NewEntry } from './entries/timesheet-entry.repository.js';
import { diffOf } from './history/history.writer.js';
import type { HistoryEvent } from './history/history.writer.js';
import type { HistoryAction } from './history/timesheet-history.entity.js';
import type { TimesheetView } from './timesheet.dto.js';

/** Without the sum: that follows from the entries. */
const TIMESHEET_FIELDS = [
  'periodStart',
  'periodEnd',
  'status',
  'submittedAt',
  'submittedByUserId',
  'approvedAt',
  'approverId',
  'notes',
] as const satisfies (keyof TimesheetView)[];

const ENTRY_FIELDS = [
  'timesheetId',
  'actionCodeId',
  'taskId',
  'workMode',
  'country',
  'startedAt',
  'endedAt',
  'timezone',
  'durationMin',
  'day',
  'note',
] as const satisfies (keyof NewEntry)[];

const APPROVAL_FIELDS = ['status', 'reason', 'decidedAt', 'digest'] as const;

/** What happened to an entry; undefined when nothing did. */
export function changeOfEntry(action: HistoryAction, before: NewEntry | null, after: NewEntry | null): HistoryEvent | undefined {
  const { id, userId, timesheetId } = (after ?? before)!;
  const diff = diffOf(before, after, ENTRY_FIELDS);
  if (Object.keys(diff).length === 0) return undefined;
  return {
    userId,
    targetType: 'TimesheetEntry',
    targetId: id,
    action,
    diff,
    metadata: { timesheetId: timesheetId ?? before?.timesheetId ?? null },
  };
}

/** Entries that a timesheet takes in, or leaves loose. */
export const movedEntries = (entries: NewEntry[], timesheetId: string | null): HistoryEvent[] =>
  entries.flatMap((entry) => changeOfEntry('updated', entry, { ...entry, timesheetId }) ?? []);

/** What happened to a timesheet; undefined when nothing did. */
export function changeOfTimesheet(
  action: HistoryAction,
  before: TimesheetView | null,
  after: TimesheetView | null,
  more: Pick<HistoryEvent, 'reason' | 'metadata'> = {},
): HistoryEvent | undefined {
  const { id, userId } = (after ?? before)!;
  const diff = diffOf(before, after, TIMESHEET_FIELDS);
  if (Object.keys(diff).length === 0) return undefined;
  return { userId, targetType: 'Timesheet', targetId: id, action, diff, ...more };
}

/** One approver's decision. @param before what the approval was before, null for one who had not been asked */
export function decisionOn(
  { id: timesheetId, userId }: { id: string; userId: string },
  id: string,
  before: Decision | null,
  made: MadeDecision,
): HistoryEvent {
  const { status, reason } = made;
  const diff = diffOf(before, made, APPROVAL_FIELDS);
  return {
    userId,
    targetType: 'TimesheetApproval',
    targetId: id,
    action: status === 'APPROVED' ? 'approved' : 'rejected',
    reason,
    diff,
    metadata: { timesheetId },
  };
}

/** An approval that is waited for, or no more. */
export interface Asked {
  id: string;
  timesheetId: string;
  approverId: string;
  /** Whose timesheet. */
  userId: string;
}

/** Somebody is asked who was not on submission. */
export const askedSince = ({ id, timesheetId, approverId, userId }: Asked): HistoryEvent => ({
  userId,
  targetType: 'TimesheetApproval',
  targetId: id,
  action: 'created',
  diff: diffOf(null, { status: 'PENDING' }, APPROVAL_FIELDS),
  metadata: { timesheetId, approverId },
});

/** An approver who left, or decides no more, is asked no more. */
export const askedNoMore = ({ id, timesheetId, userId }: Asked): HistoryEvent => ({
  userId,
  targetType: 'TimesheetApproval',
  targetId: id,
  action: 'deleted',
  diff: diffOf({ status: 'PENDING' }, null, APPROVAL_FIELDS),
  metadata: { timesheetId },
});
