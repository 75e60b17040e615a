import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, MigrationExecutor } from 'typeorm';
import type { QueryRunner } from 'typeorm';
import { codeOf, ConfigError, dataSourceOptions } from '#core';
import type { DatabaseAddress } from '#core';
import { migrationFiles } from './migrations.js';

/** Key of the advisory lock that a session has alone while it migrates, and shared while it dumps. */
export const MIGRATING = `hashtextextended('ncy8 migrate', 0)`;

/** Who waits for a table keeps all others out that come later; a request waits 5 s. */
const LOCK_WITHIN_MS = 2000;
const PAUSE_MS = 5000;
/** About ten minutes. */
const TRIES = 90;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Runs what is pending, as the owner, each migration in a transaction of its own. One that waits for a table that others use, a dump or a long
 * report, is tried again, so that requests are served in between.
 * TypeORM takes no lock: of two at once the second waits here and then finds nothing to do, and so does one beside a backup.
 * @returns the names of the migrations that ran
 * @throws ConfigError where rows are in the way, or others do not let go of a table for ten minutes
 */
export async function migrate(owner: DatabaseAddress): Promise<string[]> {
  const dataSource = await new DataSource({
    ...dataSourceOptions(owner, { poolSize: 1, patient: true }),
    migrations: migrationFiles,
  }).initialize();
  const session = dataSource.createQueryRunner();
  try {
    await waitForOthers(session);
    await session.query(`SET lock_timeout = ${LOCK_WITHIN_MS}`);
    const executor = new MigrationExecutor(dataSource, session);
    executor.transaction = 'each'; // what failed left nothing behind, what ran is not run again
    const pending = await executor.getPendingMigrations();
    await untilTablesAreFree(() => executor.executePendingMigrations());
    return pending.map((migration) => migration.name);
  } catch (error) {
    throw withDetail(error);
  } finally {
    await session.release();
    await dataSource.destroy(); // ends the session, and with it the lock
  }
}

async function waitForOthers(session: QueryRunner): Promise<void> {
  const [row] = (await session.query(`SELECT pg_try_advisory_lock(${MIGRATING}) AS free`)) as { free: boolean }[];
  if (row?.free) return;
  console.warn('waiting for a backup, or for another migration, to end');
  await session.query(`SELECT pg_advisory_lock(${MIGRATING})`);
}

async function untilTablesAreFree(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      const others = 'others use a table that the migration needs alone';
      if (attempt === TRIES) throw new ConfigError([`${others}: run this again when the long reads in pg_stat_activity are over`]);
      console.warn(`${others}: again in ${PAUSE_MS / 1000} s (${attempt} of ${TRIES})`);
      await sleep(PAUSE_MS);
    }
  }
}

/** Of tables with row security PostgreSQL does not say which rows are in the way. */
function withDetail(error: unknown): unknown {
  const { message, detail } = error as Error & { detail?: string };
  if (!detail) return error;
  return new ConfigError([`${message}: ${detail} How to find what is in the way: "Upgrade without downtime" in docs/OPERATIONS.md`]);
}
