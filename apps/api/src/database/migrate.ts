import { DataSource } from 'typeorm';
import { ConfigError, dataSourceOptions } from '#core';
import type { DatabaseAddress } from '#core';
import { migrationFiles } from './migrations.js';

/**
 * Runs what is pending, as the owner, each migration in a transaction of its own.
 * TypeORM takes no lock: of two at once the second waits here and then finds nothing to do.
 * @returns the names of the migrations that ran
 * @throws ConfigError where rows are in the way
 */
export async function migrate(owner: DatabaseAddress): Promise<string[]> {
  const dataSource = await new DataSource({
    ...dataSourceOptions(owner, { poolSize: 2, patient: true }),
    migrations: migrationFiles,
  }).initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query(`SELECT pg_advisory_lock(hashtextextended('ncy8 migrate', 0))`);
    return (await dataSource.runMigrations({ transaction: 'each' })).map((migration) => migration.name);
  } catch (error) {
    throw withDetail(error);
  } finally {
    await lock.release();
    await dataSource.destroy(); // ends the session, and with it the lock
  }
}

/** Of tables with row security PostgreSQL does not say which rows are in the way. */
function withDetail(error: unknown): unknown {
  const { message, detail } = error as Error & { detail?: string };
  if (!detail) return error;
  return new ConfigError([`${message}: ${detail} How to find what is in the way: "Upgrade without downtime" in docs/OPERATIONS.md`]);
}
