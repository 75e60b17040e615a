// A purge of 100,000 users deleted long ago beside live traffic: rows a second next to the same deletes in one session of psql's kind, the
// longest wait for a lock, and the reads beside it. `node bench/purge.mjs`; BENCH_USERS for another number.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, copy, quantile, startApi } from './installation.mjs';
import { load } from './load.mjs';

const USERS = Number(process.env.BENCH_USERS ?? 100_000);
const BATCH = 500;
/** Children first; of each user one row or, of history, two. */
const TABLES = ['active_sessions', 'team_members', 'timesheet_entries', 'timesheets', 'leave_requests', 'timesheet_history'];

let api = await startApi(3903, { JOBS: 'off' });
const { company, tokens } = await api.signUp('purged');
const other = await api.signUp('beside');
const team = await api.call('POST', '/teams', { body: { name: 'All' }, token: tokens.accessToken });
const code = await api.call('POST', '/action-codes', { body: { code: 'DEV', name: 'Development' }, token: tokens.accessToken });
api.child.kill('SIGKILL');

const data = await connect();
await data.query('SET session_replication_role = replica'); // the rows fit together
const ids = [company.id, team.id, code.id];
const fill = (text) => data.query(`WITH args AS (SELECT $1::uuid AS company, $2::uuid AS team, $3::uuid AS code) ${text}`, ids);
await fill(`INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId", "deletedAt")
  SELECT company, 'gone' || n || '@example.com', 'Gone', 'User ' || n, '', r.id, t.id, now() - interval '8 years' - n * interval '1 second'
  FROM args, generate_series(1, ${USERS}) n, roles r, user_statuses t WHERE r."companyId" = company AND r.name = 'Employee' AND t.code = 'TERMINATED'`);
const people = 'FROM args JOIN users u ON u."companyId" = company AND u."deletedAt" IS NOT NULL';
await fill(
  `INSERT INTO active_sessions ("companyId", "userId", "tokenHash", nonce, "expiresAt") SELECT company, u.id, u.id::text, 'x', now() ${people}`,
);
await fill(`INSERT INTO team_members ("companyId", "teamId", "userId") SELECT company, team, u.id ${people}`);
await fill(`INSERT INTO timesheets ("companyId", "userId", "periodStart", "periodEnd", status, "totalMinutes")
  SELECT company, u.id, '2015-03-02', '2015-03-08', 'APPROVED', 960 ${people}`);
await fill(`INSERT INTO timesheet_entries ("companyId", "userId", "timesheetId", "actionCodeId", country, timezone, "durationMin", day)
  SELECT company, u.id, s.id, code, 'DE', 'UTC', 480, date '2015-03-02' + n ${people} JOIN timesheets s ON s."companyId" = company AND s."userId" = u.id, generate_series(0, 1) n`);
await fill(
  `INSERT INTO leave_requests ("companyId", "userId", "startDate", "endDate", "leaveType", status) SELECT company, u.id, '2015-03-09', '2015-03-10', 'PTO', 'APPROVED' ${people}`,
);
await fill(`INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "occurredAt")
  SELECT company, u.id, 'Timesheet', u.id, 'created', now() - interval '8 years' ${people}, generate_series(0, 1) n`);
await data.query('VACUUM ANALYZE');
await data.end();
await copy('copied');

/** The same rows, in the same batches, with nothing around it. */
async function bare() {
  const client = await connect({ database: 'copied' });
  await client.query('SET ROLE ncy8_retention');
  const began = performance.now();
  let rows = 0;
  for (;;) {
    await client.query('BEGIN');
    await client.query('SELECT enter_company($1, NULL)', [company.id]);
    const { rows: due } = await client.query(
      `SELECT id FROM users WHERE "companyId" = $1 AND "deletedAt" < now() - interval '7 years' ORDER BY "deletedAt", id LIMIT ${BATCH}`,
      [company.id],
    );
    const users = due.map(({ id }) => id);
    for (const table of users.length > 0 ? TABLES : [])
      rows += (await client.query(`DELETE FROM ${table} WHERE "companyId" = $1 AND "userId" = ANY ($2)`, [company.id, users])).rowCount;
    if (users.length > 0)
      rows += (await client.query(`DELETE FROM users WHERE "companyId" = $1 AND id = ANY ($2)`, [company.id, users])).rowCount;
    await client.query('COMMIT');
    if (users.length === 0) break;
  }
  await client.end();
  return rows / ((performance.now() - began) / 1000);
}

const bareRate = await bare();
api = await startApi(3903, { JOBS: 'off' });
const reads = { port: api.port, path: '/api/v1/teams', headers: { authorization: `Bearer ${other.tokens.accessToken}` } };
const own = { ...reads, path: '/api/v1/users', headers: { authorization: `Bearer ${tokens.accessToken}` } };
await load(reads, 1000);
const alone = await load(reads, 2000, 2);

const watch = await connect();
let longest = 0;
const over = new AbortController();
const watching = (async () => {
  while (!over.signal.aborted) {
    const { rows } = await watch.query(
      `SELECT coalesce(extract(epoch FROM max(clock_timestamp() - query_start)), 0) * 1000 AS ms FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
    );
    longest = Math.max(longest, Number(rows[0].ms));
    await sleep(5);
  }
})();

const began = performance.now();
const run = await api.call('POST', '/gdpr/purges', { body: { dryRun: false }, token: tokens.accessToken });
const beside = [];
let purge = run;
while (!purge.finishedAt) {
  beside.push(...(await load(reads, 20, 2)), ...(await load(own, 5, 1)));
  await api.call('POST', '/teams', { body: { name: `Beside ${beside.length}` }, token: tokens.accessToken });
  purge = await api.call('GET', `/gdpr/purges/${run.id}`, { token: tokens.accessToken });
}
const seconds = (performance.now() - began) / 1000;
over.abort();
await watching;
const rows = TABLES.concat('users').reduce((sum, table) => sum + (purge.counts[table] ?? 0), 0);
const p99 = (times) => quantile(times.toSorted((a, b) => a - b), 0.99); // prettier-ignore
console.log(
  `${purge.counts.users} users, ${rows} rows in ${seconds.toFixed(1)} s: ${Math.round(rows / seconds)} rows/s beside live traffic, ` +
    `${Math.round(bareRate)} rows/s bare (${(rows / seconds / bareRate).toFixed(2)} x); longest wait for a lock ${longest.toFixed(0)} ms; ` +
    `p99 of reads ${p99(alone).toFixed(1)} ms alone, ${p99(beside).toFixed(1)} ms beside it`,
);
process.exit();
