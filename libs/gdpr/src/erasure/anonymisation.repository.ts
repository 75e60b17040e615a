import { Injectable } from '@nestjs/common';
import { isHeld, UnitOfWork } from '#core';
import { userSelect } from '#identity';
import type { UserView } from '#identity';
import { LeaveLocks } from '#leave';
import { TimesheetLocks } from '#timesheets';
import { latest } from './erasure-plan.js';

/** A user, deleted or not. */
export interface Subject extends UserView {
  isDeleted: boolean;
  isHeld: boolean;
}

const MORE = `, u."deletedAt" IS NOT NULL AS "isDeleted",
         ${isHeld('u.id')} AS "isHeld"`;
/** SQL: answers kept for repeats that name the user `$2`. */
const NAMING = `"companyId" = $1 AND (strpos(body, $2::text) > 0 OR strpos(headers::text, $2::text) > 0)`;
const SUBJECT = `${userSelect(MORE)} AND u.id = $2`;

@Injectable()
export class AnonymisationRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly time: TimesheetLocks,
    private readonly leave: LeaveLocks,
  ) {}

  /**
   * Until the end of the transaction nobody signs in as this user, no hold is set, no record of theirs is added, and nobody is just writing a
   * note or a reason that the erasure would not see. Two statements: what is read beside the wait for a lock may be out of date.
   */
  async lock(id: string): Promise<Subject | undefined> {
    await this.time.hold([id]); // before any row, as all who take it
    await this.leave.hold(id);
    await this.work.query('SELECT 1 FROM users WHERE "companyId" = $1 AND id = $2 FOR UPDATE', [id]);
    return this.find(id);
  }

  async find(id: string): Promise<Subject | undefined> {
    return (await this.work.query<Subject>(SUBJECT, [id]))[0];
  }

  /** The version is moved by the erasure of the values. */
  async mark(id: string): Promise<void> {
    await this.work.execute(
      `UPDATE users SET "isAnonymized" = true, "statusId" = (SELECT t.id FROM user_statuses t WHERE t.code = 'TERMINATED')
       WHERE "companyId" = $1 AND id = $2`,
      [id],
    );
  }

  /** Answers kept for the repeats of others (who created the user, say) tell of the person too. */
  async forgetAnswersAbout(id: string): Promise<void> {
    await this.work.execute(`DELETE FROM idempotency_keys WHERE ${NAMING}`, [id]);
  }

  /** Once more: later answers tell of a deleted user, and are wanted for repeats. */
  async forgetAnswersOfThen(id: string): Promise<void> {
    await this.work.execute(`DELETE FROM idempotency_keys WHERE ${NAMING} AND "createdAt" <= (${latest('= $2::uuid')})`, [id]);
  }
}
