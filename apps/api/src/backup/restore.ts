import { existsSync, readFileSync } from 'node:fs';
import type { Client } from 'pg';
import { ConfigError } from '#core';
import type { DatabaseAddress } from '#core';
import { asOwner } from '../database/as-owner.js';
import { bootstrap } from '../database/bootstrap.js';
import { runProgram } from './programs.js';
import { differences, tableSums } from './table-sums.js';
import type { TableSum } from './table-sums.js';

/** What is kept beside a dump, as `<file>.json`. */
export interface Manifest {
  /** The role that owned the database. */
  owner: string;
  /** SHA-256 of the dump, in hex. */
  checksum: string;
  tables: Record<string, TableSum>;
}

/**
 * Restores a dump into an empty database, in one transaction, with the roles it needs, and compares it with its manifest where there is one.
 * @throws ConfigError for a database that is not empty, a dump that is no dump, or one that came back different
 */
export async function restore(owner: DatabaseAddress, application: { username: string; password: string }, file: string): Promise<number> {
  if (!existsSync(file)) throw new ConfigError([`there is no file ${file}`]);
  const manifest = manifestOf(file);
  await refuseTables(owner);
  await bootstrap(owner, application);
  await restoreInto(owner, file, manifest?.owner);
  await bootstrap(owner, application);
  const found = await sumsOf(owner);
  const wrong = manifest ? differences(manifest.tables, found) : [];
  if (wrong.length > 0) throw new ConfigError(wrong.map((difference) => `the restored database differs: ${difference}`));
  return Object.values(found).reduce((sum, { rows }) => sum + rows, 0);
}

function manifestOf(file: string): Manifest | undefined {
  const path = `${file}.json`;
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch {
    throw new ConfigError([`${path} is damaged: put the one that was made with the dump there, or take it away and nothing is compared`]);
  }
}

/** @param formerOwner of the dumped database: grants of the dump name it */
export async function restoreInto(owner: DatabaseAddress, file: string, formerOwner = owner.username): Promise<void> {
  await asOwner(owner, async (client) => {
    const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [formerOwner]);
    if (rows.length === 0) await client.query(`CREATE ROLE ${client.escapeIdentifier(formerOwner)} NOLOGIN`);
  });
  const flags = ['--no-owner', '--exit-on-error', '--single-transaction'];
  await runProgram('pg_restore', [...flags, `--dbname=${owner.database}`, file], owner);
  await asOwner(owner, giveDoorsBack);
}

/** Functions that look across companies run as the role whose policies allow it; --no-owner has made them the owner's. */
async function giveDoorsBack(client: Client): Promise<void> {
  const { rows: doors } = await client.query<{ name: string }>(
    `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace`,
  );
  await client.query('BEGIN');
  await client.query('GRANT CREATE ON SCHEMA public TO ncy8_sign_in');
  for (const { name } of doors) await client.query(`ALTER FUNCTION ${name} OWNER TO ncy8_sign_in`);
  await client.query('REVOKE CREATE ON SCHEMA public FROM ncy8_sign_in');
  await client.query('SET LOCAL ROLE ncy8_sign_in');
  await client.query('GRANT EXECUTE ON FUNCTION company_ids TO SESSION_USER');
  await client.query('COMMIT');
}

async function refuseTables(owner: DatabaseAddress): Promise<void> {
  const tables = await asOwner(owner, (client) => client.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`));
  if (tables.rowCount) {
    throw new ConfigError([
      `DB_DATABASE "${owner.database}" is not empty: make an empty one, \`CREATE DATABASE ... OWNER ${owner.username}\``,
    ]);
  }
}

/** What a backup of this database would hold. */
export function sumsOf(owner: DatabaseAddress): Promise<Record<string, TableSum>> {
  return asOwner(owner, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query('SET LOCAL ROLE ncy8_backup');
    return tableSums(client);
  });
}
