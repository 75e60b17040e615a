import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseAddress } from '#core';
import { connect } from '../../../../test/database.js';
import { startSystemPostgres } from '../../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../../test/system-postgres.js';
import { until } from '../../../../test/until.js';
import { inScratchDatabase } from './scratch.js';

const system: SystemPostgres | undefined = await startSystemPostgres(15, { settings: { autovacuum_naptime: 1 } });
if (!system) console.warn('SKIPPED: scratch databases beside the real one need a PostgreSQL 15 of this machine (Debian: postgresql-15)');
let owner: DatabaseAddress;

const sql = async (text: string, address = system!.address) => {
  const client = await connect(address);
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
};

beforeAll(async () => {
  if (!system) return;
  await sql('CREATE ROLE owner LOGIN CREATEDB');
  await sql('CREATE ROLE stranger LOGIN');
  owner = { ...system.address, username: 'owner' };
});
afterAll(() => system?.stop());

const left = () => sql(`SELECT datname FROM pg_database WHERE datname LIKE 'ncy8_verify%'`);

(system ? describe : describe.skip)('a scratch database', () => {
  it('is gone afterwards, also while autovacuum is at work in it', async () => {
    const done = await inScratchDatabase(owner, async (scratch) => {
      const slow = 'autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_analyze_threshold = 1';
      await sql(`CREATE TABLE big WITH (${slow}) AS SELECT repeat('x', 1000) FROM generate_series(1, 50000)`, scratch);
      const worker = `SELECT FROM pg_stat_activity WHERE datname = '${scratch.database}' AND query LIKE 'autovacuum:%public.big%'`;
      await until(async () => (await sql(worker)).length > 0, 'autovacuum does not come');
      return 'done';
    });
    expect([done, await left()]).toEqual(['done', []]);
  });

  it('lets nobody else in', async () => {
    await inScratchDatabase(owner, async (scratch) => {
      await expect(connect({ ...scratch, username: 'stranger' })).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('that somebody stays in is told, and costs nothing else', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    let inside: Awaited<ReturnType<typeof connect>> | undefined;
    const done = await inScratchDatabase(owner, async (scratch) => {
      inside = await connect({ ...system!.address, database: scratch.database });
      return 'done';
    });
    const [[said]] = warn.mock.calls as [[string]];
    warn.mockRestore();
    await inside?.end();
    const [database] = await left();
    expect([done, said]).toEqual([
      'done',
      expect.stringContaining(`WARNING: ${String(database!.datname)} holds every row and could not be`),
    ]);
    await sql(`DROP DATABASE ${String(database!.datname)}`);
  });
});
