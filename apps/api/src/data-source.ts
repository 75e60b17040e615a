import { DataSource } from 'typeorm';
import { Config, ConfigError, dataSourceOptions } from '#core';
import type { DatabaseAddress } from '#core';
import { migrationFiles } from './database/migrations.js';
import { ownerOf } from './database/owner-of.js';
import { entities } from './entities.js';

/** What the TypeORM command line works on: `npm run migration:generate|revert|show`. */
export default new DataSource({
  ...dataSourceOptions(owner(), { poolSize: 2, patient: true }),
  entities,
  migrations: migrationFiles,
});

function owner(): DatabaseAddress {
  try {
    return ownerOf(new Config());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message); // the command line would bury it under stack traces
    return process.exit(1);
  }
}
