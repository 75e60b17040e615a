import { Injectable } from '@nestjs/common';
import { Audit, changes, clock, expectVersion, faultsIn, Problem, refuseFaults } from '#core';
import type { ExpectedVersion } from '#core';
import { may } from '#rbac';
import type { PermissionName, Principal, RoleView } from '#rbac';
import { Credentials } from '../credentials.js';
import { Invitations } from '../invitations/invitation.service.js';
import { Admins } from './admins.js';
import type { ColleagueView, UpdateUser, UserView } from './user.dto.js';
import { PERSONAL, UserPolicy } from './user.policy.js';
import { UserRepository } from './user.repository.js';

/** What one may change of oneself without a permission. */
const PROFILE: readonly string[] = ['firstName', 'lastName', 'phoneNumber'];

/** Changes of a user: profile, e-mail, role. */
@Injectable()
export class UserChanges {
  constructor(
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly admins: Admins,
    private readonly credentials: Credentials,
    private readonly invitations: Invitations,
    private readonly audit: Audit,
  ) {}

  /**
   * A change that changes nothing leaves the version alone.
   * @throws 403 for a field that the caller may not change, 400 for the address of an anonymised user, 403 `privilege_escalation`, 412, 409 `email_domain_not_allowed`, `email_taken`,
   *   `external_id_taken`, `last_admin`, `conflict` for what would tell again who an anonymised user was, 429 for too many invitations to
   *   the new address
   */
  async change(caller: Principal, id: string, fields: UpdateUser, expected: ExpectedVersion): Promise<UserView | ColleagueView> {
    requireFields(caller, id, fields);
    if (fields.email !== undefined) refuseFaults(faultsIn({ email: this.policy.faultOfEmail(fields.email, id) }));
    if (fields.roleId !== undefined) await this.admins.lock();
    const role = fields.roleId === undefined ? undefined : await this.policy.role(fields.roleId);
    const before = await this.users.lock(id);
    if (!isOwnProfile(caller, id, fields)) await this.policy.requireOver(caller, id, before.role.id);
    if (role) await this.policy.requireHeld(caller, role, id);
    expectVersion(before, expected);
    const told = changes({ ...before, roleId: before.role.id }, fields, PERSONAL);
    if (!told) return this.users.show(caller, before);
    if (before.isAnonymized && PERSONAL.some((field) => field in told.after)) throw anonymised(caller, id);
    await this.write(before, fields, role);
    await this.audit.record({ action: 'user_updated', targetType: 'User', targetId: id, userId: id, ...told });
    return this.users.read(caller, id);
  }

  private async write(before: UserView, fields: UpdateUser, role: RoleView | undefined): Promise<void> {
    const { id } = before;
    const isNewEmail = fields.email !== undefined && !(await this.users.hasEmail(id, fields.email));
    if (isNewEmail) await this.policy.requireAllowedEmail(fields.email!);
    if (role && role.id !== before.role.id) await this.admins.stepDown(before);
    await this.users.update(id, isNewEmail ? { ...fields, emailSince: clock.now() } : fields);
    if (!isNewEmail) return;
    await this.credentials.emailChanged(before);
    if (before.status !== 'INVITED') return;
    await this.invitations.send(id, fields.email!); // at the old one nobody accepts any more
    await this.audit.record({ action: 'invitation_sent', targetType: 'User', targetId: id, userId: id });
  }
}

/** Whoever was anonymised while their own request waited is signed in no more. */
const anonymised = (caller: Principal, id: string): Problem =>
  id === caller.userId ? new Problem('not_signed_in') : new Problem('conflict', { detail: 'The user is anonymised' });

/** What needs no permission, with an API key neither. */
const isOwnProfile = (caller: Principal, id: string, fields: UpdateUser): boolean =>
  id === caller.userId && Object.keys(fields).every((field) => PROFILE.includes(field));

/** Each field by its own permission. @throws 403 */
function requireFields(caller: Principal, id: string, fields: UpdateUser): void {
  for (const field of Object.keys(fields)) {
    const needed: PermissionName = field === 'roleId' ? 'assign_role' : 'update_user';
    if (may(caller, needed) || (id === caller.userId && PROFILE.includes(field))) continue;
    throw new Problem('forbidden', { detail: `${field} needs the permission ${needed}` });
  }
}
