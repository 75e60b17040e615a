import type { UnitOfWork } from '#core';

export const [ENTER_RETENTION, LEAVE_RETENTION] = ['SET LOCAL ROLE ncy8_retention', 'SET LOCAL ROLE NONE'];

/**
 * Inside the present transaction, as the role that may take from what is only ever added to; and back. What fails in between must end the
 * transaction, or go back to a savepoint from before.
 */
export async function asRetention<T>(work: UnitOfWork, erase: () => Promise<T>): Promise<T> {
  const manager = await work.manager();
  await manager.query(ENTER_RETENTION);
  const result = await erase();
  await manager.query(LEAVE_RETENTION);
  return result;
}
