import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import type { MigrationInterface } from 'typeorm';
import { Config, createLog, dataSourceOptions } from '#core';
import type { DatabaseAddress } from '#core';
import { createApp } from '../apps/api/src/app.js';
import { bootstrap } from '../apps/api/src/database/bootstrap.js';
import { seed } from '../apps/api/src/database/seed.js';
import { connect } from './database.js';
import type { TestDatabase } from './database.js';
import { Company } from './factories.js';
import type { CompanyOptions } from './factories.js';
import type { SystemPostgres } from './system-postgres.js';

const OWNER = 'owner_15';
const APPLICATION = { username: 'application_15', password: 'x' };

/** The real application on the machine's own PostgreSQL, whose client programs can dump it. */
export class SystemServer {
  readonly log: Record<string, unknown>[] = [];

  private constructor(
    readonly config: Config,
    readonly app: NestFastifyApplication,
    private readonly superuser: Client,
    /** As the superuser. */
    readonly address: DatabaseAddress,
    log: Record<string, unknown>[],
  ) {
    this.log = log;
  }

  /** On a database of its own: migrated and seeded, or as `fill` leaves it. @param env variables over those of a test */
  static async start(
    system: SystemPostgres,
    env: Record<string, string> = {},
    fill: (superuser: DatabaseAddress, owner: DatabaseAddress) => Promise<void> = (_, owner) => migrated(owner),
  ): Promise<SystemServer> {
    const database = `system_${randomBytes(4).toString('hex')}`;
    const admin = await connect(system.address);
    await admin.query(`DO $$ BEGIN CREATE ROLE ${OWNER} LOGIN CREATEROLE; EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
    await admin.query(`CREATE DATABASE ${database} OWNER ${OWNER}`);
    await admin.end();
    const superuser = { ...system.address, database };
    const owner = { ...superuser, username: OWNER };
    await bootstrap(owner, APPLICATION);
    await fill(superuser, owner);
    const config = new Config({
      DATA_DIR: mkdtempSync(join(tmpdir(), 'ncy8-data-')),
      DB_HOST: superuser.host,
      DB_PORT: String(superuser.port),
      DB_DATABASE: database,
      DB_USERNAME: APPLICATION.username,
      DB_PASSWORD: APPLICATION.password,
      JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
      JOBS: 'off',
      ...env,
    });
    const log: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>) };
    const app = await createApp(config, createLog(config.logLevel, destination));
    return new SystemServer(config, app, await connect(superuser), superuser, log);
  }

  company(options?: CompanyOptions): Promise<Company> {
    return Company.signUp(this.app, this as unknown as TestDatabase, options); // it only asks for sql()
  }

  async sql<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> {
    return (await this.superuser.query(text, values)).rows as T[];
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.superuser.end();
    rmSync(this.config.dataDir, { recursive: true, force: true });
  }
}

async function migrated(owner: DatabaseAddress): Promise<void> {
  const folder = join(import.meta.dirname, '../migrations');
  const migrations: (new () => MigrationInterface)[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    migrations.push(...Object.values((await import(join(folder, file))) as Record<string, new () => MigrationInterface>));
  }
  const dataSource = await new DataSource({ ...dataSourceOptions(owner, { poolSize: 1, patient: true }), migrations }).initialize();
  await dataSource.runMigrations({ transaction: 'each' });
  await dataSource.destroy();
  await seed(owner);
}
