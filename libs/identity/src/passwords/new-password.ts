import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { requireStrongPassword } from './password-strength.js';
import { Passwords } from './passwords.js';

/** Takes a new password. */
@Injectable()
export class NewPassword {
  constructor(
    private readonly work: UnitOfWork,
    private readonly passwords: Passwords,
  ) {}

  /**
   * Hashes outside every transaction: what the request has read so far is let go, and must be read again for its change.
   * @throws 400 `password_too_weak`
   */
  async hash(password: string, about: { email: string; names: string[] }, pointer = '/password'): Promise<string> {
    await requireStrongPassword(password, about, pointer);
    await this.work.commit();
    return this.passwords.hash(password);
  }
}
