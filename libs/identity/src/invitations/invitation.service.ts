import { Injectable } from '@nestjs/common';
import { Audit, expectVersion, Problem } from '#core';
import type { ExpectedVersion } from '#core';
import type { Principal } from '#rbac';
import { MailAllowance } from '../mail-allowance.js';
import { OneTimeLinks } from '../one-time-links.js';
import type { ColleagueView, UserView } from '../users/user.dto.js';
import { UserPolicy } from '../users/user.policy.js';
import { UserRepository } from '../users/user.repository.js';

/** Invites who is new, and again who has not accepted yet. */
@Injectable()
export class Invitations {
  constructor(
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly allowance: MailAllowance,
    private readonly links: OneTimeLinks,
    private readonly audit: Audit,
  ) {}

  /** @throws 404, 403 `privilege_escalation`, 412, 409 `invalid_transition` or `email_domain_not_allowed`, 429 */
  async sendAgain(caller: Principal, userId: string, expected: ExpectedVersion): Promise<UserView | ColleagueView> {
    const user = await this.users.lock(userId);
    await this.policy.requireOver(caller, userId, user.role.id);
    expectVersion(user, expected);
    if (user.status !== 'INVITED') throw new Problem('invalid_transition', { detail: 'Only who has not accepted yet is invited again' });
    await this.policy.requireAllowedEmail(user.email);
    await this.send(userId, user.email);
    await this.audit.record({ action: 'invitation_sent', targetType: 'User', targetId: userId, userId });
    return this.users.show(caller, user);
  }

  /** The link before ends. Call it behind whatever else may refuse: only a mail that goes counts. @throws 429 */
  async send(userId: string, email: string): Promise<void> {
    await this.allowance.requireInvitation(email);
    await this.links.send(userId, 'invitation');
  }
}
