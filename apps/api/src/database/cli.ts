import { Config, ConfigError } from '#core';
import { bootstrap } from './bootstrap.js';
import { migrate } from './migrate.js';
import { seed } from './seed.js';

/** `npm run db:bootstrap`, `migration:run`, `db:seed`: what the owner of an external database runs before the server starts. */
const commands = {
  async bootstrap(config: Config) {
    await bootstrap(ownerOf(config), { username: config.databaseUsername, password: config.databasePassword });
    return `the roles are there; ${config.databaseUsername} may use the database`;
  },
  async migrate(config: Config) {
    const ran = await migrate(ownerOf(config));
    return ran.length > 0 ? `ran ${ran.join(', ')}` : 'nothing to do';
  },
  async seed(config: Config) {
    await seed(ownerOf(config));
    return 'seeded';
  },
};

function ownerOf(config: Config) {
  if (config.ownerDatabase) return config.ownerDatabase;
  throw new ConfigError([
    config.databaseHost
      ? 'DB_OWNER_USERNAME is missing: set it and DB_OWNER_PASSWORD to the role that owns the database'
      : 'DB_HOST is missing: this is for an external PostgreSQL; the embedded one is set up by `npm start`',
  ]);
}

try {
  const command = commands[process.argv[2] as keyof typeof commands];
  if (!command) throw new ConfigError([`say one of ${Object.keys(commands).join(', ')}`]);
  console.log(await command(new Config()));
} catch (error) {
  const isExplained = error instanceof ConfigError || 'code' in (error as object); // of the database or the network
  console.error(isExplained ? (error as Error).message : error);
  process.exitCode = 1;
}
