import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork } from '#core';
import { SignInAttempts } from '../sign-in/sign-in-attempts.js';
import { Passwords } from './passwords.js';

export interface OwnAccount {
  userId: string;
  email: string;
  firstName: string;
  lastName: string;
  passwordHash: string;
}

/** Proof that whoever holds a session also knows the password. Wrong ones count as failed sign-ins: a stolen session must not guess. */
@Injectable()
export class PasswordProof {
  constructor(
    private readonly work: UnitOfWork,
    private readonly passwords: Passwords,
    private readonly attempts: SignInAttempts,
    private readonly audit: Audit,
  ) {}

  /** @throws 401 where the user is deleted since their request began */
  async account(userId: string): Promise<OwnAccount> {
    const [account] = await this.work.query<OwnAccount>(
      'SELECT id AS "userId", email, "firstName", "lastName", "passwordHash" FROM users WHERE "companyId" = $1 AND id = $2 AND "deletedAt" IS NULL',
      [userId],
    );
    if (!account) throw new Problem('not_signed_in');
    return account;
  }

  /** Outside every transaction: what the request has read so far is let go. @throws 401 `invalid_credentials`, 429 */
  async require(account: OwnAccount, password: string): Promise<void> {
    await this.work.commit();
    await this.attempts.guard(account.email, {
      compare: () => this.passwords.matches(account.passwordHash, password),
      judge: async (isRight, isLast) => {
        if (isRight) return;
        await this.recordFailure(account.userId, isLast);
        throw new Problem('invalid_credentials', { detail: 'The current password is wrong' });
      },
      forgives: () => false,
    });
  }

  private async recordFailure(userId: string, isLast: boolean): Promise<void> {
    const event = { targetType: 'User', targetId: userId, userId } as const;
    await this.audit.record({ ...event, action: 'password_change_failed' });
    if (isLast) await this.audit.record({ ...event, action: 'account_locked' });
    await this.work.commit(); // the refusal must not undo it
  }
}
