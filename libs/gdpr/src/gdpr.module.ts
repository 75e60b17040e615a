import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CompaniesModule } from '#companies';
import { Config } from '#core';
import { IdentityModule } from '#identity';
import { LeaveModule } from '#leave';
import { TimesheetsModule } from '#timesheets';
import { AnonymisationController } from './anonymisation.controller.js';
import { AnonymisationRepository } from './anonymisation.repository.js';
import { AnonymisationService } from './anonymisation.service.js';
import { Anonymiser } from './anonymiser.js';
import { DataMapController } from './data-map.controller.js';
import { ErasurePlan } from './erasure-plan.js';
import { ErasuresLedger } from './erasures-ledger.js';
import { ErasuresReplay } from './erasures-replay.js';
import { HistoryErasure } from './history-erasure.js';
import { LateWrites } from './late-writes.js';
import { LegalHoldController } from './legal-hold.controller.js';
import { LegalHolds } from './legal-hold.service.js';
import { LogController } from './log.controller.js';
import { LogRepository } from './log.repository.js';
import { PersonalDataController } from './personal-data.controller.js';
import { PersonalDataRepository } from './personal-data.repository.js';
import { PersonalData } from './personal-data.service.js';
import { PersonErasure } from './person-erasure.js';
import { PurgeAges } from './purge-ages.js';
import { PurgePeople } from './purge-people.js';
import { PurgeController } from './purge.controller.js';
import { PurgeRepository } from './purge.repository.js';
import { Purges } from './purge.service.js';
import { RepeatedErasure } from './repeated-erasure.js';
import { RetentionJob } from './retention-job.js';
import { RetentionSettingsController } from './retention-settings.controller.js';
import { RetentionSettingsService } from './retention-settings.service.js';

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
