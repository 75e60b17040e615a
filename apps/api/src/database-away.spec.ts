import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { Config, createLog } from '#core';
import { give } from '../../../tools/embedded-binaries.js';
import { Client } from '../../../test/client.js';
import { connect } from '../../../test/database.js';
import { migrateByCommand, startSystemPostgres } from '../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../test/system-postgres.js';
import { TcpProxy } from '../../../test/tcp-proxy.js';
import { createApp } from './app.js';
import { bootstrap } from './database/bootstrap.js';
import { seed } from './database/seed.js';

const run = promisify(execFile);
const DURABLE = { wal_level: 'replica', synchronous_commit: 'on', full_page_writes: 'on', max_wal_senders: 4 };
const system: SystemPostgres | undefined = await startSystemPostgres(15, { settings: DURABLE });
if (!system) console.warn('SKIPPED: losing the database needs a PostgreSQL 15 of this machine (Debian: postgresql-15)');

const POOL = 10;
const folder = mkdtempSync(join(tmpdir(), 'ncy8-away-'));
/** What the server logged as a fault of ours. */
const faults: string[] = [];
let proxy: TcpProxy;
let app: NestFastifyApplication;
let admin: Client;
let demo: { email: string; password: string } | undefined;

const sql = async (text: string, port = system!.address.port, database = 'postgres') => {
  const client = await connect({ ...system!.address, port, database });
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
};

beforeAll(async () => {
  if (!system) return;
  await sql(`CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'owner-password'`);
  await sql('CREATE DATABASE ncy8 OWNER owner');
  const owner = { ...system.address, database: 'ncy8', username: 'owner', password: 'owner-password' };
  await bootstrap(owner, { username: 'app', password: 'app-password' });
  await migrateByCommand(owner);
  demo = await seed(owner, { demoPassword: 'a demo password' });
  proxy = new TcpProxy(system.address.port);
  const config = new Config({
    DATA_DIR: folder,
    DB_HOST: '127.0.0.1',
    DB_PORT: String(await proxy.listen()),
    DB_DATABASE: 'ncy8',
    DB_USERNAME: 'app',
    DB_PASSWORD: 'app-password',
    JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
    DB_POOL_SIZE: String(POOL),
    JOBS: 'off',
  });
  app = await createApp(config, createLog('error', { write: (line: string) => line.includes('service_unavailable') || faults.push(line) }));
  const { body } = await new Client(app).post('/auth/login', demo);
  admin = new Client(app, body.accessToken as string);
});
afterAll(async () => {
  await app?.close();
  await proxy?.close();
  await system?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Milliseconds until it is true. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - began > 60_000) throw new Error('waited in vain');
    await sleep(50);
  }
  return performance.now() - began;
}

const status = async (path: string) => (await admin.get(path)).status;

