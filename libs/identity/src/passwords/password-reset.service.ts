import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork } from '#core';
import { OneTimeLinks } from '../one-time-links.js';
import type { OpenLink } from '../one-time-links.js';
import { Sessions } from '../sessions/sessions.js';
import type { ResetPasswordBody } from './password-reset.dto.js';
import { requireStrongPassword, unchanged } from './password-strength.js';
import { Passwords } from './passwords.js';

/** A new password by a link from a mail. */
@Injectable()
export class PasswordReset {
  constructor(
    private readonly work: UnitOfWork,
    private readonly links: OneTimeLinks,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
  ) {}

  /** @throws 401 `invalid_token`, 400 `password_too_weak` (the link then still works) */
  async reset({ token, newPassword }: ResetPasswordBody): Promise<void> {
    const link = await this.links.find(token, 'password_reset');
    if (link.outgoingHash && (await this.passwords.matches(link.outgoingHash, newPassword))) throw unchanged('/newPassword');
    await requireStrongPassword(newPassword, { email: link.email, names: [link.firstName, link.lastName] }, '/newPassword');
    const passwordHash = await this.passwords.hashNew(newPassword, link.companyId);
    await this.work.within({ companyId: link.companyId, userId: link.userId }, () => this.replace(link, passwordHash));
  }

  private async replace(link: OpenLink, passwordHash: string): Promise<void> {
    const { userId } = link;
    await this.links.spend(link);
    const replaced = await this.work.execute(
      `UPDATE users SET "passwordHash" = $3, "mustChangePasswordAtNextLogin" = false, version = version + 1, "updatedAt" = $4, "updatedByUserId" = $2
       WHERE "companyId" = $1 AND id = $2 AND "deletedAt" IS NULL AND "statusId" IN (SELECT id FROM user_statuses WHERE "canLogin")`,
      [userId, passwordHash, this.work.now],
    );
    if (replaced === 0) throw new Problem('invalid_token'); // suspended or deleted since the link was looked at
    await this.links.revokeAll(userId);
    await this.sessions.revoke(userId);
    await this.audit.record({ action: 'password_reset', targetType: 'User', targetId: userId, userId });
  }
}
