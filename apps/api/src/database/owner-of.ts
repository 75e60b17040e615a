import { ConfigError } from '#core';
import type { Config, DatabaseAddress } from '#core';

/** The external database as its owner. @throws ConfigError where no such one is configured */
export function ownerOf(config: Config): DatabaseAddress {
  if (config.ownerDatabase) return config.ownerDatabase;
  throw new ConfigError([
    config.databaseHost
      ? 'DB_OWNER_USERNAME is missing: set it and DB_OWNER_PASSWORD to the role that owns the database'
      : 'DB_HOST is missing: this is for an external PostgreSQL; the embedded one is set up by `npm start`',
  ]);
}
