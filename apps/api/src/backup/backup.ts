import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { clock, ConfigError } from '#core';
import type { DatabaseAddress } from '#core';
import { asOwner } from '../database/as-owner.js';
import { MIGRATING } from '../database/migrate.js';
import { runProgram } from './programs.js';
import { restoreInto, sumsOf } from './restore.js';
import type { Manifest } from './restore.js';
import { dropScratchDatabases, inScratchDatabase } from './scratch.js';
import { differences, tableSums } from './table-sums.js';
import type { TableSum } from './table-sums.js';

const KEPT_DAYS = 30;

/** What an interrupted backup left: no backup takes as long, and that of the night before is older. */
const ABANDONED_MS = 12 * 3_600_000;

/**
 * Dumps the database, restores the dump, compares each table's rows, and only then calls it a backup: `ncy8_<UTC time>.dump` with a manifest
 * beside it, and a row in `backup_snapshots`. Files and rows older than 30 days go, the newest never.
 * @returns the file
 * @throws ConfigError when anything is missing or differs; nothing is left behind then
 */
export async function backup(owner: DatabaseAddress, dir: string): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const abandoned = new Date(clock.now().getTime() - ABANDONED_MS);
  await removeDrafts(dir, abandoned);
  await dropScratchDatabases(owner, abandoned);
  const draft = join(dir, `.${randomUUID()}.dump.part`); // in every container the process has the number 1
  try {
    await writeFile(draft, '', { flag: 'wx', mode: 0o600 }); // pg_dump keeps the mode
    const tables = await dump(owner, draft);
    await verify(owner, draft, tables);
    const checksum = await sha256(draft);
    const manifest: Manifest = { owner: owner.username, checksum, tables };
    await writeFile(`${draft}.json`, JSON.stringify(manifest, null, 2), { mode: 0o600 });
    for (const name of [draft, `${draft}.json`]) await persist(name);
    const file = await keep(owner, draft, checksum);
    await prune(owner, dir);
    return file;
  } finally {
    for (const name of [draft, `${draft}.json`]) await rm(name, { force: true });
  }
}

/** Gives the dump and its manifest their names, and notes them. @returns the file of the dump */
async function keep(owner: DatabaseAddress, draft: string, checksum: string): Promise<string> {
  const file = await reserved(dirname(draft), clock.now());
  try {
    await rename(`${draft}.json`, `${file}.json`);
    await rename(draft, file);
    await record(owner, file, checksum);
    return file;
  } catch (error) {
    for (const name of [file, `${file}.json`]) await rm(name, { force: true });
    throw error;
  }
}

/** A name that no other backup has, of the same second or the next that is free; its manifest stands for it from here on. */
async function reserved(dir: string, at: Date): Promise<string> {
  const file = join(dir, `ncy8_${stamp(at)}.dump`);
  try {
    await writeFile(`${file}.json`, '', { flag: 'wx', mode: 0o600 });
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return reserved(dir, new Date(at.getTime() + 1000));
  }
}

async function removeDrafts(dir: string, before: Date): Promise<void> {
  for (const name of (await readdir(dir)).filter((found) => /^\..+\.dump\.part(\.json)?$/.test(found))) {
    const draft = join(dir, name);
    const found = await stat(draft).catch(() => undefined); // its own backup was faster
    if (found && found.mtime < before) await rm(draft, { force: true });
  }
}

/** A table whose rows the role of backups does not see would be empty in the dump and in the sums alike. */
const UNSEEN = `
  SELECT c.relname AS name FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity AND NOT EXISTS (
    SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive AND p.polroles = ARRAY['ncy8_backup'::regrole::oid]
      AND pg_get_expr(p.polqual, p.polrelid) = 'true')`;

/** The schema's own. Others, publications and large objects (any login may make one) are not: the owner could not dump or restore them. */
const EXTENSIONS = ['btree_gist', 'citext'];

/** Dump and sums see the same moment. Who migrates meanwhile waits for the end, not for tables: there requests would queue behind it. */
function dump(owner: DatabaseAddress, file: string): Promise<Record<string, TableSum>> {
  return asOwner(owner, async (client) => {
    await client.query(`SELECT pg_advisory_lock_shared(${MIGRATING})`); // before the moment: waiting for a migration, it would be that before it
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const own = await client.query('SELECT FROM pg_extension WHERE extname = ANY ($1)', [EXTENSIONS]);
    if (own.rowCount !== EXTENSIONS.length) {
      throw new ConfigError([`DB_DATABASE "${owner.database}" has no migrated schema: there is nothing to back up`]);
    }
    const unseen = (await client.query<{ name: string }>(UNSEEN)).rows;
    if (unseen.length > 0) throw new ConfigError([`ncy8_backup does not see the rows of ${unseen.map(({ name }) => name).join(', ')}`]);
    await client.query('SET LOCAL ROLE ncy8_backup');
    const { rows } = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    // As ncy8_backup, whose policies read every company: as the owner it fails under forced row security, or writes an empty dump and exits 0.
    const role = ['--role=ncy8_backup', '--enable-row-security', `--snapshot=${rows[0]!.snapshot}`];
    const only = [...EXTENSIONS.map((name) => `--extension=${name}`), '--no-publications', '--no-blobs'];
    const dumping = runProgram('pg_dump', ['--format=custom', '--compress=9', ...role, ...only, `--file=${file}`], owner);
    const both = [tableSums(client), dumping] as const;
    await Promise.allSettled(both); // whoever fails must not leave the other one writing a file that has been taken away
    const [tables] = await Promise.all(both);
    return tables;
  });
}

async function verify(owner: DatabaseAddress, file: string, tables: Record<string, TableSum>): Promise<void> {
  const restored = await inScratchDatabase(owner, async (scratch) => {
    await restoreInto(scratch, file, owner.username);
    return sumsOf(scratch);
  });
  const wrong = differences(tables, restored);
  if (wrong.length > 0) throw new ConfigError(wrong.map((difference) => `not verified: ${difference}`));
}

/** In the dump's own folder it survives a power cut before it counts. */
async function persist(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync();
  await handle.close();
}

async function record(owner: DatabaseAddress, file: string, checksum: string): Promise<void> {
  const { size } = await stat(file);
  await asOwner(owner, (client) =>
    client.query('INSERT INTO backup_snapshots (path, size, verified, checksum, "createdAt") VALUES ($1, $2, true, $3, $4)', [
      file,
      size,
      checksum,
      clock.now(),
    ]),
  );
}

async function prune(owner: DatabaseAddress, dir: string): Promise<void> {
  const oldest = new Date(clock.now().getTime() - KEPT_DAYS * 86_400_000);
  const names = (await readdir(dir)).filter((name) => /^ncy8_\d{8}_\d{6}\.dump$/.test(name)).toSorted((a, b) => (a < b ? -1 : 1));
  const old = names.slice(0, -1).filter((name) => name < `ncy8_${stamp(oldest)}.dump`);
  for (const name of old) for (const ending of ['', '.json']) await rm(join(dir, name + ending), { force: true });
  await asOwner(owner, (client) => client.query('DELETE FROM backup_snapshots WHERE "createdAt" < $1', [oldest]));
}

/** `20260302_081500`, in UTC. */
const stamp = (time: Date): string => time.toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);

/** @throws when it is to stop before the end, too */
export async function sha256(file: string, stopping?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal: stopping });
  return hash.digest('hex');
}
