import { Injectable } from '@nestjs/common';
import { Audit, changes, Company, expectVersion, Problem, todayIn, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import { Admins } from '#identity';
import type { SettingsPatch, SettingsView } from './company-settings.dto.js';
import { CompanySettings } from './company-settings.entity.js';
import type { CompanyView, UpdateCompany } from './company.dto.js';
import { CompanyRepository, fromMonday } from './company.repository.js';
import type { Holiday } from './holiday-years.js';
import { holidaysOf } from './holidays.js';

/** Changes of the company and its settings. Both show the time zone, so that both versions move with it. */
@Injectable()
export class CompanyService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly companies: CompanyRepository,
    private readonly admins: Admins,
    private readonly audit: Audit,
  ) {}

  /** @throws 400 for an owner who is no ACTIVE Admin, 412, 409 `company_name_taken`; a change that changes nothing leaves the version alone */
  async change(fields: UpdateCompany, expected: ExpectedVersion): Promise<CompanyView> {
    const before = await this.companies.lock();
    if (fields.ownerUserId && fields.ownerUserId !== before.ownerUserId) await this.requireAdmin(fields.ownerUserId);
    expectVersion(before, expected);
    const told = changes(before, fields);
    if (!told) return before;
    const { ownerUserId, ...named } = fields;
    if (named.timezone && named.timezone !== before.timezone) await this.updateSettings({ timezone: named.timezone });
    // No part of what the settings show: their version stays.
    if (ownerUserId) await this.work.execute('UPDATE company_settings SET "ownerUserId" = $2 WHERE "companyId" = $1', [ownerUserId]);
    await this.updateCompany(named);
    // Whose it was and whose it is: each finds it among what is told of them.
    for (const userId of told.after.ownerUserId ? [before.ownerUserId, ownerUserId] : [null])
      await this.audit.record({ action: 'company_updated', targetType: 'Company', targetId: before.id, userId, ...told });
    return this.companies.get();
  }

  /** @throws 412; a change that changes nothing leaves the version alone */
  async changeSettings(body: SettingsPatch, expected: ExpectedVersion): Promise<SettingsView> {
    const { id } = await this.companies.lock();
    const before = await this.companies.getSettings();
    expectVersion(before, expected);
    const { workWeek, ...others } = body;
    const fields: SettingsPatch = { ...others, ...(workWeek ? { workWeek: fromMonday(workWeek) } : {}) };
    const told = changes(before, fields);
    if (!told) return before;
    await this.updateSettings(fields);
    if (fields.timezone && fields.timezone !== before.timezone) await this.updateCompany({ timezone: fields.timezone });
    await this.audit.record({ action: 'company_settings_updated', targetType: 'CompanySettings', targetId: id, ...told });
    return this.companies.getSettings();
  }

  /** The holidays of the company that are kept in a year, the present one of its zone by default. */
  async holidays(year?: number): Promise<readonly Holiday[]> {
    const { holidayCalendar, timezone } = await this.companies.readSettings();
    return holidaysOf(holidayCalendar, year ?? Number(todayIn(timezone).slice(0, 4)));
  }

  private async requireAdmin(userId: string): Promise<void> {
    const mayOwn = await this.admins.mayOwn(userId);
    if (mayOwn === undefined) throw Problem.field('/ownerUserId', 'names nothing here', 'unknown_reference');
    if (!mayOwn) throw Problem.field('/ownerUserId', 'must be an ACTIVE Admin');
  }

  private async updateCompany(fields: { name?: string; timezone?: string }): Promise<void> {
    const { companyId } = this.work.tenant;
    await (await this.work.manager()).update(Company, { id: companyId }, { ...fields, ...this.work.changed() });
  }

  private async updateSettings(fields: SettingsPatch): Promise<void> {
    await this.work.update(CompanySettings, {}, fields);
  }
}
