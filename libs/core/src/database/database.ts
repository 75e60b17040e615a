import pg from 'pg';
import { DefaultNamingStrategy } from 'typeorm';
import type { DataSourceOptions, Table } from 'typeorm';
import type { DatabaseAddress } from '../config.js';
import { Connection } from './connection.js';

/** Constraint names as PostgreSQL itself would give them, so that migrations and entities agree without naming each twice. */
class PostgresNames extends DefaultNamingStrategy {
  override primaryKeyName(table: Table | string): string {
    return `${plain(table)}_pkey`;
  }

  override foreignKeyName(table: Table | string, columns: string[]): string {
    return `${plain(table)}_${columns.length === 1 ? columns[0] : columns.filter((column) => column !== 'companyId')[0]}_fkey`;
  }
}

const plain = (table: Table | string): string => (typeof table === 'string' ? table : table.name).split('.').at(-1) ?? '';

/**
 * How everything connects. UTC and ISO dates are part of the contract between the database and the text that answers print.
 * A request's statement may take 30 s, its wait for a lock 5 s, its idling in a transaction 15 s; beyond them the database gives up (503), and
 * a database that says nothing any more is given up after 31 s, with its connection.
 * @param patient without those limits, for migrations
 */
export function dataSourceOptions(address: DatabaseAddress, { poolSize, patient = false }: { poolSize: number; patient?: boolean }) {
  return {
    type: 'postgres',
    driver: pg, // else TypeORM looks for it by itself, in the working directory too
    host: address.host,
    port: address.port,
    username: address.username,
    password: address.password,
    database: address.database,
    ssl: address.ssl,
    poolSize,
    synchronize: false,
    installExtensions: false,
    uuidExtension: 'pgcrypto', // gen_random_uuid(), which has been built in since PostgreSQL 13
    migrationsTableName: 'migrations',
    namingStrategy: new PostgresNames(),
    logging: false,
    connectTimeoutMS: 5000,
    applicationName: 'ncy8',
    extra: {
      Client: Connection,
      pipeline: true,
      // Our statements keep their form and change their values only: planned once a connection instead of at each call, which took half of a
      // list's time in PostgreSQL. A spec looks at these plans on 20,000 rows.
      options: '-c TimeZone=UTC -c DateStyle=ISO -c plan_cache_mode=force_generic_plan',
      ...(patient
        ? {}
        : { statement_timeout: 30_000, lock_timeout: 5_000, idle_in_transaction_session_timeout: 15_000, silenceTimeoutMillis: 31_000 }),
    },
  } satisfies DataSourceOptions;
}
