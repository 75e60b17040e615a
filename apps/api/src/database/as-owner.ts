import { Client } from 'pg';
import type { DatabaseAddress } from '#core';

/** A connection of the database's owner, for as long as the work takes; what was not committed goes with it. */
export async function asOwner<T>(owner: DatabaseAddress, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...owner, user: owner.username });
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
