import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from './server.js';

const WAITING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

/** Resolves when so many statements of the server's database wait for a lock. @throws when they do not within five seconds */
export const lockWaits = (server: TestServer, count = 1): Promise<void> => until(async () => (await server.sql(WAITING)).length >= count);

/** Resolves when it is so. @throws when it is not within five seconds */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isSo()) return;
    await sleep(10);
  }
  throw new Error('waited in vain');
}
