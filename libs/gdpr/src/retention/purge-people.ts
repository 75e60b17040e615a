import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { EntityManager } from 'typeorm';
import { InjectLog, isHeld, Mail, NIL_ID, UnitOfWork } from '#core';
import { TimesheetLocks } from '#timesheets';
import { PersonErasure } from '../erasure/person-erasure.js';
import { ENTER_RETENTION, LEAVE_RETENTION } from './retention-role.js';

export type Counts = Record<string, number>;

/** Where the next batch goes on: behind whoever was looked at last. */
export interface Place {
  deletedAt: string;
  id: string;
}

interface Removal {
  counts: Counts;
  removed: string[];
  /** Whether it failed, and nobody went. */
  hasFailed: boolean;
  /** Who stays because others are writing their timesheets, entries or approvals at this moment. */
  busy: string[];
}

/** People who were looked at together. */
export interface Batch extends Removal {
  people: number;
  /** Where to go on. */
  last: Place;
}

export const FROM_THE_START: Place = { deletedAt: '-infinity', id: NIL_ID };

/** The place of those who were never deleted: behind all who were. */
const NEVER = 'infinity';

/** SQL: users `u` who were deleted before `$2`. */
const DELETED = `u."companyId" = $1 AND u."deletedAt" < $2`;
/** SQL: users `u` who were anonymised before `$2` and never deleted: what is kept of a "Deleted User" is about a person still. */
const ANONYMISED = `u."companyId" = $1 AND u."deletedAt" IS NULL AND u."isAnonymized" AND u.id IN (
    SELECT e."userId" FROM erasures e WHERE e."companyId" = $1 AND e.kind = 'anonymized' AND e."erasedAt" < $2)`;
const HELD = isHeld('u.id');
/** SQL: the `id` of everybody whose time was over before `$2`, and whether they are `held`. Each half has an index of its own. */
export const DUE = `SELECT u.id, ${HELD} AS held FROM users u WHERE ${DELETED} UNION ALL SELECT u.id, ${HELD} FROM users u WHERE ${ANONYMISED}`;

// Whoever is just being restored or held is passed over; until the end of the transaction no hold is set on the others.
const LOCK_DELETED = `
  SELECT u.id, u."deletedAt" FROM users u
  WHERE ${DELETED} AND (u."deletedAt", u.id) > ($3::timestamptz, $4::uuid) AND NOT ${HELD}
  ORDER BY u."deletedAt", u.id LIMIT $5 FOR UPDATE SKIP LOCKED`;
const LOCK_ANONYMISED = `
  SELECT u.id, '${NEVER}' AS "deletedAt" FROM users u
  WHERE ${ANONYMISED} AND u.id > $3 AND NOT ${HELD}
  ORDER BY u.id LIMIT $4 FOR UPDATE OF u SKIP LOCKED`;
// A statement of its own: what the one before saw may be older than its locks.
const STILL_FREE = `SELECT u.id FROM users u WHERE u."companyId" = $1 AND u.id = ANY ($2::uuid[]) AND NOT ${HELD}`;

/** Answers kept for safe repeats, a page of them: those that hold the id of somebody purged go. */
const ANSWERS = `
  WITH page AS MATERIALIZED (
    SELECT k.id, k.body || k.headers::text AS text FROM idempotency_keys k WHERE k."companyId" = $1 AND k.id > $2 ORDER BY k.id LIMIT $3),
  named AS MATERIALIZED (
    SELECT DISTINCT page.id FROM page, regexp_split_to_table(page.text, '[^0-9a-f-]+') AS part
    JOIN erasures e ON e."companyId" = $1 AND e.kind = 'purged' AND e."userId"::text = part),
  gone AS (DELETE FROM idempotency_keys x USING named WHERE x."companyId" = $1 AND x.id = named.id RETURNING x.id)
  SELECT page.id FROM page ORDER BY page.id DESC LIMIT 1`;

/**
 * Bounded waits. And plans that look at the values: as the connection's are kept, PostgreSQL's own checks of the foreign keys read whole tables
 * where a column has few values (who approves, in a company with one approver: 1.4 ms a user instead of 0.2).
 */
