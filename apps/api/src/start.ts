import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { Accesses, ConfigError, Lifecycle, refuseLostSettings } from '#core';
import type { Config } from '#core';
import { createApp } from './app.js';
import { startEmbedded } from './database/embedded.js';
import type { Embedded } from './database/embedded.js';
import { refusePowerfulRole } from './database/refuse-powerful-role.js';
import { refuseUnwritable } from './refuse-unwritable.js';

/** How long requests and jobs that run may take to end, before the database goes all the same. */
const CLOSE_WITHIN_MS = 10_000;
/** How long the access log may then take for its last rows. */
const LOG_WITHIN_MS = 2000;

export interface RunningServer {
  /** For people: what is where. */
  addresses: string[];
  stop(): Promise<void>;
}

/** @param stopping ends the start at the next step, with what was started so far */
export async function start(config: Config, stopping: AbortSignal): Promise<RunningServer> {
  await refuseUnwritable(config);
  const embedded = config.databaseHost ? undefined : await startEmbedded(config, stopping);
  let app: NestFastifyApplication | undefined;
  try {
    stopping.throwIfAborted();
    const { database } = embedded?.config ?? config;
    if (database) await refusePowerfulRole(database);
    app = await createApp(embedded?.config ?? config);
    await refuseLostSettings(app.get(DataSource));
    await listen(app, config);
  } catch (error) {
    await close(app, embedded);
    throw error;
  }
  const running = app;
  return {
    addresses: [...addresses(running, config), ...(embedded ? embeddedAddresses(embedded) : [])],
    async stop() {
      running.get(Lifecycle).draining = true; // readiness turns 503; the load balancer needs a while to notice
      await sleep(config.drainMs);
      await close(running, embedded);
    },
  };
}

async function listen(app: NestFastifyApplication, { port, host }: Config): Promise<void> {
  try {
    await app.getHttpAdapter().getInstance().listen({ port, host }); // Nest's own listen() prints a stack where the port is taken
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new ConfigError([`PORT ${port} is taken on ${host}: stop what listens there, or set another one`]);
    if (code === 'EACCES') throw new ConfigError([`PORT ${port} needs more rights than this user has: set one from 1024 on`]);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new ConfigError([`HOST is "${host}": set an address of this machine`]);
    throw error;
  }
}

async function close(app?: NestFastifyApplication, embedded?: Embedded): Promise<void> {
  try {
    await Promise.race([app?.close(), sleep(CLOSE_WITHIN_MS).then(() => tooLate(app))]);
  } finally {
    await embedded?.stop();
  }
}

async function tooLate(app?: NestFastifyApplication): Promise<never> {
  await app?.get(Accesses).finish(LOG_WITHIN_MS);
  throw new Error(`Requests or jobs were still running ${CLOSE_WITHIN_MS / 1000} s after the last request was taken; they were cut off`);
}

function addresses(app: NestFastifyApplication, { host }: Config): string[] {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const isAny = host === '0.0.0.0' || host === '::';
  const base = `http://${isAny ? 'localhost' : isIPv6(host) ? `[${host}]` : host}:${port}`;
  return [`API       ${base}/api/v1`, `page      ${base}/docs`];
}

function embeddedAddresses({ demo, config, folder }: Embedded): string[] {
  return [
    ...(demo ? [`sign-in   ${demo.email} / ${demo.password}`] : []),
    `database  PostgreSQL on port ${config.databasePort}, its files in ${folder}`,
  ];
}
