import { Injectable } from '@nestjs/common';
import { lockKey, UnitOfWork } from '#core';

/**
 * Whoever writes a person's timesheets, entries or approvals holds this lock until the end of the transaction: so conflicts can be asked
 * for before they happen (after a violated constraint nothing can be asked any more), sums stay right, and inserts do not deadlock on
 * the exclusion constraints. Those stand behind it as the second fence.
 */
@Injectable()
export class TimesheetLocks {
  constructor(private readonly work: UnitOfWork) {}

  /** Locks these people's time, always in the same order, before any row of theirs. */
  async hold(userIds: string[]): Promise<void> {
    const inOrder = [...new Set(userIds)].toSorted();
    await this.work.query(`SELECT pg_advisory_xact_lock(${lockKey('timesheets', 'p.id')}) FROM unnest($2::text[]) AS p(id)`, [inOrder]);
  }

  /** Until the end of the transaction nobody comes to decide anybody's timesheets; a change of it that is under way is waited for. Behind {@link hold}. */
  async keepDeciders(): Promise<void> {
    await this.work.write(`SELECT pg_advisory_xact_lock_shared(${lockKey('deciders')})`);
  }

  /** Waits for nobody, so it may come behind rows of theirs. @returns whose time is locked now; that of the others is just being written */
  async tryToHold(userIds: string[]): Promise<string[]> {
    const held = await this.work.query<{ id: string }>(
      `SELECT p.id FROM unnest($2::text[]) AS p(id) WHERE pg_try_advisory_xact_lock(${lockKey('timesheets', 'p.id')})`,
      [userIds],
    );
    return held.map(({ id }) => id);
  }
}
