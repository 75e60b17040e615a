import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { Passwords, requireStrongPassword, Sessions } from '#identity';
import type { SignUpBody, SignUpView } from './company.dto.js';
import { CompanyRepository } from './company.repository.js';
import { Founding } from './founding.js';

/** Makes a company with its roles, its settings and its owner, who is signed in at once. */
@Injectable()
export class SignUp {
  constructor(
    private readonly work: UnitOfWork,
    private readonly passwords: Passwords,
    private readonly founding: Founding,
    private readonly sessions: Sessions,
    private readonly companies: CompanyRepository,
  ) {}

  /** @throws 400 `password_too_weak`, 409 `company_name_taken` */
  async signUp(body: SignUpBody): Promise<SignUpView> {
    const { email, password, firstName, lastName } = body.owner;
    await requireStrongPassword(password, { email, names: [firstName, lastName, body.name] }, '/owner/password');
    const passwordHash = await this.passwords.hash(password);
    const [companyId, userId] = [randomUUID(), randomUUID()];
    return this.work.within({ companyId, userId }, async () => {
      await this.founding.found(body, passwordHash);
      const tokens = await this.sessions.start(userId);
      return { company: await this.companies.get(), user: tokens.user, tokens };
    });
  }
}
