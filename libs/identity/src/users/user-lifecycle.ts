import { Injectable } from '@nestjs/common';
import { Audit, expectVersion, Problem, UserCame } from '#core';
import type { AuditActionOn, Change, ExpectedVersion } from '#core';
import type { Principal } from '#rbac';
import { Credentials } from '../credentials.js';
import { Admins } from './admins.js';
import type { ChangeStatus, ColleagueView, UserStatusCode, UserView } from './user.dto.js';
import { UserPolicy } from './user.policy.js';
import { UserRepository } from './user.repository.js';

/** What a status may become by hand; INVITED becomes ACTIVE by its link only. */
const NEXT: Record<UserStatusCode, readonly UserStatusCode[]> = {
  INVITED: ['TERMINATED'],
  ACTIVE: ['SUSPENDED', 'TERMINATED'],
  SUSPENDED: ['ACTIVE', 'TERMINATED'],
  TERMINATED: [],
};

/** Users come, rest and go. */
@Injectable()
export class UserLifecycle {
  constructor(
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly admins: Admins,
    private readonly credentials: Credentials,
    private readonly audit: Audit,
    private readonly userCame: UserCame,
  ) {}

  /** @throws 403 `privilege_escalation`, 412, 409 `invalid_transition`, `last_admin` */
  async changeStatus(
    caller: Principal,
    id: string,
    { code, reason }: ChangeStatus,
    expected: ExpectedVersion,
  ): Promise<UserView | ColleagueView> {
    const before = await this.lock(caller, id, expected, code === 'ACTIVE');
    if (!NEXT[before.status].includes(code)) {
      throw new Problem('invalid_transition', { detail: `${before.status} does not become ${code}` });
    }
    if (code !== 'ACTIVE') await this.admins.stepDown(before);
    await this.users.update(id, { statusId: await this.users.statusId(code) });
    if (code === 'ACTIVE') await this.userCame.run(id);
    else await this.credentials.leave(id);
    await this.tell('user_status_changed', id, {
      before: { status: before.status },
      after: { status: code, ...(reason ? { reason } : {}) },
    });
    return this.users.read(caller, id);
  }

  /** @throws 403 `privilege_escalation`, 412, 409 `last_admin` */
  async delete(caller: Principal, id: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.lock(caller, id, expected);
    await this.admins.stepDown(before);
    await this.credentials.leave(id);
    await this.users.delete(id);
    await this.users.moveLists(id);
    await this.tell('user_deleted', id, { before: { status: before.status, roleId: before.role.id } });
  }

  /**
   * Status and role are as before; no session or key comes back.
   * @throws 403 `privilege_escalation`, 412, 409 `invalid_transition`, `email_taken`, `conflict` where the role is gone, as that of an anonymised user may be
   */
  async restore(caller: Principal, id: string, expected: ExpectedVersion): Promise<UserView | ColleagueView> {
    await this.admins.lockDeciders();
    const before = await this.users.lockDeleted(id);
    if (!before) throw new Problem('not_found');
    const hasRole = await this.policy.keeps(before.roleId);
    if (hasRole) await this.policy.requireOver(caller, id, before.roleId);
    expectVersion(before, expected);
    if (!before.isDeleted) throw new Problem('invalid_transition', { detail: 'The user is not deleted' });
    if (!hasRole) throw new Problem('conflict', { detail: 'The role of the user was deleted' });
    await this.users.update(id, { deletedAt: null });
    await this.users.moveLists(id);
    await this.userCame.run(id);
    const user = await this.users.get(id);
    await this.tell('user_restored', id, { after: { status: user.status, roleId: user.role.id } });
    return this.users.show(caller, user);
  }

  private async lock(caller: Principal, id: string, expected: ExpectedVersion, comes = false): Promise<UserView> {
    await (comes ? this.admins.lockDeciders() : this.admins.lock());
    const user = await this.users.lock(id);
    await this.policy.requireOver(caller, id, user.role.id);
    expectVersion(user, expected);
    return user;
  }

  private tell(action: AuditActionOn<'User'>, id: string, told: Change): Promise<void> {
    return this.audit.record({ action, targetType: 'User', targetId: id, userId: id, ...told });
  }
}
