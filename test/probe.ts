import { Global, Module } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { AnswerInterceptor, Config, CoreModule, ProblemFilter, Validation } from '#core';
import { httpOptions, setUpHttp } from '../apps/api/src/http.js';
import { Client } from './client.js';

/** Never connected: what comes in is looked at before anything is asked of it. */
@Global()
@Module({
  providers: [{ provide: DataSource, useValue: new DataSource({ type: 'postgres' }) }],
  exports: [DataSource],
})
class NoDatabase {}

/** Routes of a spec behind everything of the real server but its guards and its database. */
export async function startProbe(...controllers: Type[]): Promise<Client> {
  const config = new Config({
    DB_HOST: 'none',
    DB_DATABASE: 'none',
    DB_USERNAME: 'none',
    JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
  });
  const log = pino({ level: 'silent' });
  const module = await Test.createTestingModule({
    imports: [CoreModule.with(config, log), NoDatabase],
    controllers,
    providers: [
      { provide: APP_INTERCEPTOR, useExisting: AnswerInterceptor },
      { provide: APP_PIPE, useClass: Validation },
      { provide: APP_FILTER, useExisting: ProblemFilter },
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(httpOptions(config)), {
    bodyParser: false,
    logger: false,
  });
  await setUpHttp(app, config, log);
  await app.init();
  return new Client(app);
}