(system ? describe : describe.skip)('the database', () => {
  it('is away: 503 problems, live, not ready; it comes back without a restart', async () => {
    expect(await status('/teams')).toBe(200);
    proxy.cut();
    const refused = await admin.get('/teams');
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
    expect((await admin.post('/teams', { name: 'Nowhere' })).body.code).toBe('service_unavailable');
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);
    proxy.open();
    expect(await until(async () => (await status('/teams')) === 200)).toBeLessThan(10_000);
    expect(await status('/health/ready')).toBe(200);
  });

  it('says nothing any more: whoever waits is told so in bounded time', async () => {
    const { options } = (app.get(DataSource).driver as unknown as { master: { options: Record<string, unknown> } }).master;
    expect(options.silenceTimeoutMillis).toBe(31_000);
    options.silenceTimeoutMillis = 1500; // of the next connections
    proxy.open();
    await until(async () => (await status('/teams')) === 200);
    proxy.silence();
    const answers = await Promise.all(Array.from({ length: 3 }, () => admin.get('/teams')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
    proxy.open();
    await until(async () => (await status('/teams')) === 200);
    options.silenceTimeoutMillis = 31_000;
  });

  it('says nothing any more while all connections are at work: not ready, and it stays so', async () => {
    const owner = { email: 'owner@second.example', password: 'a passphrase of the second', firstName: 'Ada', lastName: 'Two' };
    const { body } = await new Client(app).post('/companies', { name: 'The second company', owner });
    const second = new Client(app, (body.tokens as { accessToken: string }).accessToken);
    const connections = Array.from({ length: POOL }, () => app.get(DataSource).createQueryRunner());
    await Promise.all(connections.map((connection) => connection.connect()));
    await Promise.all(connections.map((connection) => connection.release()));
    expect(await status('/health/ready')).toBe(200);
    proxy.silence();
    const waiting = Array.from({ length: POOL / 2 }, () => [admin.get('/teams'), second.get('/teams')]).flat();
    expect(await until(async () => (await status('/health/ready')) === 503)).toBeLessThan(20_000); // its connections are given up after 31 s
    for (let probe = 0; probe < 3; probe++) expect(await status('/health/ready')).toBe(503);
    proxy.open();
    expect(new Set((await Promise.all(waiting)).map((answer) => answer.status))).toEqual(new Set([503]));
    await until(async () => (await status('/health/ready')) === 200);
  });

  it('does not speak TLS: 503, though the driver has no code for it', async () => {
    const { master: pool } = app.get(DataSource).driver as unknown as { master: { totalCount: number; options: Record<string, unknown> } };
    proxy.cut();
    await until(() => pool.totalCount === 0);
    pool.options.ssl = true;
    proxy.open();
    const refused = await admin.get('/teams');
    pool.options.ssl = false;
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
    expect(await status('/teams')).toBe(200);
  });

  it.each([
    ['takes no connections', 'ALTER DATABASE ncy8 ALLOW_CONNECTIONS false', 'ALTER DATABASE ncy8 ALLOW_CONNECTIONS true'],
    ['has another name for a while', 'ALTER DATABASE ncy8 RENAME TO ncy8_before', 'ALTER DATABASE ncy8_before RENAME TO ncy8'],
    ['does not let the login in', 'ALTER ROLE app NOLOGIN', 'ALTER ROLE app LOGIN'],
  ])('%s: 503', async (_, close, reopen) => {
    proxy.cut();
    await until(async () => (await sql(`SELECT FROM pg_stat_activity WHERE usename = 'app'`)).length === 0);
    await sql(close);
    proxy.open();
    const refused = await admin.get('/teams');
    await sql(reopen);
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
    expect(await status('/teams')).toBe(200);
  });

  it('ends its sessions under load: nothing but 201 and 503, and no acknowledged write is lost', async () => {
    const load = writers('ended');
    for (let times = 0; times < 5; times++) {
      await load.goesOn();
      await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`);
    }
    const { acknowledged, statuses } = await load.stop();
    expect(faults).toEqual([]);
    expect([...statuses].filter((seen) => ![201, 503].includes(seen))).toEqual([]);
    await expectKept(acknowledged, system!.address.port);
  });

  describe('with a synchronous standby', () => {
    let standby: SystemPostgres;
    beforeAll(async () => {
      standby = await startStandby();
    });
    afterAll(() => standby.stop());

    it('only reads: 503, not ready; the server writes again once new connections lead to the primary, those that it had aside', async () => {
      proxy.target = standby.address.port;
      proxy.open();
      await until(async () => (await status('/teams')) === 200);
      const [written, signedIn] = [await admin.post('/teams', { name: 'Nowhere' }), await new Client(app).post('/auth/login', demo)];
      for (const refused of [written, signedIn]) {
        expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
      }
      const health = await admin.get('/health/ready');
      expect([health.status, health.body.error]).toEqual([
        503,
        expect.objectContaining({ database: expect.objectContaining({ status: 'down' }) }),
      ]);
      await Promise.all(Array.from({ length: 5 }, () => status('/teams'))); // as many connections to it
      proxy.target = system!.address.port;
      expect([await status('/health/ready'), (await admin.post('/teams', { name: 'Back' })).status]).toEqual([200, 201]);
    });

    it('fails over to it under load: the server goes on there, with every acknowledged write', async () => {
      const load = writers('failover');
      await load.goesOn();
      await system!.stop(); // at once, as by a power cut
      proxy.target = standby.address.port;
      proxy.open();
      await until(async () => (await status('/teams')) === 200);
      expect((await admin.post('/teams', { name: 'Too soon' })).status).toBe(503);
      await sql('SELECT pg_promote()', standby.address.port);
      const away = await until(async () => (await admin.post('/teams', { name: 'After the failover' })).status === 201);
      const { acknowledged, statuses } = await load.stop();
      console.info(`${acknowledged.length} acknowledged writes; writable again ${Math.round(away)} ms after the switch`);
      expect(faults).toEqual([]);
      expect([...statuses].filter((seen) => ![201, 503].includes(seen))).toEqual([]);
      await expectKept(acknowledged, standby.address.port);
      expect(await status('/health/ready')).toBe(200);
    });
  });
});

/** Of the primary, which from then on waits for it at each commit. */
async function startStandby(): Promise<SystemPostgres> {
  const { account, bin, address } = system!;
  const base = join(folder, 'base');
  give(folder, account);
  const backup = ['-h', '127.0.0.1', '-p', String(address.port), '-U', 'postgres', '-D', base, '-X', 'stream', '-c', 'fast', '-R'];
  await run(join(bin, 'pg_basebackup'), backup, { ...account, cwd: folder });
  const standby = await startSystemPostgres(15, {
    settings: { ...DURABLE, hot_standby: 'on' },
    fill: async (data, as) => {
      mkdirSync(data, { mode: 0o700 });
      await run('cp', ['-a', `${base}/.`, data]);
      give(data, as);
    },
  });
  await until(async () => (await sql('SELECT FROM pg_stat_replication')).length === 1);
  await sql(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await sql('SELECT pg_reload_conf()');
  await until(async () => (await sql(`SELECT FROM pg_stat_replication WHERE sync_state = 'sync'`)).length === 1);
  return standby!;
}

/** Five at once that write until they are stopped. */
function writers(prefix: string) {
  const [acknowledged, statuses] = [[] as string[], new Set<number>()];
  const stopping = new AbortController();
  const work = async (worker: number) => {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const name = `${prefix} ${worker}-${n}`;
      const answer = await admin.post('/teams', { name });
      statuses.add(answer.status);
      if (answer.status === 201) acknowledged.push(name);
      else await sleep(20);
    }
  };
  const working = Promise.all([1, 2, 3, 4, 5].map(work));
  /** Until so many more of their writes are acknowledged. */
  const goesOn = (more = 12) => {
    const before = acknowledged.length;
    return until(() => acknowledged.length >= before + more);
  };
  return {
    goesOn,
    async stop() {
      await goesOn();
      stopping.abort();
      await working;
      return { acknowledged, statuses };
    },
  };
}

async function expectKept(acknowledged: string[], port: number): Promise<void> {
  expect(acknowledged.length).toBeGreaterThan(10);
  const kept = new Set((await sql('SELECT name FROM teams', port, 'ncy8')).map(({ name }) => String(name)));
  expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
}
