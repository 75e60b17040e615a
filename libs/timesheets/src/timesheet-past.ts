import { Injectable } from '@nestjs/common';
import { Cursors, Problem } from '#core';
import type { Page } from '#core';
import type { Principal } from '#rbac';
import type { ApprovalView } from './approvals/approval.dto.js';
import type { TimesheetEntryView } from './entries/timesheet-entry.dto.js';
import { entriesOf } from './entries/timesheet-entry.repository.js';
import { HistoryRepository } from './history/history.repository.js';
import { TimesheetPastRepository } from './timesheet-past.repository.js';
import type { PastRow } from './timesheet-past.repository.js';
import type { AsOfPage, TimesheetRecord } from './timesheet.dto.js';
import { TimesheetRepository } from './timesheet.repository.js';
import type { Sheet } from './timesheet.repository.js';

/**
 * A timesheet as it stood at an instant: the present, with what the history tells of later taken back, the newest first. What erasure has
 * blanked in the history since is told as it is now.
 */
@Injectable()
export class TimesheetPast {
  constructor(
    private readonly past: TimesheetPastRepository,
    private readonly timesheets: TimesheetRepository,
    private readonly cursors: Cursors,
    private readonly history: HistoryRepository,
  ) {}

  /** Nothing can be done to the past: `allowedActions` is empty. @throws 404 before it was made */
  async record(caller: Principal, sheet: Sheet, asOf: string): Promise<TimesheetRecord> {
    const instant = existing(sheet, asOf);
    this.history.noteRead('Timesheet', sheet.id, sheet.userId);
    const [found, changes, present] = [
      await this.past.entries(sheet, instant),
      await this.past.changes(sheet, instant),
      await this.timesheets.record(caller, sheet, instant),
    ];
    const rows = await this.past.rows(sheet, found);
    const record = undone(present, rows, instant);
    const entries = entriesAt(found, rows, sheet, instant);
    return {
      ...record,
      totalMinutes: entries.reduce((sum, { durationMin }) => sum + durationMin, 0),
      version: Math.max(1, present.version - changes.since), // each transaction moves it by one, and records at one instant
      updatedAt: updatedUntil(present, changes.lastAt ?? present.createdAt, instant),
      approvals: approvalsAt(record, rows, instant),
      allowedActions: [],
    };
  }

  /** @throws 404 before the timesheet was made */
  async listEntries(sheet: Sheet, query: AsOfPage & { asOf: string }): Promise<Page<TimesheetEntryView>> {
    const instant = existing(sheet, query.asOf);
    const list = entriesOf(sheet.id);
    const key = this.cursors.after(list, query);
    this.history.noteRead('Timesheet', sheet.id, sheet.userId);
    const found = await this.past.entries(sheet, instant);
    const entries = entriesAt(found, await this.past.rows(sheet, found), sheet, instant);
    const rest = entries.toSorted(inOrder).filter((entry) => !key || keyOf(entry).join(' ') > key.join(' '));
    return this.cursors.page(list, query, rest.slice(0, query.limit + 1), keyOf);
  }
}

/** The instant as the database takes it: it knows no offset beyond 15:59. */
function existing(sheet: Sheet, asOf: string): string {
  if (Date.parse(asOf) < Date.parse(sheet.createdAt)) throw new Problem('not_found');
  return new Date(asOf).toISOString();
}

/** Takes back what has happened to a record since. */
function undone<T extends { id: string }>(record: T, rows: PastRow[], instant: string): T {
  const past: Record<string, unknown> = { ...record };
  for (const { targetId, action, diff, occurredAt } of rows) {
    if (targetId !== record.id || action === 'created' || Date.parse(occurredAt) <= Date.parse(instant)) continue;
    for (const [field, { before }] of Object.entries(diff ?? {})) past[field] = before;
  }
  return past as T;
}

