import { existsSync } from 'node:fs';
import { ConfigError } from '#core';
import type { Config, DatabaseAddress } from '#core';
import { ErasuresReplay, ledgerFile } from '#gdpr';
import { createApp } from '../app.js';
import { eraseCompany } from '../database/company-erase.js';

/**
 * Erases again what was erased since the moment that the database was brought back to, by the ledger beside the backups. Can be repeated.
 * @returns what was done, in words
 * @throws ConfigError when somebody could not be erased
 */
export async function eraseAgain(config: Config, owner: DatabaseAddress): Promise<string> {
  const ledger = ledgerFile(config);
  if (!existsSync(ledger)) console.warn(`WARNING: there is no ${ledger}: whoever was erased since the backup is back`);
  const app = await createApp(config.with({ JOBS: 'off', LOG_LEVEL: 'warn' }));
  try {
    const { anonymized, purged, held, failed, companies } = await app.get(ErasuresReplay, { strict: false }).replay();
    for (const id of companies) await eraseCompany(owner, config, id, (name) => Promise.resolve(name));
    if (failed.length > 0)
      throw new ConfigError([`these could not be erased again: ${failed.join(', ')}; to try again: npm run erasures:replay`]);
    const kept = held.length > 0 ? `; kept by a legal hold: ${held.join(', ')}` : '';
    return `erased again: ${anonymized} anonymised, ${purged} purged, ${companies.length} companies${kept}`;
  } finally {
    await app.close();
  }
}
