import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Config, createLog } from '#core';
import { createApp } from '../apps/api/src/app.js';
import { Client } from './client.js';
import { TestDatabase } from './database.js';
import { Company } from './factories.js';
import type { CompanyOptions } from './factories.js';
import { watchStatements } from './unscoped.js';
import { until } from './until.js';

/** The real application on a private copy of the migrated database, as the restricted login. */
export class TestServer {
  private readonly replicas: NestFastifyApplication[] = [];

  private constructor(
    readonly config: Config,
    readonly database: TestDatabase,
    readonly app: NestFastifyApplication,
    /** What was logged, one object a line. */
    readonly log: Record<string, unknown>[],
    /** Statements that were refused because they did not name the company; any that is left fails `stop()`. */
    readonly unscoped: string[],
  ) {}

  /** Use {@link startTestServer}. @param env variables over those of a test */
  static async start(env: Record<string, string>): Promise<TestServer> {
    const database = await TestDatabase.clone();
    const config = configOf(database, env);
    const log: Record<string, unknown>[] = [];
    const tables = await database.sql<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'companyId'`,
    );
    const unscoped = watchStatements(database.name, config.databaseUsername, new Set(tables.map(({ name }) => name)));
    try {
      const app = await createApp(config, logTo(log, config));
      return new TestServer(config, database, app, log, unscoped);
    } catch (error) {
      await remove(database, config);
      throw error;
    }
  }

  /** Somebody who is not signed in. */
  get anybody(): Client {
    return new Client(this.app);
  }

  /** Signs a company up over HTTP. */
  company(options?: CompanyOptions): Promise<Company> {
    return Company.signUp(this.app, this.database, options);
  }

  /** Another process of the same installation: `person.on(replica)`. Stopped together with this one. */
  async secondReplica(env: Record<string, string> = {}): Promise<NestFastifyApplication> {
    const config = this.config.with(env);
    const app = await createApp(config, logTo(this.log, config));
    this.replicas.push(app);
    return app;
  }

  /** Rows of a statement as the superuser. */
  sql<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> {
    return this.database.sql<T>(text, values);
  }

  /** What the audit log keeps of an action on a person, oldest first. */
  audits(userId: string, action: string) {
    return this.sql<{ before: Record<string, unknown> | null; after: Record<string, unknown> | null; actorUserId: string | null }>(
      'SELECT before, after, "actorUserId" FROM audit_logs WHERE "userId" = $1 AND action = $2 ORDER BY "occurredAt"',
      [userId, action],
    );
  }

  /** How many statements on this database wait for a lock. */
  async lockWaits(): Promise<number> {
    return (await this.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length;
  }

  /** Until so many statements wait for a lock: the moment of a race, without a guess at how long it takes. @throws after a minute */
  untilSomebodyWaits(count = 1): Promise<void> {
    return until(async () => (await this.lockWaits()) >= count, 'too few statements wait for a lock');
  }

  async stop(): Promise<void> {
    await Promise.all([this.app, ...this.replicas].map((app) => app.close()));
    await remove(this.database, this.config);
    if (this.unscoped.length > 0) throw new Error(`statements without "companyId":\n${this.unscoped.join('\n')}`);
  }
}

export const startTestServer = (env: Record<string, string> = {}): Promise<TestServer> => TestServer.start(env);

async function remove(database: TestDatabase, { dataDir }: Config): Promise<void> {
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
}

function configOf(database: TestDatabase, env: Record<string, string>): Config {
  const { host, port, username, password } = database.address('application');
  return new Config({
    DATA_DIR: env.DATA_DIR ?? mkdtempSync(join(tmpdir(), 'ncy8-data-')),
    DB_HOST: host,
    DB_PORT: String(port),
    DB_DATABASE: database.name,
    DB_USERNAME: username,
    DB_PASSWORD: password,
    JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
    JOBS: 'off',
    ...env,
  });
}

const logTo = (lines: Record<string, unknown>[], { logLevel }: Config) =>
  createLog(logLevel, {
    write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
