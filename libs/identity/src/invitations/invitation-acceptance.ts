import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork, UserCame } from '#core';
import { OneTimeLinks } from '../one-time-links.js';
import type { OpenLink } from '../one-time-links.js';
import { requireStrongPassword } from '../passwords/password-strength.js';
import { Passwords } from '../passwords/passwords.js';
import { Sessions } from '../sessions/sessions.js';
import type { TokensView } from '../sign-in/auth.dto.js';
import { Admins } from '../users/admins.js';
import type { AcceptInvitationBody } from './invitation.dto.js';

/** An invited person comes in: chooses a password, may correct the name, and is signed in. */
@Injectable()
export class InvitationAcceptance {
  constructor(
    private readonly work: UnitOfWork,
    private readonly links: OneTimeLinks,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly admins: Admins,
    private readonly audit: Audit,
    private readonly userCame: UserCame,
  ) {}

  /** @throws 401 `invalid_token`, 400 `password_too_weak` (the link then still works) */
  async accept(body: AcceptInvitationBody): Promise<TokensView> {
    const link = await this.links.find(body.token, 'invitation');
    const { firstName = link.firstName, lastName = link.lastName } = body;
    await requireStrongPassword(body.password, { email: link.email, names: [firstName, lastName] });
    const passwordHash = await this.passwords.hashNew(body.password, link.companyId);
    return this.work.within({ companyId: link.companyId, userId: link.userId }, async () => {
      await this.activate(link, passwordHash, body);
      return this.sessions.start(link.userId);
    });
  }

  private async activate(link: OpenLink, passwordHash: string, { firstName, lastName, phoneNumber }: AcceptInvitationBody): Promise<void> {
    const { userId } = link;
    await this.admins.lockDeciders();
    await this.links.spend(link);
    const activated = await this.work.execute(
      `UPDATE users u SET "passwordHash" = $3, "mustChangePasswordAtNextLogin" = false, "statusId" = active.id, "lastLogin" = $4,
         "firstName" = coalesce($5, u."firstName"), "lastName" = coalesce($6, u."lastName"), "phoneNumber" = coalesce($7, u."phoneNumber"),
         version = u.version + 1, "updatedAt" = $4, "updatedByUserId" = $2
       FROM user_statuses active, user_statuses invited
       WHERE u."companyId" = $1 AND u.id = $2 AND u."deletedAt" IS NULL
         AND active.code = 'ACTIVE' AND invited.code = 'INVITED' AND u."statusId" = invited.id`,
      [userId, passwordHash, this.work.now, firstName ?? null, lastName ?? null, phoneNumber ?? null],
    );
    if (activated === 0) throw new Problem('invalid_token'); // terminated or deleted since the link was looked at
    await this.links.revokeAll(userId);
    await this.userCame.run(userId);
    const [before, after] = [{ status: 'INVITED' }, { status: 'ACTIVE' }];
    await this.audit.record({ action: 'invitation_accepted', targetType: 'User', targetId: userId, userId, before, after });
  }
}
