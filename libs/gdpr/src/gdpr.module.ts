import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CompaniesModule } from '#companies';
import { Config } from '#core';
import { IdentityModule } from '#identity';
import { LeaveModule } from '#leave';
import { TimesheetsModule } from '#timesheets';
import { AnonymisationController } from './erasure/anonymisation.controller.js';
import { AnonymisationRepository } from './erasure/anonymisation.repository.js';
import { AnonymisationService } from './erasure/anonymisation.service.js';
import { Anonymiser } from './erasure/anonymiser.js';
import { ErasurePlan } from './erasure/erasure-plan.js';
import { ErasuresLedger } from './erasure/erasures-ledger.js';
import { ErasuresReplay } from './erasure/erasures-replay.js';
import { HistoryErasure } from './erasure/history-erasure.js';
import { LateWrites } from './erasure/late-writes.js';
import { PersonErasure } from './erasure/person-erasure.js';
import { RepeatedErasure } from './erasure/repeated-erasure.js';
import { LegalHoldController } from './legal-holds/legal-hold.controller.js';
import { LegalHolds } from './legal-holds/legal-hold.service.js';
import { LogController } from './logs/log.controller.js';
import { LogRepository } from './logs/log.repository.js';
import { DataMapController } from './personal-data/data-map.controller.js';
import { PersonalDataController } from './personal-data/personal-data.controller.js';
import { PersonalDataRepository } from './personal-data/personal-data.repository.js';
import { PersonalData } from './personal-data/personal-data.service.js';
import { PurgeAges } from './retention/purge-ages.js';
import { PurgePeople } from './retention/purge-people.js';
import { PurgeController } from './retention/purge.controller.js';
import { PurgeRepository } from './retention/purge.repository.js';
import { Purges } from './retention/purge.service.js';
import { RetentionJob } from './retention/retention-job.js';
import { RetentionSettingsController } from './retention/retention-settings.controller.js';
import { RetentionSettingsService } from './retention/retention-settings.service.js';

@Module({
  imports: [IdentityModule, CompaniesModule, LeaveModule, TimesheetsModule],
  controllers: [
    AnonymisationController,
    DataMapController,
    LegalHoldController,
    LogController,
    PersonalDataController,
    PurgeController,
    RetentionSettingsController,
  ],
  providers: [
    AnonymisationRepository,
    AnonymisationService,
    Anonymiser,
    {
      provide: ErasurePlan,
      inject: [DataSource, Config],
      useFactory: ({ entityMetadatas }: DataSource, { anonymizedEmailDomain }: Config) =>
        new ErasurePlan(entityMetadatas, anonymizedEmailDomain),
    },
    ErasuresLedger,
    ErasuresReplay,
    HistoryErasure,
    LateWrites,
    LegalHolds,
    LogRepository,
    PersonErasure,
    PersonalData,
    PersonalDataRepository,
    PurgeAges,
    PurgePeople,
    PurgeRepository,
    Purges,
    RepeatedErasure,
    RetentionJob,
    RetentionSettingsService,
  ],
  exports: [ErasuresLedger, ErasuresReplay],
})
export class GdprModule {}