/** The entries of the timesheet at the instant. */
function entriesAt(found: TimesheetEntryView[], rows: PastRow[], sheet: Sheet, instant: string): TimesheetEntryView[] {
  const byEntry = Map.groupBy(rows, ({ targetId }) => targetId);
  return found.flatMap((entry) => {
    const own = byEntry.get(entry.id) ?? [];
    const since = own.filter(({ occurredAt }) => Date.parse(occurredAt) > Date.parse(instant));
    const last = own[since.length];
    const past = undone(entry, since, instant);
    const version = last ? Math.max(1, entry.version - since.length) : entry.version;
    const updatedAt = updatedUntil(entry, last?.occurredAt ?? entry.createdAt, instant);
    return past.timesheetId === sheet.id ? [{ ...past, version, updatedAt }] : [];
  });
}

/** An erasure changes a record and writes no line of it: then the last line until the instant tells. */
const updatedUntil = ({ updatedAt }: { updatedAt: string }, lastAt: string, instant: string): string =>
  Date.parse(updatedAt) > Date.parse(instant) ? lastAt : updatedAt;

/** What had been decided; and, where it was waiting, who was asked, had not answered and had not left. */
function approvalsAt(
  { approvals, status, submittedAt, id: timesheetId }: TimesheetRecord,
  rows: PastRow[],
  instant: string,
): ApprovalView[] {
  const decided = approvals.flatMap((approval) => decisionAt(approval, rows, instant) ?? []).toSorted(byDecision);
  if (status !== 'SUBMITTED' || !submittedAt) return decided;
  const until = rows.filter(({ occurredAt }) => Date.parse(occurredAt) <= Date.parse(instant));
  const round = until.slice(0, until.findIndex(({ action }) => action === 'submitted') + 1);
  const settled = new Set([
    ...decided.map(({ id }) => id),
    ...until.flatMap(({ action, targetId }) => (action === 'deleted' ? targetId : [])),
  ]);
  const asked = round.flatMap(({ targetId, metadata, occurredAt: at }) => {
    const { approverId, approvals: some = approverId ? [{ id: targetId, approverId }] : [] } = metadata ?? {};
    return some.map((one) => ({ ...one, createdAt: at, updatedAt: at }));
  });
  const pending = { timesheetId, status: 'PENDING', reason: null, decidedAt: null, digest: null, version: 1 } as const;
  const waiting = asked.filter(({ id }) => !settled.has(id)).map((one) => ({ ...one, ...pending }));
  return [...decided, ...waiting.toSorted(byId)];
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** As the record has them: rounds follow each other, and so do their decisions. */
const byDecision = (a: ApprovalView, b: ApprovalView): number => Date.parse(a.decidedAt!) - Date.parse(b.decidedAt!) || byId(a, b);

/** An approval that was decided by then; as its lines tell, where it was decided again since. */
function decisionAt(approval: ApprovalView, rows: PastRow[], instant: string): ApprovalView | undefined {
  const isUntil = (at: string) => Date.parse(at) <= Date.parse(instant);
  if (approval.decidedAt === null) return undefined;
  if (isUntil(approval.decidedAt)) return { ...approval, updatedAt: updatedUntil(approval, approval.decidedAt, instant) };
  const own = rows.filter(({ targetId }) => targetId === approval.id);
  const until = own.filter(({ occurredAt }) => isUntil(occurredAt));
  const then: Record<string, unknown> = { status: 'PENDING', reason: null, decidedAt: null, digest: null };
  for (const { diff } of until.toReversed()) for (const [field, { after }] of Object.entries(diff ?? {})) then[field] = after;
  if (then.decidedAt === null) return undefined;
  return { ...approval, ...then, version: approval.version - (own.length - until.length), updatedAt: until[0]!.occurredAt };
}

/** As lists of entries are ordered: instants on the minute compare as text, minutes come behind spans. */
const keyOf = ({ day, startedAt, id }: TimesheetEntryView): string[] => [day, startedAt ?? 'infinity', id];

const inOrder = (a: TimesheetEntryView, b: TimesheetEntryView): number => (keyOf(a).join(' ') < keyOf(b).join(' ') ? -1 : 1);
