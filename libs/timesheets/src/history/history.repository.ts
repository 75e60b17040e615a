import { Injectable } from '@nestjs/common';
import { Accesses, Cursors, inRange, one, Query, UnitOfWork } from '#core';
import type { Page, PageQuery } from '#core';
import type { Principal } from '#rbac';
import type { HistoryQuery, HistoryView } from './history.dto.js';
import { readable } from './history.policy.js';

const LIST = 'timesheet-history';
/** The list of a timesheet's history, for {@link Cursors}. */
export const historyOf = (timesheetId: string): string => `${LIST} ${timesheetId}`;
const COLUMNS =
  'h.id, h."userId", h."targetType", h."targetId", h.action, h."actorUserId", h.reason, h.diff, h.metadata, h."occurredAt", h."createdAt", h."updatedAt", h.version';
const ROWS = `SELECT ${COLUMNS} FROM timesheet_history h WHERE h."companyId" = $1`;

@Injectable()
export class HistoryRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly accesses: Accesses,
  ) {}

  async list(caller: Principal, query: HistoryQuery): Promise<Page<HistoryView>> {
    const rows = new Query(ROWS)
      .and('h."userId" = ?', query.userId)
      .and('h."targetType" = ?', query.targetType)
      .and('h."targetId" = ?', query.targetId)
      .and('h.action = ?', query.action)
      .and('h."actorUserId" = ?', query.actorUserId);
    // in so many words, which an index of just these needs
    if (query.action !== undefined && query.action !== 'created') rows.and(`h.action <> 'created'`);
    if (query.targetType !== undefined && query.targetType !== 'TimesheetEntry') rows.and(`h."targetType" <> 'TimesheetEntry'`);
    const page = await this.newestFirst(LIST, query, await inRange(this.work, readable(rows, caller), 'h."occurredAt"', query));
    for (const userId of new Set(page.items.map((row) => row.userId))) this.noteRead('TimesheetHistory', null, userId);
    return page;
  }

  /** @throws 404 for a row that is not there, or that the caller may not read */
  async read(caller: Principal, id: string): Promise<HistoryView> {
    const { text, values } = readable(new Query(ROWS).and('h.id = ?', id), caller).page('h.id', 1);
    const found = one(await this.work.last<HistoryView>(text, values));
    this.noteRead('TimesheetHistory', id, found.userId);
    return found;
  }

  /**
   * The history of a timesheet with its entries and approvals: whole for the entries that are in it now; of those that were deleted or
   * moved since, what happened while they were in it. Whether the caller may read it is asked before.
   */
  async ofTimesheet({ id, userId }: { id: string; userId: string }, query: PageQuery): Promise<Page<HistoryView>> {
    const rows = new Query(ROWS).and('h."userId" = ?', userId).and(
      `(h."targetType" = 'Timesheet' AND h."targetId" = ?)
       OR h.metadata ->> 'timesheetId' = ? OR h.diff -> 'timesheetId' ->> 'before' = ? OR h.diff -> 'timesheetId' ->> 'after' = ?
       OR (h."targetType" = 'TimesheetEntry' AND h."targetId" IN (SELECT e.id FROM timesheet_entries e WHERE e."companyId" = $1 AND e."timesheetId" = ? AND e."deletedAt" IS NULL))`,
      ...Array<string>(5).fill(id),
    );
    const page = await this.newestFirst(historyOf(id), query, rows);
    this.noteRead('Timesheet', id, userId);
    return page;
  }

  /** That somebody read the history of another: of each person once a page. */
  noteRead(targetType: 'TimesheetHistory' | 'Timesheet', targetId: string | null, userId: string): void {
    this.accesses.record({ action: 'history_read', targetType, targetId, userId });
  }

  private async newestFirst(list: string, query: PageQuery, rows: Query): Promise<Page<HistoryView>> {
    const { text, values } = rows
      .after(['h."occurredAt"', 'h.id'], '<', this.cursors.after(list, query))
      .page('h."occurredAt" DESC, h.id DESC', query.limit);
    return this.cursors.page(list, query, await this.work.last<HistoryView>(text, values), ({ occurredAt, id }) => [occurredAt, id]);
  }
}
