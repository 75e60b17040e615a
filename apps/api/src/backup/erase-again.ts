import { existsSync } from 'node:fs';
import { ConfigError } from '#core';
import type { Config, DatabaseAddress } from '#core';
import { ErasuresReplay, ledgerFile } from '#gdpr';
import { createApp } from '../app.js';
import { eraseCompany } from '../database/company-erase.js';
import { reasonOf } from '../database/reason.js';
import { refusePowerfulRole } from '../database/refuse-powerful-role.js';

/**
 * Erases again what was erased since the moment that the database was brought back to, by the ledger beside the backups. Can be repeated.
 * @returns what was done, in words
 * @throws ConfigError with all of that when a company or somebody could not be erased, after the others; for a DB_USERNAME that is refused before them
 */
export async function eraseAgain(config: Config, owner: DatabaseAddress): Promise<string> {
  if (config.database) await refusePowerfulRole(config.database);
  const ledger = ledgerFile(config);
  if (!existsSync(ledger)) console.warn(`WARNING: there is no ${ledger}: whoever was erased since the backup is back`);
  const app = await createApp(config.with({ JOBS: 'off', LOG_LEVEL: 'warn' }));
  try {
    const replay = app.get(ErasuresReplay, { strict: false });
    const replayed = await replay.replay();
    const faults: string[] = [];
    let erased = 0;
    for (const id of replayed.companies) {
      try {
        await eraseCompany(owner, config, id, (name) => Promise.resolve(name));
        erased++;
      } catch (error) {
        faults.push(`company ${id} could not be erased again, but for its people: ${reasonOf(error)}`);
        await replay.replayPeople(id, replayed).catch((reason: unknown) => faults.push(`nor its people: ${reasonOf(reason)}`));
      }
    }
    const { anonymized, purged, held, failed } = replayed;
    const kept = held.length > 0 ? `; kept by a legal hold: ${held.join(', ')}` : '';
    const done = `erased again: ${anonymized} anonymised, ${purged} purged, ${erased} companies${kept}`;
    if (failed.length > 0) faults.push(`these could not be erased again: ${failed.join(', ')}`);
    if (faults.length > 0) throw new ConfigError([done, ...faults, 'to try again: npm run erasures:replay']);
    return done;
  } finally {
    await app.close();
  }
}
