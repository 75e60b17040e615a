import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createLog, NestLog } from '#core';
import type { Config } from '#core';
import { AppModule } from './app.module.js';
import { setUpDocs } from './docs/docs.js';
import { httpOptions, setUpHttp } from './http.js';

/** The whole application, ready to listen or to be asked by `inject()`. The configuration names a database. */
export async function createApp(config: Config, log: Logger = createLog(config.logLevel)): Promise<NestFastifyApplication> {
  const { database } = config;
  if (!database) throw new Error('no database: start the embedded one first');
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config, database, log),
    new FastifyAdapter(httpOptions(config)),
    {
      logger: new NestLog(log),
      abortOnError: false,
      bodyParser: false,
    },
  );
  await setUpHttp(app, config, log);
  await setUpDocs(app);
  await app.init();
  return app;
}
