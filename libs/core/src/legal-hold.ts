/** SQL: whether a legal hold keeps what is about any of these people. `$1` is the company. @param people columns such as `u.id` */
export const isHeld = (...people: string[]): string =>
  `EXISTS (SELECT FROM legal_holds h WHERE h."companyId" = $1 AND h."userId" IN (${people.join(', ')}))`;
