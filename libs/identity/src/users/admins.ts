import { Injectable } from '@nestjs/common';
import { Audit, lockKey, Problem, UnitOfWork } from '#core';
import type { SystemRole } from '#rbac';
import type { UserView } from './user.dto.js';

const ADMIN = 'Admin' satisfies SystemRole;
/** SQL: the user of status `t` and role `r` can sign in as Admin. */
const IS_ADMIN = `(t."canLogin" AND r.system AND r.name = '${ADMIN}')`;

const OTHERS = `
  SELECT u.id
  FROM users u
  JOIN roles r ON r."companyId" = $1 AND r.id = u."roleId"
  JOIN user_statuses t ON t.id = u."statusId"
  WHERE u."companyId" = $1 AND u."deletedAt" IS NULL AND u.id <> $2 AND ${IS_ADMIN}
  ORDER BY u."createdAt", u.id
  LIMIT 1`;
const PERSON = `
  SELECT ${IS_ADMIN} AS "mayOwn"
  FROM users u
  JOIN user_statuses t ON t.id = u."statusId"
  JOIN roles r ON r."companyId" = $1 AND r.id = u."roleId"
  WHERE u."companyId" = $1 AND u.id = $2 AND u."deletedAt" IS NULL
  FOR SHARE OF u`;

/** A company always keeps one user who can sign in as Admin, and one of these is its owner. */
@Injectable()
export class Admins {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: Audit,
  ) {}

  /**
   * Whoever may take an Admin away, or anybody at all, goes one after another; first of all locks of the transaction. Counting alone leaves
   * nobody when two remove each other (tried). NO KEY: it must not hold up everybody who adds a record that points at the company.
   */
  async lock(): Promise<void> {
    await this.work.query('SELECT 1 FROM companies WHERE id = $1 FOR NO KEY UPDATE');
  }

  /** {@link lock}, for who may come to decide the timesheets of others: whoever is just handing in is waited for, and who does then sees it done. */
  async lockDeciders(): Promise<void> {
    await this.lock();
    await this.work.write(`SELECT pg_advisory_xact_lock(${lockKey('deciders')})`);
  }

  /** Whether a living user may own the company: an ACTIVE Admin, and none else until the end of the transaction. Undefined for nobody. */
  async mayOwn(userId: string): Promise<boolean | undefined> {
    return (await this.work.query<{ mayOwn: boolean }>(PERSON, [userId]))[0]?.mayOwn;
  }

  /**
   * A user leaves, or gets another role: when it is an Admin, another one must be there, and becomes the owner in place of the user (the
   * one of longest standing). Under {@link lock}, before the change is written.
   * @throws 409 `last_admin`
   */
  async stepDown(user: Pick<UserView, 'id' | 'status' | 'role'>): Promise<void> {
    if (!(await this.makeWay(user))) throw new Problem('last_admin');
  }

  /** {@link stepDown} of one who has to go in any case. @returns false for the last Admin, who stays the owner */
  async makeWay(user: Pick<UserView, 'id' | 'status' | 'role'>): Promise<boolean> {
    if (user.role.name !== ADMIN || user.status !== 'ACTIVE') return true;
    const [successor] = await this.work.query<{ id: string }>(OTHERS, [user.id]);
    if (successor) await this.handOver(user.id, successor.id);
    return successor !== undefined;
  }

  private async handOver(ownerUserId: string, successorId: string): Promise<void> {
    const passed = await this.work.execute('UPDATE company_settings SET "ownerUserId" = $3 WHERE "companyId" = $1 AND "ownerUserId" = $2', [
      ownerUserId,
      successorId,
    ]);
    if (passed === 0) return;
    const { updatedAt, updatedByUserId } = this.work.changed();
    // The owner is shown with the company, not with the settings: the company's version is the one that moves.
    await this.work.execute('UPDATE companies SET version = version + 1, "updatedAt" = $2, "updatedByUserId" = $3 WHERE id = $1', [
      updatedAt,
      updatedByUserId,
    ]);
    await this.audit.record({
      action: 'company_owner_changed',
      targetType: 'Company',
      targetId: this.work.tenant.companyId,
      userId: successorId,
      before: { ownerUserId },
      after: { ownerUserId: successorId },
    });
  }
}
