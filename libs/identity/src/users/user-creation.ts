import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, Problem } from '#core';
import type { Principal } from '#rbac';
import { Invitations } from '../invitations/invitation.service.js';
import { NewPassword } from '../passwords/new-password.js';
import type { CreateUser, UserView } from './user.dto.js';
import { PERSONAL, UserPolicy } from './user.policy.js';
import { UserRepository } from './user.repository.js';

/** New users: with a password at once, without one by invitation. */
@Injectable()
export class UserCreation {
  constructor(
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly newPassword: NewPassword,
    private readonly invitations: Invitations,
    private readonly audit: Audit,
  ) {}

  /** @throws 400 also for the address of an anonymised user, `password_too_weak`, `unknown_reference`, 403 `forbidden` for a password from an API key, `privilege_escalation`, 409 `email_domain_not_allowed`, `email_taken`, `external_id_taken`, 429 */
  async create(caller: Principal, { password, ...fields }: CreateUser): Promise<UserView> {
    if (password !== undefined && caller.sessionId === null) throw new Problem('forbidden', { detail: 'No password with an API key' });
    const { email, firstName, lastName } = fields;
    this.policy.requireFreeForm(email);
    const passwordHash = password === undefined ? '' : await this.newPassword.hash(password, { email, names: [firstName, lastName] });
    const id = randomUUID();
    const role = await this.policy.role(fields.roleId);
    await this.policy.requireHeld(caller, role, null);
    await this.policy.requireAllowedEmail(email);
    const isInvited = password === undefined;
    const user = await this.users.add(
      { ...fields, id, passwordHash, mustChangePasswordAtNextLogin: !isInvited },
      isInvited ? 'INVITED' : 'ACTIVE',
    );
    if (isInvited) await this.invitations.send(id, fields.email);
    const after = changes({}, { ...fields, status: user.status }, PERSONAL)?.after;
    await this.audit.record({ action: isInvited ? 'user_invited' : 'user_created', targetType: 'User', targetId: id, userId: id, after });
    return user;
  }
}
