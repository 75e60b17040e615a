import { Injectable } from '@nestjs/common';
import { Audit, Company, UnitOfWork } from '#core';
import { statusIdOf, User } from '#identity';
import { SystemRoles } from '#rbac';
import type { SystemRole } from '#rbac';
import { CompanySettings } from './company-settings.entity.js';
import type { WorkWeek } from './company-settings.entity.js';

interface Founded {
  name: string;
  timezone?: string;
  owner: { email: string; firstName: string; lastName: string };
}

const NINE_TO_FIVE: WorkWeek = { monday: [9, 17], tuesday: [9, 17], wednesday: [9, 17], thursday: [9, 17], friday: [9, 17] };

/** Writes a company with what it cannot be without, in its own transaction, acting as its owner. */
@Injectable()
export class Founding {
  constructor(
    private readonly work: UnitOfWork,
    private readonly roles: SystemRoles,
    private readonly audit: Audit,
  ) {}

  /**
   * Before the password is hashed, which costs most. The unique index is asked by an insert that is taken back, as nobody sees other companies; another may still
   * be quicker before {@link found}.
   * @throws 409 `company_name_taken`
   */
  async requireFreeName(name: string): Promise<void> {
    await this.insertCompany(name, 'UTC');
    await this.work.rollback();
  }

  /** @returns the ids of the system roles */
  async found({ name, timezone = 'UTC', owner }: Founded, passwordHash: string): Promise<Record<SystemRole, string>> {
    const { companyId, userId } = this.work.tenant;
    await this.insertCompany(name, timezone);
    const roleIds = await this.roles.make();
    const { email, firstName, lastName } = owner;
    await this.work.insert(User, {
      id: userId!,
      email,
      firstName,
      lastName,
      passwordHash,
      roleId: roleIds.Admin,
      statusId: await statusIdOf(this.work, 'ACTIVE'),
      lastLogin: this.work.now,
    });
    await this.work.insert(CompanySettings, { ownerUserId: userId!, timezone, workWeek: NINE_TO_FIVE });
    await this.audit.record({ action: 'company_created', targetType: 'Company', targetId: companyId, userId });
    return roleIds;
  }

  private async insertCompany(name: string, timezone: string): Promise<void> {
    const { companyId: id, ...stamps } = this.work.created();
    await (await this.work.manager()).insert(Company, { ...stamps, id, name, timezone });
  }
}
