import { DataSource } from 'typeorm';
import { Config, dataSourceOptions } from '#core';
import { migrationFiles } from './database/migrations.js';
import { entities } from './entities.js';

const { ownerDatabase } = new Config();
if (!ownerDatabase)
  throw new Error('DB_HOST, DB_OWNER_USERNAME and DB_OWNER_PASSWORD are needed: migrations run as the owner of the database');

/** What the TypeORM command line works on: `npm run migration:generate|revert|show`. */
export default new DataSource({
  ...dataSourceOptions(ownerDatabase, { poolSize: 2, patient: true }),
  entities,
  migrations: migrationFiles,
});
