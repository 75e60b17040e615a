import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { clock, ConfigError } from '#core';
import type { DatabaseAddress } from '#core';
import { startPostgres } from '../../../../tools/embedded-postgres.js';
import { asOwner } from '../database/as-owner.js';
import { bootstrap } from '../database/bootstrap.js';
import { reasonOf } from '../database/reason.js';

/**
 * An empty database that is gone afterwards: beside the real one where the owner has CREATEDB, else on an embedded server of its own, which
 * burdens nobody and needs no further right.
 */
export async function inScratchDatabase<T>(owner: DatabaseAddress, work: (scratch: DatabaseAddress) => Promise<T>): Promise<T> {
  return (await mayCreate(owner)) ? besides(owner, work) : embedded(owner, work);
}

const mayCreate = (owner: DatabaseAddress): Promise<boolean> =>
  asOwner(owner, async (client) => {
    const { rows } = await client.query<{ may: boolean }>(
      'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
    );
    return rows[0]?.may === true;
  });

async function besides<T>(owner: DatabaseAddress, work: (scratch: DatabaseAddress) => Promise<T>): Promise<T> {
  const database = `ncy8_verify_${seconds(clock.now())}_${randomBytes(6).toString('hex')}`;
  await asOwner(owner, async (client) => {
    await client.query(`CREATE DATABASE ${database} TEMPLATE template0`);
    await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`); // who is in there stands in the way of its end
  });
  try {
    return await work({ ...owner, database });
  } finally {
    await drop(owner, database);
  }
}

/**
 * Without FORCE: that asks for the right to end autovacuum's worker too, which the owner has not, while PostgreSQL itself ends it for whoever drops
 * a database, and gives all others 5 s to go. One that stays is told and no more: the work is done.
 */
async function drop(owner: DatabaseAddress, database: string): Promise<void> {
  try {
    await asOwner(owner, (client) => client.query(`DROP DATABASE IF EXISTS ${database}`));
  } catch (error) {
    console.warn(`WARNING: ${database} holds every row and could not be dropped: ${reasonOf(error)}`);
  }
}

/** PostgreSQL does not say when a database was made: its name does. */
const ABANDONED = `
  SELECT datname AS name FROM pg_database d WHERE pg_get_userbyid(datdba) = current_user
    AND datname ~ '^ncy8_verify_(\\d+_)?[\\da-f]{12}$' AND coalesce(substring(datname FROM '_(\\d+)_')::numeric, 0) < $1
    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid AND a.usesysid IS NOT NULL)`; // autovacuum's worker is nobody

const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);

/** Those that interrupted backups left, made before a moment: each holds every row. */
export async function dropScratchDatabases(owner: DatabaseAddress, before: Date): Promise<void> {
  const abandoned = await asOwner(owner, (client) => client.query<{ name: string }>(ABANDONED, [seconds(before)]));
  for (const { name } of abandoned.rows) await drop(owner, name);
}

async function embedded<T>(owner: DatabaseAddress, work: (scratch: DatabaseAddress) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'ncy8-verify-'));
  try {
    const server = await startPostgres({ dir, durable: false, ephemeral: true }).catch((error: unknown) => {
      const why = (error as Error).message;
      throw new ConfigError([
        `a backup counts only once it was restored: give ${owner.username} CREATEDB (no embedded server here: ${why})`,
      ]);
    });
    try {
      const host = { host: '127.0.0.1', port: server.port, ssl: false };
      const password = randomBytes(24).toString('base64url');
      const scratch = { ...host, database: 'ncy8_verify', username: owner.username, password };
      await makeOwner({ ...host, database: 'postgres', ...server.superuser }, scratch);
      await bootstrap(scratch, { username: 'ncy8_verify_application', password });
      return await work(scratch);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function makeOwner(superuser: DatabaseAddress, owner: DatabaseAddress): Promise<void> {
  const client = new Client({ ...superuser, user: superuser.username });
  await client.connect();
  try {
    const name = client.escapeIdentifier(owner.username);
    const exists = (await client.query('SELECT FROM pg_roles WHERE rolname = $1', [owner.username])).rowCount === 1;
    await client.query(`${exists ? 'ALTER' : 'CREATE'} ROLE ${name} LOGIN CREATEROLE PASSWORD ${client.escapeLiteral(owner.password)}`);
    await client.query(`CREATE DATABASE ${owner.database} OWNER ${name} TEMPLATE template0`);
  } finally {
    await client.end();
  }
}
