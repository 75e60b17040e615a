import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import type { DatabaseAddress } from '#core';
import { connect } from '../../../../test/database.js';
import { migrateByCommand, startSystemPostgres } from '../../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../../test/system-postgres.js';
import { until } from '../../../../test/until.js';
import { bootstrap } from '../database/bootstrap.js';
import { seed } from '../database/seed.js';
import { backup } from './backup.js';
import { restore, sumsOf } from './restore.js';
import type { Manifest } from './restore.js';

const DAY = 86_400_000;
const APPLICATION = { username: 'app', password: 'app-password' };
const system: SystemPostgres | undefined = await startSystemPostgres(15);
if (!system) console.warn('SKIPPED: backups need the programs of a PostgreSQL 15 of this machine (Debian: postgresql-15)');
const path = process.env.PATH;
let dir: string;
let owner: DatabaseAddress;

const sql = async (text: string, address = owner) => {
  const client = await connect(address);
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
};

async function emptyDatabase(name: string): Promise<DatabaseAddress> {
  await sql(`CREATE DATABASE ${name} OWNER owner`, system!.address);
  return { ...system!.address, database: name, username: 'owner', password: 'owner-password' };
}

/** For a lock of this kind. */
const untilSomebodyWaits = ({ database }: DatabaseAddress, event: 'relation' | 'advisory') =>
  until(
    async () =>
      (
        await sql(
          `SELECT FROM pg_stat_activity WHERE datname = '${database}' AND wait_event_type = 'Lock' AND wait_event = '${event}'`,
          system!.address,
        )
      ).length > 0,
    `nobody waits for a lock (${event})`,
  );

/** pg_dump, for a lock. */
const untilProgramWaits = ({ database }: DatabaseAddress) =>
  until(
    async () =>
      (
        await sql(
          `SELECT FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'pg_dump' AND wait_event_type = 'Lock'`,
          system!.address,
        )
      ).length > 0,
    'pg_dump waits for no lock',
  );

/** As `npm run` does it. */
const command = (address: DatabaseAddress, ...args: string[]) => program(address, 'dist/apps/api/src/database/cli.js', ...args);

const program = (address: DatabaseAddress, ...args: string[]) =>
  promisify(execFile)(process.execPath, args, {
    env: {
      PATH: process.env.PATH,
      DB_HOST: address.host,
      DB_PORT: String(address.port),
      DB_DATABASE: address.database,
      DB_OWNER_USERNAME: address.username,
      DB_OWNER_PASSWORD: address.password,
      DB_USERNAME: APPLICATION.username,
      DB_PASSWORD: APPLICATION.password,
      JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
      BACKUP_DIR: dir,
      DATA_DIR: dir,
    },
  });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ncy8-backup-'));
  if (!system) return;
  process.env.PATH = `${system.bin}:${path}`;
  await sql(`CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'owner-password'`, system.address);
  owner = await emptyDatabase('ncy8');
  await bootstrap(owner, APPLICATION);
  await migrateByCommand(owner);
  await seed(owner, { demoPassword: 'a demo password' });
});
afterEach(() => clock.reset());