const MANNERS = ["SET LOCAL lock_timeout = '1s'", "SET LOCAL statement_timeout = '20s'", 'SET LOCAL plan_cache_mode = auto'];

/** Removes people with all that is theirs; a batch in the present transaction. */
@Injectable()
export class PurgePeople {
  constructor(
    private readonly work: UnitOfWork,
    private readonly erasure: PersonErasure,
    private readonly mail: Mail,
    private readonly time: TimesheetLocks,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** The next ones whose time was over before. @returns undefined when there is nobody left */
  async next(before: Date, after: Place, limit: number): Promise<Batch | undefined> {
    const due = await this.lock(before, after, limit);
    if (due.length === 0) return undefined;
    return { ...(await this.remove(due.map(({ id }) => id))), people: due.length, last: due.at(-1)! };
  }

  /**
   * These people, who are locked, all or none; under hold they stay. Their time is locked first: whoever waits to write it finds nothing then,
   * and leaves no line in a history that is gone.
   * @param doneAt when it was done first, if it is done again
   */
  async remove(userIds: string[], doneAt?: Date): Promise<Removal> {
    const manager = await this.work.manager();
    const [ours, free] = await Promise.all([
      this.time.tryToHold(userIds),
      this.work.query<{ id: string }>(STILL_FREE, [userIds]),
      inTurn(manager, ...MANNERS),
    ]);
    const isOurs = new Set(ours);
    const going = free.map(({ id }) => id).filter((id) => isOurs.has(id));
    const counts = going.length > 0 ? await this.tried(going, doneAt) : {};
    const removed = counts ? going : [];
    if (removed.length > 0) await this.mail.eraseFiles(removed);
    return { counts: counts ?? {}, removed, hasFailed: !counts, busy: userIds.filter((id) => !isOurs.has(id)) };
  }

  /**
   * Takes the answers that tell of people who were purged, behind all of them: to look for those of each batch would read all answers each time.
   * @returns where the next page begins; undefined when there is none
   */
  async forgetAnswers(after: string, limit: number): Promise<string | undefined> {
    return (await this.work.query<{ id: string }>(ANSWERS, [after, limit]))[0]?.id;
  }

  private async lock(before: Date, { deletedAt, id }: Place, limit: number): Promise<Place[]> {
    const isThroughDeleted = deletedAt === NEVER;
    const deleted = isThroughDeleted ? [] : await this.work.query<Place>(LOCK_DELETED, [before, deletedAt, id, limit]);
    if (deleted.length > 0) return deleted;
    return this.work.query<Place>(LOCK_ANONYMISED, [before, isThroughDeleted ? id : NIL_ID, limit]);
  }

  /** @returns undefined when it failed, and nothing of it was done */
  private async tried(userIds: string[], doneAt?: Date): Promise<Counts | undefined> {
    const manager = await this.work.manager();
    await inTurn(manager, 'SAVEPOINT people', ENTER_RETENTION);
    try {
      const counts = await this.erasure.remove(userIds, doneAt);
      await inTurn(manager, LEAVE_RETENTION, 'RELEASE SAVEPOINT people');
      return counts;
    } catch (error) {
      await inTurn(manager, 'ROLLBACK TO SAVEPOINT people', 'RELEASE SAVEPOINT people'); // fails itself when the connection is lost
      this.note(error, userIds.length);
      return undefined;
    }
  }

  /** Without the message, which could tell values of a row. */
  private note(error: unknown, users: number): void {
    const { code = 'unknown', constraint } = ((error as { driverError?: object }).driverError ?? error) as Record<
      string,
      string | undefined
    >;
    this.log.warn({ code, constraint, users }, 'users could not be purged together, or at all');
  }
}

/** Sent one behind the other, without waiting in between. */
const inTurn = (manager: EntityManager, ...texts: string[]) => Promise.all(texts.map((text) => manager.query(text)));

export function sum(all: Counts[]): Counts {
  const total: Counts = {};
  for (const counts of all) for (const [table, count] of Object.entries(counts)) total[table] = (total[table] ?? 0) + count;
  return total;
}
