import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { Accesses } from './accesses.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import { Audit } from './audit.js';
import { Config } from './config.js';
import { ApproversChanged, PersonErased, UserCame, UserLeft } from './hooks.js';
import { Idempotency } from './idempotency.js';
import { Jobs } from './jobs.js';
import { Lifecycle } from './lifecycle.js';
import { LOG } from './log.js';
import { MailFiles } from './mail-files.js';
import { MailSender } from './mail-sender.js';
import { MailTransport } from './mail-transport.js';
import { Mail } from './mail.js';
import { Cursors } from './page.js';
import { ProblemFilter } from './problem.filter.js';
import { UnitOfWork } from './unit-of-work.js';

/** What every library builds on; global, so that none imports it by hand. */
@Global()
@Module({})
export class CoreModule {
  static with(config: Config, log: Logger = pino({ level: 'silent' })): DynamicModule {
    const provided = [
      UnitOfWork,
      Audit,
      Accesses,
      Idempotency,
      Cursors,
      Lifecycle,
      UserLeft,
      UserCame,
      ApproversChanged,
      PersonErased,
      Jobs,
      AnswerInterceptor,
      ProblemFilter,
      Mail,
      MailFiles,
      MailSender,
      MailTransport,
    ];
    const providers = [{ provide: Config, useValue: config }, { provide: LOG, useValue: log }, ...provided];
    return { module: CoreModule, imports: [ScheduleModule.forRoot()], providers, exports: providers };
  }
}
