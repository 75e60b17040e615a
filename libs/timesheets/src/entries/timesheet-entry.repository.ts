import { Injectable } from '@nestjs/common';
import { TEAM_PEOPLE } from '#companies';
import { among, companyZone, Cursors, instantText, one, Query, UnitOfWork } from '#core';
import type { JsonPage, PageQuery } from '#core';
import type { Principal } from '#rbac';
import { ofEachPerson, readableEntries } from '../timesheet.policy.js';
import type { ListedTimesheetEntry, TimesheetEntryQuery, TimesheetEntryView } from './timesheet-entry.dto.js';
import { TimesheetEntry } from './timesheet-entry.entity.js';

/** A new entry, complete. */
export type NewEntry = Omit<TimesheetEntryView, 'createdAt' | 'updatedAt' | 'version'>;

const LIST = 'timesheet-entries';
/** The list of a timesheet's entries, for {@link Cursors}. */
export const entriesOf = (timesheetId: string): string => `${LIST} ${timesheetId}`;

export const ENTRY_COLUMNS = `e.id, e."userId", e."timesheetId", e."actionCodeId", e."taskId", e."workMode", e.country, e."startedAt", e."endedAt", e.timezone,
  e."durationMin", e.day, e.note, e."createdAt", e."updatedAt", e.version`;

const living = (columns: string): string => `SELECT ${columns} FROM timesheet_entries e WHERE e."companyId" = $1 AND e."deletedAt" IS NULL`;

const LIVING = living(ENTRY_COLUMNS);

/** An entry of minutes comes behind the spans of its day. By CASE: coalesce would count as leaking, and no page could begin at its key. */
const START = `(CASE WHEN e."startedAt" IS NULL THEN 'infinity'::timestamptz ELSE e."startedAt" END)`;
const ORDER = `e.day, ${START}, e.id`;

/** What {@link withCodes} takes: it knows a page for sorted by a column alone. */
const SORTED = living(`${ENTRY_COLUMNS}, ${START} AS start`);

/** A page with its codes, looked up one by one: a plain join began at the codes and read all entries of the company (4 s of a million instead of 0.1 ms). */
const withCodes = (page: string): string => `
  SELECT ${ENTRY_COLUMNS}, e."actionCodeId" AS "actionCode.id", c.code AS "actionCode.code", c.name AS "actionCode.name" FROM (${page}) e
  CROSS JOIN LATERAL (SELECT a.code, a.name FROM action_codes a WHERE a."companyId" = $1 AND a.id = e."actionCodeId" OFFSET 0) c
  ORDER BY e.day, e.start, e.id`;

