import { Injectable } from '@nestjs/common';
import { lockKey, UnitOfWork } from '#core';

/**
 * Whoever writes a person's leave holds this lock until the end of the transaction, so that conflicts can be asked for before they happen
 * (after a violated constraint nothing can be asked any more). The exclusion constraint is the second fence.
 */
@Injectable()
export class LeaveLocks {
  constructor(private readonly work: UnitOfWork) {}

  /** Before any row of theirs, and behind the lock of their time where both are held. */
  async hold(userId: string): Promise<void> {
    await this.work.query(`SELECT pg_advisory_xact_lock(${lockKey('leave', '$2::text')})`, [userId]);
  }
}
