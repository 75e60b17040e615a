/** Days of a month that a batch fills, and entries a day: 500. */
const BATCH_DAYS = 25;
const BATCH_PER_DAY = 20;
export const BATCH = BATCH_DAYS * BATCH_PER_DAY;
const YEAR_DAYS = 360;

/**
 * A copy of the set in which everybody in the two named companies has a DRAFT timesheet for every month of 2026, and a few answers kept for
 * safe repeats: statements planned while that table is empty would read all of it until autovacuum looks at it, which is off here.
 * @returns an action code of each, by `companyId`
 */
export async function forWriting(installation, set, database) {
  await installation.drop(database);
  await installation.copy(database, set.database);
  const data = await installation.connect({ database });
  const companies = [set.large.companyId, set.medium.companyId];
  await data.query(
    `INSERT INTO timesheets ("companyId", "userId", "periodStart", "periodEnd")
     SELECT u."companyId", u.id, m, m + interval '1 month - 1 day' FROM users u, generate_series(timestamp '2026-01-01', '2026-12-01', '1 month') m
     WHERE u."companyId" = ANY ($1)`,
    [companies],
  );
  await data.query(
    `INSERT INTO idempotency_keys ("companyId", "userId", key, "requestHash", "statusCode", headers, body, "expiresAt")
     SELECT u."companyId", u.id, gen_random_uuid()::text, '', 201, '{}', '{}', now() + interval '1 day' FROM users u, generate_series(1, 5)
     WHERE u."companyId" = ANY ($1)`,
    [companies],
  );
  await data.query('VACUUM ANALYZE timesheets, idempotency_keys');
  const { rows } = await data.query(`SELECT "companyId", id FROM action_codes WHERE "companyId" = ANY ($1) AND code = 'C1'`, [companies]);
  await data.end();
  return Object.fromEntries(rows.map(({ companyId, id }) => [companyId, id]));
}

const instant = (month, day, minute) => new Date(Date.UTC(2026, month, 1 + day, 0, minute)).toISOString();

/** The nth entry of half an hour that a person records: one a day, the next year's round half an hour later. */
export function entry(actionCodeId, n) {
  const minute = 60 * 6 + Math.floor(n / YEAR_DAYS) * 30;
  const startedAt = instant(0, n % YEAR_DAYS, minute);
  return {
    actionCodeId,
    country: 'DE',
    workMode: 'remote',
    startedAt,
    endedAt: instant(0, n % YEAR_DAYS, minute + 30),
    note: `Entry ${n}`,
  };
}

/** 500 entries of half an hour in one month. */
export const batch = (actionCodeId, month) =>
  Array.from({ length: BATCH }, (_, n) => {
    const minute = 60 * 6 + (n % BATCH_PER_DAY) * 30;
    const day = Math.floor(n / BATCH_PER_DAY);
    return {
      actionCodeId,
      country: 'DE',
      workMode: 'remote',
      startedAt: instant(month, day, minute),
      endedAt: instant(month, day, minute + 30),
      note: `Entry ${n}`,
    };
  });

/** POSTs one after another, each of the people in turn. @param bodyOf of the nth request of a person */
export function posts(path, tokens, bodyOf) {
  let turn = 0;
  return () => {
    const nth = Math.floor(turn / tokens.length);
    const token = tokens[turn++ % tokens.length];
    return {
      method: 'POST',
      path,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify(bodyOf(nth)),
    };
  };
}