@Injectable()
export class TimesheetEntryRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async list(caller: Principal, query: TimesheetEntryQuery): Promise<JsonPage<ListedTimesheetEntry>> {
    // One's own are readable: to ask for them alone costs no look at whom else one leads or approves.
    const all = new Query(query.expand ? SORTED : LIVING);
    const isOwn = query.userId === caller.userId;
    const entries = (isOwn ? all : readableEntries(all, caller))
      .and('e."userId" = ?', query.userId)
      .and(among('e."userId"', TEAM_PEOPLE), query.teamId)
      .and('e."timesheetId" = ?', query.timesheetId)
      .and('e."actionCodeId" = ?', query.actionCodeId)
      .and('e."taskId" = ?', query.taskId)
      .and('e.day >= ?', query.from)
      .and('e.day <= ?', query.to);
    if (!isOwn && !query.timesheetId) ofEachPerson(entries, caller);
    return this.byDay(LIST, query, entries, query.expand ? withCodes : undefined);
  }

  /** Whether the caller may read the timesheet, is asked before. */
  ofTimesheet(timesheetId: string, query: PageQuery): Promise<JsonPage<TimesheetEntryView>> {
    return this.byDay(entriesOf(timesheetId), query, new Query(LIVING).and('e."timesheetId" = ?', timesheetId));
  }

  /** @throws 404 also for one that the caller may not read */
  async read(caller: Principal, id: string): Promise<TimesheetEntryView> {
    const { text, values } = readableEntries(new Query(LIVING).and('e.id = ?', id), caller).page('e.id', 1);
    return one(await this.work.query<TimesheetEntryView>(text, values));
  }

  /** Whether the caller may read it, is theirs to ask. @throws 404 */
  async get(id: string): Promise<TimesheetEntryView> {
    return one(await this.work.query<TimesheetEntryView>(`${LIVING} AND e.id = $2`, [id]));
  }

  /** For change: under the lock of its person, and after its last change. Whether the caller may read it, is theirs to ask. @throws 404 */
  async open(id: string): Promise<TimesheetEntryView> {
    const entry = await this.get(id);
    this.work.follow([entry]);
    return entry;
  }

  /** All at once (`RETURNING`: a distributed PostgreSQL needs it here). @returns them in the order given */
  async insert(entries: NewEntry[]): Promise<TimesheetEntryView[]> {
    const { createdAt, createdByUserId } = this.work.created();
    await this.work.write(
      `INSERT INTO timesheet_entries AS e ("companyId", id, "userId", "timesheetId", "actionCodeId", "taskId", "workMode", country, "startedAt", "endedAt",
         timezone, "durationMin", day, note, "createdAt", "updatedAt", "createdByUserId", "updatedByUserId")
       SELECT $1::uuid, n.id, n."userId", n."timesheetId", n."actionCodeId", n."taskId", n."workMode", n.country, n."startedAt", n."endedAt",
         n.timezone, n."durationMin", n.day, n.note, $3::timestamptz, $3::timestamptz, $4::uuid, $4::uuid
       FROM json_to_recordset($2::json) AS n(id uuid, "userId" uuid, "timesheetId" uuid, "actionCodeId" uuid, "taskId" uuid, "workMode" text,
         country text, "startedAt" timestamptz, "endedAt" timestamptz, timezone text, "durationMin" integer, day date, note text)
       RETURNING e.id`,
      [JSON.stringify(entries), createdAt, createdByUserId],
    );
    return entries.map((entry) => newView(entry, instantText(createdAt)));
  }

  async update(id: string, { startedAt, endedAt, ...fields }: Omit<NewEntry, 'id' | 'userId'>): Promise<void> {
    const span = { startedAt: startedAt && new Date(startedAt), endedAt: endedAt && new Date(endedAt) };
    await this.work.update(TimesheetEntry, { id }, { ...fields, ...span });
  }

  async delete(id: string): Promise<void> {
    await this.work.delete(TimesheetEntry, { id });
  }

  /** Where entries name no time zone. */
  companyTimezone(): Promise<string> {
    return companyZone(this.work);
  }

  /** A person's entries in a period that belong to no timesheet, for one to take in after their last change. */
  async loose(userId: string, start: string, end: string): Promise<TimesheetEntryView[]> {
    const text = `${LIVING} AND e."userId" = $2 AND e.day BETWEEN $3 AND $4 AND e."timesheetId" IS NULL ORDER BY ${ORDER}`;
    return this.work.follow(await this.work.query<TimesheetEntryView>(text, [userId, start, end]));
  }

  /** The entries of a timesheet, all of them, in the order of lists. */
  all(timesheetId: string): Promise<TimesheetEntryView[]> {
    return this.work.query<TimesheetEntryView>(`${LIVING} AND e."timesheetId" = $2 ORDER BY ${ORDER}`, [timesheetId]);
  }

  /** {@link all}, for the timesheet to leave after their last change. */
  async leaving(timesheetId: string): Promise<TimesheetEntryView[]> {
    return this.work.follow(await this.all(timesheetId));
  }

  /** Puts entries into a timesheet, or makes them loose. Its sum is the caller's to write. */
  async assign(entries: { id: string }[], timesheetId: string | null): Promise<void> {
    if (entries.length === 0) return;
    const { updatedAt, updatedByUserId } = this.work.changed();
    await this.work.execute(
      `UPDATE timesheet_entries e SET "timesheetId" = $3, version = e.version + 1, "updatedAt" = $4, "updatedByUserId" = $5
       WHERE e."companyId" = $1 AND e.id = ANY ($2)`,
      [entries.map(({ id }) => id), timesheetId, updatedAt, updatedByUserId],
    );
  }

  /** Writes the sums of timesheets whose entries changed, and moves their versions: an `If-Match` there means the entries too. */
  async rollUp(timesheetIds: (string | null)[]): Promise<void> {
    const ids = [...new Set(timesheetIds)].filter((id) => id !== null);
    if (ids.length === 0) return;
    const { updatedAt, updatedByUserId } = this.work.changed();
    await this.work.write(
      `UPDATE timesheets t
       SET "totalMinutes" = (
             SELECT coalesce(sum(e."durationMin"), 0) FROM timesheet_entries e
             WHERE e."companyId" = $1 AND e."timesheetId" = t.id AND e."deletedAt" IS NULL
           ),
           version = t.version + 1, "updatedAt" = $3, "updatedByUserId" = $4
       WHERE t."companyId" = $1 AND t.id = ANY ($2)`,
      [ids, updatedAt, updatedByUserId],
    );
  }

  private async byDay<T extends TimesheetEntryView>(
    list: string,
    query: PageQuery,
    entries: Query,
    completed = (page: string) => page,
  ): Promise<JsonPage<T>> {
    const key = this.cursors.after(list, query);
    const { text, values } = entries.after(['e.day', START, 'e.id'], '>', key).page(ORDER, query.limit);
    const rows = await this.work.lastAsJson<T>(completed(text), values);
    return this.cursors.json(list, query, rows, ({ day, startedAt, id }) => [day, startedAt ?? 'infinity', id]);
  }
}

const newView = (
  { id, userId, timesheetId, actionCodeId, taskId, workMode, country, startedAt, endedAt, timezone, durationMin, day, note }: NewEntry,
  now: string,
): TimesheetEntryView => ({
  id,
  userId,
  timesheetId,
  actionCodeId,
  taskId,
  workMode,
  country,
  startedAt,
  endedAt,
  timezone,
  durationMin,
  day,
  note,
  createdAt: now,
  updatedAt: now,
  version: 1,
});
