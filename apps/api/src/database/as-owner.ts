import { Client } from 'pg';
import type { DatabaseAddress } from '#core';

const CONNECT_WITHIN_MS = 5000;
/** Work may be silent for hours, a host that is gone is given up: asked once so long after the last word, and ten times within seconds. */
const KEPT_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 60_000 };

/** A connection of the database's owner, for as long as the work takes; what was not committed goes with it. */
export async function asOwner<T>(owner: DatabaseAddress, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...owner, user: owner.username, connectionTimeoutMillis: CONNECT_WITHIN_MS, ...KEPT_ALIVE });
  let lost: Error | undefined; // without a listener, a connection that ends between two statements would end the process
  client.on('error', (error) => (lost ??= error));
  await client.connect();
  try {
    return await work(client);
  } catch (error) {
    throw lost ?? error; // the next statement says only that it cannot be sent
  } finally {
    await client.end();
  }
}
