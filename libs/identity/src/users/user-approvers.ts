import { Injectable } from '@nestjs/common';
import { ApproversChanged, Audit, expectVersion, Problem, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import type { Principal } from '#rbac';
import { Admins } from './admins.js';
import { UserApprover } from './user.entity.js';
import { UserPolicy } from './user.policy.js';
import { UserRepository } from './user.repository.js';

/** Who decides a user's timesheets, with the version of the user. */
export interface ApproverList {
  approverIds: string[];
  version: number;
}

/** The approvers listed for a user. They belong to the user: a change moves the user's version. */
@Injectable()
export class UserApprovers {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly admins: Admins,
    private readonly audit: Audit,
    private readonly changed: ApproversChanged,
  ) {}

  /** @throws 404 */
  async read(userId: string): Promise<ApproverList> {
    const { version } = await this.users.get(userId);
    return { approverIds: await this.listed(userId), version };
  }

  /** @throws 400 `unknown_reference`, 403 `privilege_escalation`, 412 */
  async set(caller: Principal, userId: string, approverIds: string[], expected: ExpectedVersion): Promise<ApproverList> {
    // Nobody is deleted until the end. Not by locks on the approvers: a deletion holds its user and waits for those who list them.
    await this.admins.lockDeciders();
    await this.requireLiving(approverIds);
    const user = await this.users.lock(userId);
    await this.policy.requireOver(caller, userId, user.role.id);
    const before = await this.listed(userId);
    const added = approverIds.filter((id) => !before.includes(id));
    if (added.includes(caller.userId)) await this.policy.requireApproving(caller, userId);
    expectVersion(user, expected);
    const removed = await this.endAllBut(userId, approverIds);
    if (added.length === 0 && removed === 0) return { approverIds: before, version: user.version };
    await this.work.insert(
      UserApprover,
      added.map((approverId) => ({ userId, approverId })),
    );
    await this.users.update(userId, {});
    await this.changed.run(userId);
    const after = await this.read(userId);
    const told = { before: { approverIds: before }, after: { approverIds: after.approverIds } };
    await this.audit.record({ action: 'user_approvers_changed', targetType: 'User', targetId: userId, userId, ...told });
    return after;
  }

  private async listed(userId: string): Promise<string[]> {
    const rows = await this.work.query<{ approverId: string }>(
      `SELECT a."approverId" FROM user_approvers a
       JOIN users u ON u."companyId" = $1 AND u.id = a."approverId" AND u."deletedAt" IS NULL
       WHERE a."companyId" = $1 AND a."userId" = $2 AND a."deletedAt" IS NULL ORDER BY a."approverId"`,
      [userId],
    );
    return rows.map(({ approverId }) => approverId);
  }

  private async requireLiving(ids: string[]): Promise<void> {
    const living = new Set((await this.users.living(ids)).map(({ id }) => id));
    const errors = ids.flatMap((id, index) => (living.has(id) ? [] : [{ pointer: `/approverIds/${index}`, detail: 'names nothing here' }]));
    if (errors.length > 0) throw new Problem('unknown_reference', { errors });
  }

  /** Deleted people too: restored, they must not be back in a list that was set without them. */
  private endAllBut(userId: string, approverIds: string[]): Promise<number> {
    const { updatedAt, updatedByUserId } = this.work.changed();
    return this.work.execute(
      `UPDATE user_approvers SET "deletedAt" = $4, "updatedAt" = $4, "updatedByUserId" = $5, version = version + 1
       WHERE "companyId" = $1 AND "userId" = $2 AND "approverId" <> ALL ($3::uuid[]) AND "deletedAt" IS NULL`,
      [userId, approverIds, updatedAt, updatedByUserId],
    );
  }
}
