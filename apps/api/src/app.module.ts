import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { CompaniesModule } from '#companies';
import { AnswerInterceptor, CoreModule, dataSourceOptions, ProblemFilter, Validation } from '#core';
import type { Config, DatabaseAddress } from '#core';
import { GdprModule } from '#gdpr';
import { AuthenticationGuard, IdentityModule } from '#identity';
import { LeaveModule } from '#leave';
import { AccessGuard, RateLimitGuard, RbacModule } from '#rbac';
import { TimesheetsModule } from '#timesheets';
import { entities } from './entities.js';
import { HealthController } from './health.controller.js';
import { MetricsModule } from './metrics/metrics.module.js';

@Module({})
export class AppModule {
  static with(config: Config, database: DatabaseAddress, log: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.with(config, log),
        TypeOrmModule.forRoot({ ...dataSourceOptions(database, { poolSize: config.poolSize }), entities, retryAttempts: 0 }),
        TerminusModule.forRoot({ logger: false }),
        MetricsModule,
        RbacModule,
        IdentityModule,
        CompaniesModule,
        LeaveModule,
        TimesheetsModule,
        GdprModule,
      ],
      controllers: [HealthController],
      providers: [
        // In this order: who is it, how much do they ask, may they call this route at all.
        { provide: APP_GUARD, useExisting: AuthenticationGuard },
        { provide: APP_GUARD, useExisting: RateLimitGuard },
        { provide: APP_GUARD, useExisting: AccessGuard },
        { provide: APP_INTERCEPTOR, useExisting: AnswerInterceptor },
        { provide: APP_PIPE, useClass: Validation },
        { provide: APP_FILTER, useExisting: ProblemFilter },
      ],
    };
  }
}
