import { Injectable } from '@nestjs/common';
import { faultsIn, problemOf } from '#core';
import type { FieldFault } from '#core';
import { weaknesses } from '../passwords/password-strength.js';
import { Passwords } from '../passwords/passwords.js';
import { SignInAttempts } from '../sign-in/sign-in-attempts.js';
import { UserPolicy } from './user.policy.js';

interface Owner {
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

/** Who signs a company up. Anybody may, so what costs little is checked before the password is hashed. */
@Injectable()
export class NewOwner {
  constructor(
    private readonly attempts: SignInAttempts,
    private readonly passwords: Passwords,
    private readonly policy: UserPolicy,
  ) {}

  /** What is wrong with them besides the form, as far as that is sound. */
  async faults({ email, password, firstName, lastName }: Partial<Owner> = {}, company?: string): Promise<FieldFault[]> {
    return [
      ...faultsIn({ 'owner/email': email && this.policy.faultOfEmail(email) }),
      ...(password === undefined ? [] : await weaknesses(password, { email, names: [firstName, lastName, company] }, '/owner/password')),
    ];
  }

  /** Counts names that were taken, by address. @throws 429 when there were too many, before the work */
  counted<T>(work: () => Promise<T>): Promise<T> {
    return this.attempts.guardAddress(work, (error) => problemOf(error)?.code === 'company_name_taken');
  }

  hash(password: string): Promise<string> {
    return this.passwords.hashForSignUp(password);
  }
}
