import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, faultsIn, formFaults, Problem, refuseFaults } from '#core';
import type { Principal } from '#rbac';
import { Invitations } from '../invitations/invitation.service.js';
import { NewPassword } from '../passwords/new-password.js';
import { weaknesses } from '../passwords/password-strength.js';
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
  async create(caller: Principal, body: CreateUser): Promise<UserView> {
    await this.refuseInvalid(body);
    const { password, ...fields } = body;
    if (password !== undefined && caller.sessionId === null) throw new Problem('forbidden', { detail: 'No password with an API key' });
    const { email } = fields;
    let passwordHash = '';
    if (password !== undefined) {
      await this.require(caller, fields); // before the password is hashed, which costs most
      if (await this.users.isEmailTaken(email)) throw new Problem('email_taken');
      passwordHash = await this.newPassword.hash(password);
    }
    await this.require(caller, fields);
    const id = randomUUID();
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

  /** @throws 400 `unknown_reference`, 403 `privilege_escalation`, 409 `email_domain_not_allowed` */
  private async require(caller: Principal, { roleId, email }: Pick<CreateUser, 'roleId' | 'email'>): Promise<void> {
    await this.policy.requireHeld(caller, await this.policy.role(roleId), null);
    await this.policy.requireAllowedEmail(email);
  }

  /** All at once, so the role is asked for here where the body is refused anyway. */
  private async refuseInvalid(body: Partial<CreateUser>): Promise<void> {
    const { email, firstName, lastName, roleId, password } = body;
    const faults = [
      ...formFaults(body),
      ...faultsIn({ email: email && this.policy.faultOfEmail(email) }),
      ...(password === undefined ? [] : await weaknesses(password, { email, names: [firstName, lastName] })),
    ];
    if (faults.length > 0 && roleId && !(await this.policy.keeps(roleId)))
      faults.push({ pointer: '/roleId', detail: 'names nothing here', code: 'unknown_reference' });
    refuseFaults(faults);
  }
}
