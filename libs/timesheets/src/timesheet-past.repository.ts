import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import type { TimesheetEntryView } from './entries/timesheet-entry.dto.js';
import { ENTRY_COLUMNS } from './entries/timesheet-entry.repository.js';
import type { Diff, HistoryAction } from './history/timesheet-history.entity.js';
import type { Sheet } from './timesheet.repository.js';

/** A row of the history, as far as it is needed to go back. */
export interface PastRow {
  targetId: string;
  action: HistoryAction;
  diff: Diff | null;
  /** On submission who was asked; of one approval who is asked since. */
  metadata: { approvals?: { id: string; approverId: string }[]; approverId?: string } | null;
  occurredAt: string;
}

const PAST_COLUMNS = 'h."targetId", h.action, h.diff, h.metadata, h."occurredAt"';

/** SQL: the entry `e` was there at the instant `$4`. */
const EXISTED = `e."createdAt" <= $4 AND (e."deletedAt" IS NULL OR e."deletedAt" > $4)`;

/**
 * What the history, and what is left of deleted rows, tell about a timesheet at an instant. Each way to a few rows is asked for by itself: under one OR
 * none had an index, and all entries of the company were read.
 */
@Injectable()
export class TimesheetPastRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Entries that existed at the instant and belong, or then belonged, to the timesheet; as they are now. */
  async entries({ id, userId }: Sheet, instant: string): Promise<TimesheetEntryView[]> {
    return this.work.query<TimesheetEntryView>(
      `SELECT ${ENTRY_COLUMNS} FROM timesheet_entries e WHERE e."companyId" = $1 AND e."timesheetId" = $3 AND ${EXISTED}
       UNION
       SELECT ${ENTRY_COLUMNS} FROM (
         SELECT DISTINCT h."targetId" AS id FROM timesheet_history h
         WHERE h."companyId" = $1 AND h."userId" = $2 AND h."targetType" = 'TimesheetEntry' AND h."occurredAt" > $4
           AND h.diff -> 'timesheetId' ->> 'before' = $3::text
       ) moved
       CROSS JOIN LATERAL (SELECT e.* FROM timesheet_entries e WHERE e."companyId" = $1 AND e.id = moved.id OFFSET 0) e
       WHERE ${EXISTED}`,
      [userId, id, instant],
    );
  }

  /** All that happened to the timesheet itself, to its approvals and to these entries, the newest first. */
  rows(sheet: Sheet, entries: { id: string }[]): Promise<PastRow[]> {
    return this.work.query<PastRow>(
      `SELECT ${PAST_COLUMNS} FROM unnest($2::uuid[]) target (id)
       CROSS JOIN LATERAL (
         SELECT h.* FROM timesheet_history h
         WHERE h."companyId" = $1 AND h."targetType" IN ('Timesheet', 'TimesheetEntry') AND h."targetId" = target.id OFFSET 0
       ) h
       UNION ALL
       SELECT ${PAST_COLUMNS} FROM timesheet_history h
       WHERE h."companyId" = $1 AND h."targetType" = 'TimesheetApproval' AND h."userId" = $3 AND h.metadata ->> 'timesheetId' = $4
       ORDER BY "occurredAt" DESC`,
      [[sheet.id, ...entries.map(({ id }) => id)], sheet.userId, sheet.id],
    );
  }

  /** How often it has changed since, its entries and approvals included, and when it had changed last. */
  async changes({ id, userId }: Sheet, instant: string): Promise<{ since: number; lastAt: string | null }> {
    const [found] = await this.work.query<{ since: number; lastAt: string | null }>(
      `SELECT count(DISTINCT h."occurredAt") FILTER (WHERE h."occurredAt" > $4) AS since, max(h."occurredAt") FILTER (WHERE h."occurredAt" <= $4) AS "lastAt"
       FROM timesheet_history h
       WHERE h."companyId" = $1 AND h."userId" = $2
         AND (h."targetId" = $3 OR h.metadata ->> 'timesheetId' = $3::text OR h.diff -> 'timesheetId' ->> 'before' = $3::text)`,
      [userId, id, instant],
    );
    return found!;
  }
}
