import { Config, ConfigError } from '#core';
import { backup } from '../backup/backup.js';
import { eraseAgain } from '../backup/erase-again.js';
import { restore } from '../backup/restore.js';
import { bootstrap } from './bootstrap.js';
import { eraseCompany, nameAsked } from './company-erase.js';
import { startEmbedded } from './embedded.js';
import { migrate } from './migrate.js';
import { ownerOf } from './owner-of.js';
import { told } from './reason.js';
import { seed } from './seed.js';

/**
 * `npm run db:bootstrap`, `migration:run`, `db:seed`, `backup`, `restore`, `erasures:replay`, `company:erase`: what the owner of the database
 * runs beside the server.
 */
const commands = {
  async bootstrap(config: Config) {
    const isNew = await bootstrap(ownerOf(config), applicationOf(config));
    return `the roles are there; ${config.databaseUsername} may use the database${isNew ? '' : ', its password was left as it is'}`;
  },
  async migrate(config: Config) {
    const ran = await migrate(ownerOf(config));
    return ran.length > 0 ? `ran ${ran.join(', ')}` : 'nothing to do';
  },
  async seed(config: Config) {
    await seed(ownerOf(config));
    return 'seeded';
  },
  backup: (config: Config) => withDatabase(config, false, (found) => backup(ownerOf(found), found.backupDir)),
  restore(config: Config, file?: string) {
    if (!file) throw new ConfigError(['say which file: npm run restore -- <file>']);
    return withDatabase(config, true, async (found) => {
      console.log(`restored ${await restore(ownerOf(found), applicationOf(found), file)} rows`); // they are there even if what follows fails
      const ran = await migrate(ownerOf(found)); // whoever erases again knows the schema of this version
      if (ran.length > 0) console.log(`ran ${ran.join(', ')}`);
      return eraseAgain(found, ownerOf(found));
    });
  },
  'erasures-replay': (config: Config) => withDatabase(config, false, (found) => eraseAgain(found, ownerOf(found))),
  'company-erase'(config: Config, id?: string, ...flags: string[]) {
    if (!id) throw new ConfigError(['say which company: npm run company:erase -- <id>']);
    return withDatabase(config, false, async (found) => {
      const counts = await eraseCompany(ownerOf(found), found, id, nameAsked(flags));
      return `erased ${Object.values(counts).reduce((sum, count) => sum + count, 0)} rows`;
    });
  },
};

const applicationOf = ({ databaseUsername: username, databasePassword: password }: Config) => ({ username, password });

/** With the embedded database where DB_HOST names no other. @param empty without a schema where there is none yet */
async function withDatabase<T>(config: Config, empty: boolean, work: (config: Config) => Promise<T>): Promise<T> {
  if (config.databaseHost) return work(config);
  const embedded = await startEmbedded(config, undefined, { empty });
  try {
    return await work(embedded.config);
  } finally {
    await embedded.stop();
  }
}

try {
  const command: ((config: Config, ...args: string[]) => unknown) | undefined = commands[process.argv[2] as keyof typeof commands];
  if (!command) throw new ConfigError([`say one of ${Object.keys(commands).join(', ')}`]);
  console.log(await command(new Config(), ...process.argv.slice(3)));
} catch (error) {
  console.error(told(error));
  process.exitCode = 1;
}
