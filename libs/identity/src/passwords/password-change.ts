import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork } from '#core';
import type { Principal } from '#rbac';
import { Credentials } from '../credentials.js';
import type { ChangePasswordBody } from '../sign-in/auth.dto.js';
import { PasswordProof } from './password-proof.js';
import type { OwnAccount } from './password-proof.js';
import { requireStrongPassword, unchanged } from './password-strength.js';
import { Passwords } from './passwords.js';

const POINTER = '/newPassword';

/** A new password by who knows the present one. */
@Injectable()
export class PasswordChange {
  constructor(
    private readonly work: UnitOfWork,
    private readonly proof: PasswordProof,
    private readonly passwords: Passwords,
    private readonly credentials: Credentials,
    private readonly audit: Audit,
  ) {}

  /** @throws 400 `password_too_weak`, 401 `invalid_credentials`, 429 */
  async change({ companyId, userId, sessionId }: Principal, { currentPassword, newPassword }: ChangePasswordBody): Promise<void> {
    const account = await this.proof.account(userId);
    const { email, firstName, lastName } = account;
    await requireStrongPassword(newPassword, { email, names: [firstName, lastName] }, POINTER);
    if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) throw unchanged(POINTER);
    await this.proof.require(account, currentPassword);
    const passwordHash = await this.passwords.hashNew(newPassword, companyId);
    const isReplaced = (await this.replace(account, passwordHash)) || (await this.replaceAnew(userId, currentPassword, passwordHash));
    if (!isReplaced) throw new Problem('invalid_credentials', { detail: 'The password has been changed meanwhile' });
    await this.credentials.passwordChanged(userId, sessionId!);
    await this.audit.record({ action: 'password_changed', targetType: 'User', targetId: userId, userId });
  }

  /** The hash was changed since the proof. Perhaps renewed by a sign-in beside this one: then the password is as right as before. */
  private async replaceAnew(userId: string, currentPassword: string, passwordHash: string): Promise<boolean> {
    const account = await this.proof.account(userId);
    await this.work.commit(); // no transaction waits for a hash
    return (await this.passwords.matches(account.passwordHash, currentPassword)) && this.replace(account, passwordHash);
  }

  /** The hash that was proved again: of many at once one gets through. @returns whether it was still there */
  private async replace({ userId, passwordHash: proved }: OwnAccount, passwordHash: string): Promise<boolean> {
    const replaced = await this.work.execute(
      `UPDATE users SET "passwordHash" = $4, "mustChangePasswordAtNextLogin" = false, version = version + 1, "updatedAt" = $5, "updatedByUserId" = $2
       WHERE "companyId" = $1 AND id = $2 AND "passwordHash" = $3 AND "deletedAt" IS NULL`,
      [userId, proved, passwordHash, this.work.now],
    );
    return replaced === 1;
  }
}
