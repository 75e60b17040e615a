import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { Passwords } from './passwords.js';

/** Takes a new password that is strong enough, for somebody of the present company. */
@Injectable()
export class NewPassword {
  constructor(
    private readonly work: UnitOfWork,
    private readonly passwords: Passwords,
  ) {}

  /** Hashes outside every transaction: what the request has read so far is let go, and must be read again for its change. */
  async hash(password: string): Promise<string> {
    await this.work.commit();
    return this.passwords.hashNew(password, this.work.tenant.companyId);
  }
}
