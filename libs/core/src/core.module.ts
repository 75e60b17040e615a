import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { AnswerInterceptor } from './answer.interceptor.js';
import { Audit } from './audit.js';
import { Config } from './config.js';
import { UserLeft } from './hooks.js';
import { Idempotency } from './idempotency.js';
import { Lifecycle } from './lifecycle.js';
import { LOG } from './log.js';
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
      Idempotency,
      Cursors,
      Lifecycle,
      UserLeft,
      AnswerInterceptor,
      ProblemFilter,
      Mail,
      MailSender,
      MailTransport,
    ];
    const providers = [{ provide: Config, useValue: config }, { provide: LOG, useValue: log }, ...provided];
    return { module: CoreModule, providers, exports: providers };
  }
}
