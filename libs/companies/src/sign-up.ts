import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { problemOf, UnitOfWork } from '#core';
import { Passwords, requireStrongPassword, Sessions, SignInAttempts } from '#identity';
import type { SignUpBody, SignUpView } from './company.dto.js';
import { CompanyRepository } from './company.repository.js';
import { Founding } from './founding.js';

/** Makes a company with its roles, its settings and its owner, who is signed in at once. */
@Injectable()
export class SignUp {
  constructor(
    private readonly work: UnitOfWork,
    private readonly attempts: SignInAttempts,
    private readonly passwords: Passwords,
    private readonly founding: Founding,
    private readonly sessions: Sessions,
    private readonly companies: CompanyRepository,
  ) {}

  /** @throws 400 `password_too_weak`, 409 `company_name_taken`, 429 for an address that had too many names taken */
  async signUp(body: SignUpBody): Promise<SignUpView> {
    const { email, password, firstName, lastName } = body.owner;
    await requireStrongPassword(password, { email, names: [firstName, lastName, body.name] }, '/owner/password');
    return this.attempts.guardAddress(
      () => this.make(body),
      (error) => problemOf(error)?.code === 'company_name_taken',
    );
  }

  private async make(body: SignUpBody): Promise<SignUpView> {
    const tenant = { companyId: randomUUID(), userId: randomUUID() };
    await this.work.within(tenant, () => this.founding.requireFreeName(body.name)); // to hash is dear
    const passwordHash = await this.passwords.hashForSignUp(body.owner.password);
    return this.work.within(tenant, async () => {
      await this.founding.found(body, passwordHash);
      const tokens = await this.sessions.start(tenant.userId);
      return { company: await this.companies.get(), user: tokens.user, tokens };
    });
  }
}
