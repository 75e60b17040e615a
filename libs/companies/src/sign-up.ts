import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { formFaults, refuseFaults, UnitOfWork } from '#core';
import { NewOwner, Sessions } from '#identity';
import type { SignUpBody, SignUpView } from './company.dto.js';
import { CompanyRepository } from './company.repository.js';
import { Founding } from './founding.js';

/** Makes a company with its roles, its settings and its owner, who is signed in at once. */
@Injectable()
export class SignUp {
  constructor(
    private readonly work: UnitOfWork,
    private readonly owners: NewOwner,
    private readonly founding: Founding,
    private readonly sessions: Sessions,
    private readonly companies: CompanyRepository,
  ) {}

  /** @throws 400, `password_too_weak` among them, 409 `company_name_taken`, 429 for an address that had too many names taken */
  async signUp(body: SignUpBody): Promise<SignUpView> {
    refuseFaults([...formFaults(body), ...(await this.owners.faults(body.owner, body.name))]);
    return this.owners.counted(() => this.make(body));
  }

  private async make(body: SignUpBody): Promise<SignUpView> {
    const tenant = { companyId: randomUUID(), userId: randomUUID() };
    await this.work.within(tenant, () => this.founding.requireFreeName(body.name)); // before the password is hashed
    const passwordHash = await this.owners.hash(body.owner.password);
    return this.work.within(tenant, async () => {
      await this.founding.found(body, passwordHash);
      const tokens = await this.sessions.start(tenant.userId);
      return { company: await this.companies.get(), user: tokens.user, tokens };
    });
  }
}