/** As a backup that ends in so many seconds is named. */
const second = (n: number): string =>
  new Date(clock.now().getTime() + n * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
afterAll(async () => {
  process.env.PATH = path;
  await rm(dir, { recursive: true, force: true });
  await system?.stop();
});

(system ? describe : describe.skip)('a backup', () => {
  let file: string;

  it('counts once it was restored and compared, on a server of its own where the owner may not create databases', async () => {
    file = await backup(owner, dir);
    expect(file).toMatch(/ncy8_\d{8}_\d{6}\.dump$/);
    const [row] = await sql('SELECT * FROM backup_snapshots');
    expect(row).toMatchObject({ path: file, verified: true, checksum: expect.stringMatching(/^[\da-f]{64}$/) });
    expect(Number(row!.size)).toBe((await readFile(file)).length);
  });

  it('comes back whole, with its roles, its doors and its isolation', async () => {
    const { tables } = JSON.parse(await readFile(`${file}.json`, 'utf8')) as Manifest;
    expect(tables.users!.rows).toBeGreaterThan(0);
    const again = await emptyDatabase('restored');
    await restore(again, APPLICATION, file);
    expect(await sumsOf(again)).toEqual(tables);
    const application = { ...again, ...APPLICATION };
    expect(await sql('SELECT * FROM users', application)).toEqual([]);
    expect(await sql('SELECT company_ids() AS id', application)).toHaveLength(tables.companies!.rows);
    await expect(restore(again, APPLICATION, file)).rejects.toThrow('is not empty');
  });

  it('is restored by one command, which erases again whom the ledger names', async () => {
    const [user] = await sql(`SELECT "companyId", id FROM users ORDER BY id LIMIT 1`, { ...system!.address, database: 'ncy8' });
    const line = { companyId: user!.companyId, userId: user!.id, kind: 'anonymized', erasedAt: new Date().toISOString() };
    await writeFile(join(dir, 'erasures.ndjson'), `${JSON.stringify(line)}\n`);
    const { stdout, stderr } = await command(await emptyDatabase('commanded'), 'restore', file);
    expect(stdout).toMatch(/^restored \d+ rows\nerased again: 1 anonymised, 0 purged, 0 companies\n$/);
    expect(stderr).toBe('');
    const [erased] = await sql(`SELECT "firstName", "isAnonymized" FROM users WHERE id = '${String(user!.id)}'`, {
      ...system!.address,
      database: 'commanded',
    });
    expect(erased).toEqual({ firstName: 'Deleted', isAnonymized: true });
  });

  it('warns where no ledger lies beside the backups', async () => {
    const ledger = join(dir, 'erasures.ndjson');
    await rename(ledger, `${ledger}.away`);
    const { stdout, stderr } = await command(await emptyDatabase('unheeding'), 'restore', file);
    await rename(`${ledger}.away`, ledger);
    expect(stdout).toMatch(/erased again: 0 anonymised/);
    expect(stderr).toBe(`WARNING: there is no ${ledger}: whoever was erased since the backup is back\n`);
  });

  it('is followed by the ledger alone, too, as often as one likes', async () => {
    const again = { ...owner, database: 'unheeding' };
    expect((await command(again, 'erasures-replay')).stdout).toBe('erased again: 1 anonymised, 0 purged, 0 companies\n');
    expect((await command(again, 'erasures-replay')).stdout).toBe('erased again: 0 anonymised, 0 purged, 0 companies\n');
  });

  it('of an older version gets the schema of this one before anybody is erased again', async () => {
    const older = await emptyDatabase('older');
    await migrateByCommand(older);
    await program(older, 'node_modules/typeorm/cli.js', 'migration:revert', '-d', 'dist/apps/api/src/data-source.js');
    const dump = await backup(older, join(dir, 'older'));
    const { stdout } = await command(await emptyDatabase('upgraded'), 'restore', dump);
    expect(stdout).toMatch(/^restored \d+ rows\nran [A-Z]\w+\d{13}\nerased again: 0 anonymised, 0 purged, 0 companies\n$/);
    const names = 'SELECT name FROM migrations ORDER BY name';
    expect(await sql(names, { ...owner, database: 'upgraded' })).toEqual(await sql(names));
  });

  it('is kept for 30 days, the newest for ever; it is proven beside the real one where the owner may create databases', async () => {
    await sql('ALTER ROLE owner CREATEDB', system!.address);
    const younger = join(
      dir,
      `ncy8_${new Date(Date.now() - 5 * DAY).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15)}.dump`,
    );
    await writeFile(younger, '');
    clock.travelTo(new Date(Date.now() + 29 * DAY));
    const newest = await backup(owner, dir);
    expect([younger, `${file}.json`, file, newest].map((name) => existsSync(name))).toEqual([false, true, true, true]);
    expect(await sql(`SELECT FROM pg_database WHERE datname LIKE 'ncy8_verify%'`)).toEqual([]);
  });

  it('is made beside another one at the same time, as in two containers, where each process has the same number', async () => {
    const shared = join(dir, 'shared');
    const files = new Set(await Promise.all([backup(owner, shared), backup(owner, shared)])); // one name where they end in the same second
    const named = [...files].flatMap((name) => [basename(name), `${basename(name)}.json`]);
    expect((await readdir(shared)).toSorted()).toEqual(named.toSorted());
  });

  it('keeps a migration waiting for its end, where no request queues behind it', async () => {
    const busy = await emptyDatabase('busy');
    await migrateByCommand(busy);
    const session = await connect(busy);
    await session.query('BEGIN');
    await session.query('LOCK TABLE tasks');
    const backingUp = backup(busy, join(dir, 'busy'));
    await untilSomebodyWaits(busy, 'relation');
    const migrating = command(busy, 'migrate');
    await untilSomebodyWaits(busy, 'advisory');
    await session.end();
    expect(await backingUp).toMatch(/\.dump$/);
    expect(await migrating).toEqual({ stdout: 'nothing to do\n', stderr: 'waiting for a backup, or for another migration, to end\n' });
  });

  it('waits for a migration, and has what that one wrote', async () => {
    const busy = { ...owner, database: 'busy' };
    const session = await connect({ ...system!.address, database: 'busy' });
    await session.query(`SELECT pg_advisory_lock(hashtextextended('ncy8 migrate', 0))`);
    const backingUp = backup(busy, join(dir, 'busy'));
    await untilSomebodyWaits(busy, 'advisory');
    await session.query(`INSERT INTO companies (name) VALUES ('Late')`);
    await session.end();
    const { tables } = JSON.parse(await readFile(`${await backingUp}.json`, 'utf8')) as Manifest;
    expect(tables.companies!.rows).toBe(1);
  });

  it('is for its owner alone, also while it is made', async () => {
    const [busy, folder] = [{ ...owner, database: 'busy' }, join(dir, 'private')];
    await mkdir(folder, { mode: 0o755 }); // by whoever set the server up
    const session = await connect(busy);
    await session.query('BEGIN');
    await session.query('LOCK TABLE user_statuses');
    const backingUp = backup(busy, folder);
    await untilProgramWaits(busy);
    const modes = async () => Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).mode & 0o777));
    expect(await modes()).toEqual([0o600]);
    await session.end();
    await backingUp;
    expect(await modes()).toEqual([0o600, 0o600]);
  });

  it('takes away the drafts of those that were interrupted, not one in the making', async () => {
    const drafts = ['old.dump.part', 'old.dump.part.json', 'new.dump.part'].map((name) => join(dir, `.${name}`));
    for (const draft of drafts) await writeFile(draft, 'rows of people');
    for (const old of drafts.slice(0, 2)) await utimes(old, new Date(), new Date(Date.now() - DAY / 2 - 60_000));
    await backup(owner, dir);
    expect(drafts.map((draft) => existsSync(draft))).toEqual([false, false, true]);
    await rm(drafts[2]!);
  });

  it('takes away the scratch databases of those that were interrupted, not one in the making', async () => {
    const now = Math.floor(Date.now() / 1000);
    const names = [`${now - 46_800}_0123456789ab`, '0123456789ab', `${now - 3600}_0123456789ab`, `${now - 46_800}_ba9876543210`];
    for (const name of names) await sql(`CREATE DATABASE ncy8_verify_${name}`);
    const [, , young, used] = names;
    const session = await connect({ ...owner, database: `ncy8_verify_${used}` });
    await backup(owner, dir);
    const left = await sql(`SELECT datname AS name FROM pg_database WHERE datname LIKE 'ncy8_verify%' ORDER BY oid`);
    await session.end();
    expect(left).toEqual([{ name: `ncy8_verify_${young}` }, { name: `ncy8_verify_${used}` }]);
    for (const { name } of left) await sql(`DROP DATABASE ${String(name)}`);
  });

  it.each([
    ['a large object, which any login may make', 'SELECT lo_create(77)', 'SELECT lo_unlink(77)'],
    ['an extension of the server', 'CREATE EXTENSION pg_stat_statements', 'DROP EXTENSION pg_stat_statements'],
    ['a publication', 'CREATE PUBLICATION everything FOR ALL TABLES', 'DROP PUBLICATION everything'],
  ])('is made beside %s, without it', async (_, there, gone) => {
    const administrator = { ...system!.address, database: 'ncy8' };
    await sql(there, administrator);
    try {
      await expect(backup(owner, join(dir, 'beside'))).resolves.toMatch(/\.dump$/);
    } finally {
      await sql(gone, administrator);
    }
  });

  it('is none of a database without a schema', async () => {
    await expect(backup(await emptyDatabase('void'), dir)).rejects.toThrow('"void" has no migrated schema');
  });

  it.each([
    ['whose rows the dump would silently miss', 'DROP POLICY backup_reads_all ON tasks', 'does not see the rows of tasks'],
    ['that cannot be read', 'REVOKE SELECT ON tasks FROM ncy8_backup', 'tasks'],
  ])('is none with a table %s, and leaves nothing behind', async (_, text, message) => {
    await sql(text);
    const files = await readdir(dir);
    await expect(backup(owner, dir)).rejects.toThrow(message);
    expect(await readdir(dir)).toEqual(files);
    await sql('DROP POLICY IF EXISTS backup_reads_all ON tasks');
    await sql('CREATE POLICY backup_reads_all ON tasks FOR SELECT TO ncy8_backup USING (true)');
    await sql('GRANT SELECT ON tasks TO ncy8_backup');
  });

  it('is none where it cannot be noted, and leaves nothing behind, nor takes another one of the same second', async () => {
    await sql('ALTER TABLE backup_snapshots ADD CONSTRAINT none_any_more CHECK (false) NOT VALID');
    const taken = Array.from({ length: 60 }, (_, n) => join(dir, `ncy8_${second(n)}.dump`)).flatMap((name) => [name, `${name}.json`]);
    for (const name of taken) await writeFile(name, '', { flag: 'a' });
    const files = await readdir(dir);
    await expect(backup(owner, dir)).rejects.toThrow('none_any_more');
    await sql('ALTER TABLE backup_snapshots DROP CONSTRAINT none_any_more');
    expect(await readdir(dir)).toEqual(files);
    for (const name of taken) await rm(name);
  });

  it('that is damaged, or no dump, is not restored', async () => {
    const damaged = join(dir, 'damaged.dump');
    await writeFile(damaged, 'not a dump');
    await expect(restore(await emptyDatabase('damaged'), APPLICATION, damaged)).rejects.toThrow('pg_restore failed');
    await expect(restore(await emptyDatabase('missing'), APPLICATION, join(dir, 'none.dump'))).rejects.toThrow('there is no file');
    await writeFile(`${damaged}.json`, '');
    await expect(restore(await emptyDatabase('manifest'), APPLICATION, damaged)).rejects.toThrow('damaged.dump.json is damaged');
  });

  it('says what to install where the programs are missing', async () => {
    process.env.PATH = '/nowhere';
    await expect(backup(owner, dir)).rejects.toThrow('pg_dump is not on the PATH');
    process.env.PATH = `${system!.bin}:${path}`;
  });
});
