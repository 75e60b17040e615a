import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork } from '#core';
import type { UserView } from './user.dto.js';

export const ADMIN = 'Admin';

const OTHERS = `
  SELECT u.id
  FROM users u
  JOIN roles r ON r."companyId" = $1 AND r.id = u."roleId" AND r.system AND r.name = '${ADMIN}'
  JOIN user_statuses t ON t.id = u."statusId" AND t."canLogin"
  WHERE u."companyId" = $1 AND u."deletedAt" IS NULL AND u.id <> $2
  ORDER BY u."createdAt", u.id
  LIMIT 1`;

/** A company always keeps one user who can sign in as Admin, and one of these is its owner. */
@Injectable()
export class Admins {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: Audit,
  ) {}

  /**
   * Whoever may take an Admin away goes one after another; first of all locks of the transaction. Counting alone leaves nobody when two
   * remove each other (tried). NO KEY: it must not hold up everybody who adds a record that points at the company.
   */
  async lock(): Promise<void> {
    await this.work.query('SELECT 1 FROM companies WHERE id = $1 FOR NO KEY UPDATE');
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
