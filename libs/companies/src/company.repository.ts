import { Injectable } from '@nestjs/common';
import { one, UnitOfWork } from '#core';
import type { SettingsRow } from './company-settings.dto.js';
import type { WorkWeek } from './company-settings.entity.js';
import type { CompanyRow } from './company.dto.js';

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
  async read(): Promise<CompanyRow> {
    return one(await this.work.last<CompanyRow>(COMPANY));
  }

  /** Within a change. @throws 404 when it was deleted */
  async get(): Promise<CompanyRow> {
    return one(await this.work.query<CompanyRow>(COMPANY));
  }

  /** For change of the company or its settings. The weaker lock, so that new records of the company need not wait. @throws 404 */
  async lock(): Promise<CompanyRow> {
    return one(await this.work.query<CompanyRow>(`${COMPANY} FOR NO KEY UPDATE`));
  }

  /** The whole answer of a request. */
  async readSettings(): Promise<SettingsRow> {
    return inOrder(one(await this.work.last<SettingsRow>(SETTINGS)));
  }

  /** Within a change. */
  async getSettings(): Promise<SettingsRow> {
    return inOrder(one(await this.work.query<SettingsRow>(SETTINGS)));
  }
}

const inOrder = (settings: SettingsRow): SettingsRow => ({ ...settings, workWeek: fromMonday(settings.workWeek) });

/** The database orders the keys of an object by their length. */
export function fromMonday(week: WorkWeek): WorkWeek {
  return Object.fromEntries(DAYS.flatMap((day) => (week[day] ? [[day, week[day]]] : [])));
}
