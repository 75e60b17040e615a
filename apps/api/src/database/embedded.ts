import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ConfigError, keptSecret } from '#core';
import type { Config, DatabaseAddress } from '#core';
import { startPostgres } from '../../../../tools/embedded-postgres.js';
import type { EmbeddedPostgres } from '../../../../tools/embedded-postgres.js';
import { bootstrap } from './bootstrap.js';
import { migrate } from './migrate.js';
import { seed } from './seed.js';

const OWNER = 'ncy8_owner';

/** Advisory locks of the server's own database. */
const IN_USE = 1;
const SETTING_UP = 2;

/** What a session hears from a server that another process is just stopping. */
const GOING_AWAY = ['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET'];

export interface Embedded {
  /** With the address of the database. */
  config: Config;
  demo: { email: string; password: string } | undefined;
  folder: string;
  stop(): Promise<void>;
}

/**
 * The database of a start without DB_HOST: started or shared, made complete, and told in the returned configuration.
 * The last process that stops, stops the server; a killed one leaves nothing to clean.
 * @param stopping ends the start at the next step
 * @param empty leaves the database without a schema, for a restore
 */
export async function startEmbedded(config: Config, stopping?: AbortSignal, { empty = false } = {}): Promise<Embedded> {
  refuseReservedNames(config);
  const shared = new SharedServer(config.dataDir);
  const { server, session } = await shared.joined;
  try {
    const host = { host: '127.0.0.1', port: server.port, database: config.databaseName, ssl: false };
    const owner = { ...host, username: OWNER, password: keptSecret(config.dataDir, 'owner.password') };
    const application = { ...host, username: config.databaseUsername, password: keptSecret(config.dataDir, 'application.password') };
    const demoPassword = keptSecret(config.dataDir, 'demo.password', 12);
    const demo = await setUp(session, owner, application, empty ? undefined : demoPassword, stopping);
    return { config: configured(config, owner, application), demo, folder: server.dir, stop: () => shared.leave() };
  } catch (error) {
    await shared.leave();
    throw error;
  }
}

function refuseReservedNames({ databaseUsername, databaseName }: Config): void {
  const reserved = {
    DB_USERNAME: /^(postgres$|pg_|ncy8_)/.test(databaseUsername),
    DB_DATABASE: /^(postgres|template[01])$/.test(databaseName),
  };
  const variables = Object.entries(reserved).flatMap(([variable, isReserved]) => (isReserved ? [variable] : []));
  if (variables.length === 0) return;
  throw new ConfigError(variables.map((variable) => `${variable} is a name that the embedded database uses itself: set another one`));
}

function configured(config: Config, owner: DatabaseAddress, application: DatabaseAddress): Config {
  return config.with({
    DB_HOST: application.host,
    DB_PORT: String(application.port),
    DB_DATABASE: application.database,
    DB_USERNAME: application.username,
    DB_PASSWORD: application.password,
    DB_OWNER_USERNAME: owner.username,
    DB_OWNER_PASSWORD: owner.password,
    DB_SSL: 'false',
    JWT_SECRET: config.jwtSecrets.join(','), // with a DB_HOST it has to be told
  });
}

/** One process at a time; of two first starts the second finds all of it done. @param demoPassword undefined: no schema, and so no demo */
async function setUp(session: Client, owner: DatabaseAddress, application: DatabaseAddress, demoPassword?: string, stopping?: AbortSignal) {
  await session.query('SELECT pg_advisory_lock($1)', [SETTING_UP]);
  try {
    const steps = [
      () => createDatabase(session, owner),
      () => bootstrap(owner, application),
      () => setPassword(session, application),
      ...(demoPassword === undefined ? [] : [() => migrate(owner)]),
    ];
    for (const step of steps) {
      stopping?.throwIfAborted();
      await step();
    }
    return demoPassword === undefined ? undefined : await seed(owner, { demoPassword });
  } finally {
    await session.query('SELECT pg_advisory_unlock($1)', [SETTING_UP]).catch(() => undefined); // lost with its session
  }
}

async function createDatabase(session: Client, owner: DatabaseAddress): Promise<void> {
  const { rows } = await session.query<{ role: boolean; database: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role, EXISTS (SELECT FROM pg_database WHERE datname = $2) AS database`,
    [owner.username, owner.database],
  );
  const role = session.escapeIdentifier(owner.username);
  if (!rows[0]?.role) await session.query(`CREATE ROLE ${role} LOGIN CREATEROLE`);
  await setPassword(session, owner);
  if (!rows[0]?.database) await session.query(`CREATE DATABASE ${session.escapeIdentifier(owner.database)} OWNER ${role}`);
}

/** The kept secret counts, also after it was lost and made anew. */
async function setPassword(session: Client, { username, password }: DatabaseAddress): Promise<void> {
  await session.query(`ALTER ROLE ${session.escapeIdentifier(username)} PASSWORD ${session.escapeLiteral(password)}`);
}

interface Joined {
  server: EmbeddedPostgres;
  session: Client;
}

/**
 * The server, as one of the processes that use it: each holds a shared lock on a session. The session ends with its process, however
 * that ends, so nothing can be left that lies.
 */
class SharedServer {
  joined = this.join();
  private leaving = false;

  constructor(private readonly dir: string) {}

  private async join(port?: number): Promise<Joined> {
    for (let attempt = 1; ; attempt++) {
      const server = await startPostgres({ dir: this.dir, port });
      const session = await hold(server);
      if (session) {
        session.once('end', () => void this.rejoin(server.port));
        return { server, session };
      }
      if (attempt === 50) throw new Error(`The embedded database in ${server.dir} keeps ending: see server.log there`);
      await sleep(100);
    }
  }

  /** The database was killed. Back on its port, it serves the pool of the application again; on another one only a new start helps. */
  private async rejoin(port: number): Promise<void> {
    if (this.leaving) return;
    this.joined = this.join(port);
    const { server } = await this.joined;
    if (server.port !== port) throw new Error(`The embedded database had ended, and its port ${port} is taken now: start again`);
  }

  /** Whoever can have the lock alone is the last. It is kept until the server is gone: a start that comes now waits for it, then begins anew. */
  async leave(): Promise<void> {
    this.leaving = true;
    const { server, session } = await this.joined;
    const isLast = await alone(session).catch(() => false); // it ended under us: nothing is left to stop
    if (isLast) await server.stop();
    else await session.end();
  }
}

/** Undefined where the server is just being stopped by the process that used it last. */
async function hold(server: EmbeddedPostgres): Promise<Client | undefined> {
  const { username: user, password } = server.superuser;
  const session = new Client({ host: '127.0.0.1', port: server.port, user, password, database: 'postgres' });
  session.on('error', () => undefined); // its end follows
  try {
    await session.connect();
    await session.query('SELECT pg_advisory_lock_shared($1)', [IN_USE]);
    return session;
  } catch (error) {
    await session.end().catch(() => undefined);
    const { code = '', message } = error as Error & { code?: string };
    if (GOING_AWAY.includes(code) || message.includes('Connection terminated')) return undefined;
    throw error;
  }
}

async function alone(session: Client): Promise<boolean> {
  await session.query('SELECT pg_advisory_unlock_shared($1)', [IN_USE]);
  const { rows } = await session.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [IN_USE]);
  return rows[0]?.alone === true;
}
