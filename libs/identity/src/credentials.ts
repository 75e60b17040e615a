import { Injectable } from '@nestjs/common';
import { Mail, UnitOfWork, UserLeft } from '#core';
import { MailAllowance } from './mail-allowance.js';
import { OneTimeLinks } from './one-time-links.js';
import { Sessions } from './sessions/sessions.js';
import type { UserView } from './users/user.dto.js';

const NOTICE_MS = 7 * 24 * 3600 * 1000;

/** What opens an account, ended in the transaction of the reason. The user is locked. */
@Injectable()
export class Credentials {
  constructor(
    private readonly work: UnitOfWork,
    private readonly sessions: Sessions,
    private readonly links: OneTimeLinks,
    private readonly mail: Mail,
    private readonly allowance: MailAllowance,
    private readonly userLeft: UserLeft,
  ) {}

  /** A new password: the session that set it goes on, the others end, and so do open reset links. */
  async passwordChanged(userId: string, sessionId: string): Promise<void> {
    await this.sessions.revoke(userId, { except: sessionId });
    await this.links.revokeAll(userId);
  }

  /**
   * Another e-mail: what the old one was good for ends, and it is told, unless it was told too often: nobody has proven that it is the user's.
   * @param user as it was, with the old one
   */
  async emailChanged(user: Pick<UserView, 'id' | 'email'>): Promise<void> {
    await this.endSignIns(user.id);
    if (!(await this.allowance.takeNotice(user.email))) return;
    const expiresAt = new Date(this.work.now.getTime() + NOTICE_MS);
    await this.mail.queue({ to: user.id, template: 'email_changed', address: user.email, expiresAt });
  }

  /** A user leaves ACTIVE, is deleted or anonymised: nothing opens the account any more, and whoever registered with the hook is told. */
  async leave(userId: string): Promise<void> {
    await this.endSignIns(userId);
    const { updatedAt, updatedByUserId } = this.work.changed();
    await this.work.execute(
      `UPDATE api_keys SET "deletedAt" = $3, "updatedAt" = $3, "updatedByUserId" = $4, version = version + 1
       WHERE "companyId" = $1 AND "userId" = $2 AND "deletedAt" IS NULL`,
      [userId, updatedAt, updatedByUserId],
    );
    await this.userLeft.run(userId);
  }

  private async endSignIns(userId: string): Promise<void> {
    await this.sessions.revoke(userId);
    await this.links.revokeAll(userId);
  }
}
