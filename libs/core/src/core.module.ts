import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { Config } from './config.js';
import { UnitOfWork } from './database/unit-of-work.js';
import { ApproversChanged, LeadsChanged, PersonErased, UserCame, UserLeft } from './hooks.js';
import { AnswerInterceptor } from './http/answer.interceptor.js';
import { Idempotency } from './http/idempotency.js';
import { Cursors } from './http/page.js';
import { ProblemFilter } from './http/problem.filter.js';
import { Jobs } from './jobs.js';
import { Lifecycle } from './lifecycle.js';
import { LOG } from './log.js';
import { Accesses } from './logs/accesses.js';
import { Audit } from './logs/audit.js';
import { MailFiles } from './mail/mail-files.js';
import { MailSender } from './mail/mail-sender.js';
import { MailTransport } from './mail/mail-transport.js';
import { Mail } from './mail/mail.js';

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
      LeadsChanged,
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
