import type { UnitOfWork } from '#core';
import type { UserStatusCode } from './user.dto.js';

// The statuses belong to no company, so the company is named for its own sake: every statement has it as its first parameter.
export const STATUSES = `
  SELECT t.id, t.code, t.name, t.description, t."canLogin", t."isTerminal", t."createdAt", t."updatedAt", t.version
  FROM user_statuses t WHERE $1::uuid IS NOT NULL AND t."deletedAt" IS NULL`;

/** The id of a status, the same in every company. */
export async function statusIdOf(work: UnitOfWork, code: UserStatusCode): Promise<string> {
  const [status] = await work.query<{ id: string }>(`${STATUSES} AND t.code = $2`, [code]);
  if (!status) throw new Error('the user statuses are not seeded: run `npm run db:seed`');
  return status.id;
}
