import type { UnitOfWork } from '#core';

/** Whether an id names a user of the company who was not deleted, whatever their status. */
export async function isLivingUser(work: UnitOfWork, id: string): Promise<boolean> {
  const text = 'SELECT 1 FROM users u WHERE u."companyId" = $1 AND u.id = $2 AND u."deletedAt" IS NULL';
  return (await work.query(text, [id])).length > 0;
}
