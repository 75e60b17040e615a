import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatabaseAddress } from '#core';
import { give } from '../../../../tools/embedded-binaries.js';
import { connect } from '../../../../test/database.js';
import { migrateByCommand, startSystemPostgres } from '../../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../../test/system-postgres.js';
import { until } from '../../../../test/until.js';
import { bootstrap } from '../database/bootstrap.js';
import { seed } from '../database/seed.js';
import { sumsOf } from './restore.js';

/** The drill of docs/OPERATIONS.md: base backup, archived WAL, `recovery.signal`; write, note the time, destroy, recover to that time. */
const archive = mkdtempSync(join(tmpdir(), 'ncy8-archive-'));
const run = promisify(execFile);
const system: SystemPostgres | undefined = await startSystemPostgres(15, {
  settings: { wal_level: 'replica', archive_mode: 'on', archive_command: `cp %p ${archive}/%f`, full_page_writes: 'on' },
});
if (!system) console.warn('SKIPPED: the drill of point-in-time recovery needs a PostgreSQL 15 of this machine (Debian: postgresql-15)');

const sql = async (address: DatabaseAddress, text: string, values: unknown[] = []) => {
  const client = await connect(address);
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
};

/** In the superuser's view. */
const inside = ({ address }: SystemPostgres): DatabaseAddress => ({ ...address, database: 'ncy8' });
const names = async (server: SystemPostgres) => (await sql(inside(server), 'SELECT name FROM teams ORDER BY name')).map(({ name }) => name);
const addTeam = (server: SystemPostgres, name: string) =>
  sql(inside(server), 'INSERT INTO teams ("companyId", name) SELECT id, $1 FROM companies LIMIT 1', [name]);

beforeAll(async () => {
  if (!system) return;
  give(archive, system.account);
  await sql(system.address, `CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'owner-password'`);
  await sql(system.address, 'CREATE DATABASE ncy8 OWNER owner');
  const owner = { ...inside(system), username: 'owner', password: 'owner-password' };
  await bootstrap(owner, { username: 'app', password: 'app-password' });
  await migrateByCommand(owner);
  await seed(owner, { demoPassword: 'a demo password' });
});
afterAll(() => rmSync(archive, { recursive: true, force: true }));

(system ? describe : describe.skip)('recovery to a point in time', () => {
  it('brings back what was committed until then, and nothing later', async () => {
    const primary = system!;
    const { account, bin } = primary;
    const base = join(archive, 'base');
    const { port } = primary.address;
    await run(
      join(bin, 'pg_basebackup'),
      ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-D', base, '-X', 'stream', '-c', 'fast'],
      {
        ...account,
        cwd: archive,
      },
    );

    await addTeam(primary, 'Before the moment');
    const owner = { ...inside(primary), username: 'owner', password: 'owner-password' };
    const wanted = await sumsOf(owner);
    const [row] = await sql(primary.address, 'SELECT clock_timestamp()::text AS moment');
    await sleep(20);
    await addTeam(primary, 'After the moment');
    await sql(inside(primary), 'DELETE FROM company_settings');
    const [wal] = await sql(primary.address, 'SELECT pg_walfile_name(pg_switch_wal()) AS last');
    const archived = 'SELECT last_archived_wal >= $1 AS done FROM pg_stat_archiver';
    await until(async () => (await sql(primary.address, archived, [wal!.last]))[0]!.done === true);
    await primary.stop(); // its folder goes with it

    const began = performance.now();
    const recovered = await startSystemPostgres(15, {
      settings: {
        restore_command: `cp ${archive}/%f %p`,
        recovery_target_time: String(row!.moment),
        recovery_target_action: 'promote',
      },
      fill: async (data, as) => {
        mkdirSync(data, { mode: 0o700 });
        await run('cp', ['-a', `${base}/.`, data]);
        await run('touch', [join(data, 'recovery.signal')]);
        for (const path of [data, join(data, 'recovery.signal')]) give(path, as);
      },
    });
    try {
      while ((await sql(recovered!.address, 'SELECT pg_is_in_recovery() AS still'))[0]!.still === true) await sleep(50);
      console.info(`recovered to ${String(row!.moment)} in ${Math.round(performance.now() - began)} ms`);
      expect(await names(recovered!)).toContain('Before the moment');
      expect(await names(recovered!)).not.toContain('After the moment');
      expect(await sumsOf({ ...owner, port: recovered!.address.port })).toEqual(wanted);
      await addTeam(recovered!, 'Writable again');
    } finally {
      await recovered!.stop();
    }
  });
});
