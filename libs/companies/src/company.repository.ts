import { Injectable } from '@nestjs/common';
import { one, UnitOfWork } from '#core';
import type { SettingsView } from './company-settings.dto.js';
import type { WorkWeek } from './company-settings.entity.js';
import type { CompanyView } from './company.dto.js';

const COMPANY = `
  SELECT c.id, c.name, s.timezone, s."ownerUserId", c."createdAt", c."updatedAt", c.version
  FROM companies c
  JOIN company_settings s ON s."companyId" = $1
  WHERE c.id = $1 AND c."deletedAt" IS NULL`;
const SETTINGS = `
  SELECT s.timezone, s."workWeek", s."holidayCalendar", s."timesheetApproverPolicy", s."allowedEmailDomains", s."requireCompanyEmail",
         s."createdAt", s."updatedAt", s.version
  FROM company_settings s
  WHERE s."companyId" = $1 AND s."deletedAt" IS NULL`;
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** The present company and its settings, in the form of answers. */
@Injectable()
export class CompanyRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** The whole answer of a request. @throws 404 when it was deleted */
  async read(): Promise<CompanyView> {
    return one(await this.work.last<CompanyView>(COMPANY));
  }

  /** Within a change. @throws 404 when it was deleted */
  async get(): Promise<CompanyView> {
    return one(await this.work.query<CompanyView>(COMPANY));
  }

  /** For change of the company or its settings. The weaker lock, so that new records of the company need not wait. @throws 404 */
  async lock(): Promise<CompanyView> {
    return one(await this.work.query<CompanyView>(`${COMPANY} FOR NO KEY UPDATE`));
  }

  /** The whole answer of a request. */
  async readSettings(): Promise<SettingsView> {
    return inOrder(one(await this.work.last<SettingsView>(SETTINGS)));
  }

  /** Within a change. */
  async getSettings(): Promise<SettingsView> {
    return inOrder(one(await this.work.query<SettingsView>(SETTINGS)));
  }
}

const inOrder = (settings: SettingsView): SettingsView => ({ ...settings, workWeek: fromMonday(settings.workWeek) });

/** The database orders the keys of an object by their length. */
export function fromMonday(week: WorkWeek): WorkWeek {
  return Object.fromEntries(DAYS.flatMap((day) => (week[day] ? [[day, week[day]]] : [])));
}
