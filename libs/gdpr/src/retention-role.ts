import type { UnitOfWork } from '#core';

/**
 * Inside the present transaction, as the role that may take from what is only ever added to; and back. What fails in between must end the
 * transaction, or go back to a savepoint from before.
 */
export async function asRetention<T>(work: UnitOfWork, erase: () => Promise<T>): Promise<T> {
  const manager = await work.manager();
  await manager.query('SET LOCAL ROLE ncy8_retention');
  const result = await erase();
  await manager.query('SET LOCAL ROLE NONE');
  return result;
}
