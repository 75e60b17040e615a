import { Injectable } from '@nestjs/common';
import { CompanyRepository, CompanySettings } from '#companies';
import { Audit, changes, expectVersion, one, UnitOfWork, withHiddenVersion } from '#core';
import type { ExpectedVersion } from '#core';
import type { RetentionSettings } from './retention-settings.dto.js';

type Row = RetentionSettings & { version: number };

const SETTINGS = `
  SELECT s."deletedUserYears", s."auditLogYears", s."accessLogMonths", s."sessionDays", s.version
  FROM company_settings s WHERE s."companyId" = $1 AND s."deletedAt" IS NULL`;

/** How long a company keeps what; part of its settings, whose version it shares. */
@Injectable()
export class RetentionSettingsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly companies: CompanyRepository,
    private readonly audit: Audit,
  ) {}

  /** The whole answer of a request. */
  async read(): Promise<RetentionSettings> {
    return withHiddenVersion(one(await this.work.last<Row>(SETTINGS)));
  }

  /** @throws 412; a change that changes nothing leaves the version alone */
  async set(body: RetentionSettings, expected: ExpectedVersion): Promise<RetentionSettings> {
    const { id } = await this.companies.lock();
    const before = one(await this.work.query<Row>(SETTINGS));
    expectVersion(before, expected);
    const told = changes(before, body);
    if (!told) return withHiddenVersion(before);
    await this.work.update(CompanySettings, {}, body);
    await this.audit.record({ action: 'retention_updated', targetType: 'CompanySettings', targetId: id, ...told });
    return withHiddenVersion(one(await this.work.query<Row>(SETTINGS)));
  }
}
