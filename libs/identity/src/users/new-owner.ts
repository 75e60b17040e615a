import { Injectable } from '@nestjs/common';
import { problemOf } from '#core';
import { requireStrongPassword } from '../passwords/password-strength.js';
import { Passwords } from '../passwords/passwords.js';
import { SignInAttempts } from '../sign-in/sign-in-attempts.js';
import { UserPolicy } from './user.policy.js';

/** Who signs a company up. Anybody may, so what costs little is checked before the password is hashed. */
@Injectable()
export class NewOwner {
  constructor(
    private readonly attempts: SignInAttempts,
    private readonly passwords: Passwords,
    private readonly policy: UserPolicy,
  ) {}

  /** @throws 400 for the address of an anonymised user, 400 `password_too_weak` */
  async require(
    { email, password, firstName, lastName }: { email: string; password: string; firstName: string; lastName: string },
    company: string,
  ): Promise<void> {
    this.policy.requireFreeForm(email, undefined, '/owner/email');
    await requireStrongPassword(password, { email, names: [firstName, lastName, company] }, '/owner/password');
  }

  /** Counts names that were taken, by address. @throws 429 when there were too many, before the work */
  counted<T>(work: () => Promise<T>): Promise<T> {
    return this.attempts.guardAddress(work, (error) => problemOf(error)?.code === 'company_name_taken');
  }

  hash(password: string): Promise<string> {
    return this.passwords.hashForSignUp(password);
  }
}
