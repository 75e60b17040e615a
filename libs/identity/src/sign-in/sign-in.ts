import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork } from '#core';
import type { AuditActionOn } from '#core';
import { Passwords } from '../passwords/passwords.js';
import { Sessions } from '../sessions/sessions.js';
import type { LoginBody, TokensView } from './auth.dto.js';
import { SignInAttempts } from './sign-in-attempts.js';

/** So many accounts an e-mail opens at most (`find_sign_in_accounts`). */
const MOST_ACCOUNTS = 5;

interface Account {
  companyId: string;
  companyName: string;
  userId: string;
  passwordHash: string;
  canLogin: boolean;
}

interface Proof {
  /** All that were looked at. */
  accounts: Account[];
  /** Those that the password opens. */
  fitting: Account[];
  /** Whether the e-mail has this one account only. */
  isSole: boolean;
  /** Nobody knows which of several companies is meant. The others must not learn of a person elsewhere. */
  isAmbiguous: boolean;
}

/** Costs what a row of the audit log costs, the commit that must reach the disk above all, and writes nothing. */
const NOTHING = `SELECT pg_logical_emit_message(true, 'ncy8', '') WHERE $1::uuid IS NOT NULL`;

/** Signing in with e-mail and password, across companies. */
@Injectable()
export class SignIn {
  constructor(
    private readonly work: UnitOfWork,
    private readonly passwords: Passwords,
    private readonly attempts: SignInAttempts,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
  ) {}

  /** @throws 401 `invalid_credentials`, 403 `account_not_active`, 409 `company_required`, 429 */
  async login({ email, password, companyId, deviceId }: LoginBody): Promise<TokensView> {
    const proof = await this.attempts.guard(email, {
      compare: () => this.compare(email, password, companyId),
      judge: (compared, isLast) => this.judge(compared, password, isLast),
      forgives: ({ isSole }) => isSole,
    });
    const account = await this.choose(proof);
    const tokens = await this.enter(account, email, password, deviceId);
    return tokens ?? this.enterAnew(account.companyId, email, password, deviceId);
  }

  /** @throws 403 `account_not_active`, 409 `company_required` */
  private async choose({ fitting, isAmbiguous }: Proof): Promise<Account> {
    const open = fitting.filter((account) => account.canLogin);
    if (open.length > 1) {
      throw new Problem('company_required', { extra: { companies: open.map((one) => ({ id: one.companyId, name: one.companyName })) } });
    }
    if (open[0]) return open[0];
    for (const account of fitting) await this.tell(account, isAmbiguous, 'sign_in_failed');
    throw new Problem('account_not_active');
  }

  /** The user was changed since the proof. Perhaps the hash only, renewed by a sign-in beside this one: then the password is as right as before. */
  private async enterAnew(companyId: string, email: string, password: string, deviceId?: string): Promise<TokensView> {
    const proof = await this.compare(email, password, companyId);
    const tokens = proof.fitting.length > 0 ? await this.enter(await this.choose(proof), email, password, deviceId) : undefined;
    if (!tokens) throw new Problem('invalid_credentials');
    return tokens;
  }

  /** Compares at least once: an e-mail without an account must find a full queue as one with an account does. */
  private async compare(email: string, password: string, companyId?: string): Promise<Proof> {
    const accounts = await this.find(email, companyId);
    const hashes = accounts.length > 0 ? accounts.map(({ passwordHash }) => passwordHash) : [undefined];
    const matches = await Promise.all(hashes.map((hash) => this.passwords.matches(hash, password)));
    const fitting = accounts.filter((_, index) => matches[index]);
    const all = fitting.length === 0 || companyId === undefined ? accounts : await this.find(email);
    return { accounts, fitting, isSole: all.length === 1, isAmbiguous: accounts.length > 1 };
  }

  /** Whoever proves the password may learn more than others. @throws 401, the same for every other reason */
  private async judge(proof: Proof, password: string, isLast: boolean): Promise<void> {
    if (proof.fitting.length > 0) return;
    await this.fail(proof, password, isLast);
    throw new Problem('invalid_credentials');
  }

  private find(email: string, companyId?: string): Promise<Account[]> {
    return this.work.outside<Account>('SELECT * FROM find_sign_in_accounts($1, $2)', [email, companyId ?? null]);
  }

  /** @returns undefined when the user is no more as they were at the proof */
  private async enter(account: Account, email: string, password: string, deviceId?: string): Promise<TokensView | undefined> {
    const { companyId, userId, passwordHash } = account;
    const renewed = this.passwords.isOutdated(passwordHash) ? await this.passwords.hash(password) : passwordHash;
    return this.work.within({ companyId, userId }, async () => {
      // All of it again: between proof and session password or e-mail may have been changed, the user suspended or deleted.
      const entered = await this.work.execute(
        `UPDATE users SET "lastLogin" = $3, "passwordHash" = $5 WHERE "companyId" = $1 AND id = $2 AND "passwordHash" = $4 AND email = $6::citext AND "deletedAt" IS NULL
           AND "statusId" IN (SELECT id FROM user_statuses WHERE "canLogin")`,
        [userId, this.work.now, passwordHash, renewed, email],
      );
      if (entered === 0) return undefined;
      return this.sessions.start(userId, deviceId);
    });
  }

  /**
   * Tells each account that may be meant, and spends for those that there are not what it takes for them: the time must not tell how many
   * there are. The hashes come last, as the queue may be too full for them.
   */
  private async fail({ accounts, isAmbiguous }: Proof, password: string, isLast: boolean): Promise<void> {
    const actions: AuditActionOn<'User'>[] = isLast ? ['sign_in_failed', 'account_locked'] : ['sign_in_failed'];
    const told = isAmbiguous ? accounts.filter(({ canLogin }) => canLogin) : accounts;
    for (const account of told) await this.tell(account, isAmbiguous, ...actions);
    for (let n = told.length; n < MOST_ACCOUNTS; n++)
      await this.work.within({ companyId: randomUUID(), userId: null }, () => this.work.query(NOTHING));
    const missing = Array.from({ length: MOST_ACCOUNTS - Math.max(accounts.length, 1) });
    await Promise.all(missing.map(() => this.passwords.matches(undefined, password)));
  }

  private tell({ companyId, userId }: Account, isUntraced: boolean, ...actions: AuditActionOn<'User'>[]): Promise<void> {
    return this.work.within({ companyId, userId: null }, async () => {
      for (const action of actions) await this.audit.record({ action, targetType: 'User', targetId: userId, userId, isUntraced });
    });
  }
}
