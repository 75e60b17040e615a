import { isDeepStrictEqual } from 'node:util';

const INSTANTS = ['startedAt', 'endedAt', 'createdAt', 'updatedAt'];

/**
 * Holds a peer's rows to ours: as many, in the same order, each with every field of ours and its value; instants in whatever form, to the
 * millisecond, as JavaScript's dates keep them.
 * @returns the ids
 * @throws on the first difference
 */
export function sameRows(rows, expected) {
  if (expected.length !== 50 || rows.length !== expected.length) throw new Error(`${rows.length} rows instead of ${expected.length}`);
  for (const [index, { actionCode, ...ours }] of expected.entries()) {
    const row = rows[index];
    for (const field of Object.keys(ours)) {
      const [theirs, own] = INSTANTS.includes(field) ? [Date.parse(row[field]), Date.parse(ours[field])] : [row[field], ours[field]];
      if (!isDeepStrictEqual(theirs, own)) throw new Error(`row ${index} has ${field} ${row[field]} instead of ${ours[field]}`);
    }
    for (const field of Object.keys(actionCode ?? {}))
      if (row.actionCode?.[field] !== actionCode[field]) throw new Error(`row ${index} lacks the ${field} of its action code`);
  }
  return rows.map(({ id }) => id);
}
