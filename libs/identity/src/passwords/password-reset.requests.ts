import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Audit, behindRequest, codeOf, InjectLog, Problem, requestScope, UnitOfWork } from '#core';
import { MailAllowance } from '../mail-allowance.js';
import { OneTimeLinks } from '../one-time-links.js';
import type { ForgotPasswordBody } from './password-reset.dto.js';

const WAITING = 1000;

interface Account {
  companyId: string;
  userId: string;
  canLogin: boolean;
}

/**
 * Who forgot the password. The work is done after the answer, one request after another: neither answer nor its time tells whether there
 * is such an account.
 */
@Injectable()
export class PasswordResetRequests implements BeforeApplicationShutdown {
  private waiting = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly work: UnitOfWork,
    private readonly allowance: MailAllowance,
    private readonly links: OneTimeLinks,
    private readonly audit: Audit,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** Takes the request; each account with this address that may sign in gets a mail. @throws 503 when too many wait */
  take(body: ForgotPasswordBody): void {
    if (this.waiting >= WAITING) throw new Problem('service_unavailable', { headers: { 'retry-after': '5' } });
    this.waiting++;
    const answer = () => behindRequest(() => this.answer(body));
    this.last = this.last.then(answer).finally(() => this.waiting--);
  }

  /** What was taken is done before the server goes. */
  beforeApplicationShutdown(): Promise<void> {
    return this.last;
  }

  private async answer({ email, companyId }: ForgotPasswordBody): Promise<void> {
    try {
      const accounts = await this.find(email, companyId);
      const all = companyId === undefined ? accounts : await this.find(email);
      for (const account of accounts.filter(({ canLogin }) => canLogin)) {
        const isAllowed = await this.allowance.takeReset(email, all.length > 1 ? account.companyId : null);
        if (isAllowed) await this.sendLink(account, accounts.length > 1);
      }
    } catch (error) {
      this.log.error({ requestId: requestScope.getStore()?.requestId, code: codeOf(error) }, 'a request for a new password failed');
    }
  }

  private find(email: string, companyId?: string): Promise<Account[]> {
    return this.work.outside<Account>('SELECT * FROM find_sign_in_accounts($1, $2)', [email, companyId ?? null]);
  }

  private sendLink({ companyId, userId }: Account, isUntraced: boolean): Promise<void> {
    return this.work.within({ companyId, userId: null }, async () => {
      if (!(await this.canStillLogin(userId))) return; // suspended or deleted since it was found
      await this.links.send(userId, 'password_reset');
      await this.audit.record({ action: 'password_reset_requested', targetType: 'User', targetId: userId, userId, isUntraced });
    });
  }

  /** Holds the user, so that it stays true until the link is made. */
  private async canStillLogin(userId: string): Promise<boolean> {
    const rows = await this.work.query(
      `SELECT u.id FROM users u JOIN user_statuses s ON s.id = u."statusId" AND s."canLogin"
       WHERE u."companyId" = $1 AND u.id = $2 AND u."deletedAt" IS NULL FOR UPDATE OF u`,
      [userId],
    );
    return rows.length > 0;
  }
}
