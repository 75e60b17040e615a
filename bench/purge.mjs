import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf, cpuOfTree } from './cpu.mjs';
import { load } from './load.mjs';
import { ninetyNinth, row, rounded } from './runs.mjs';

const USERS = 100_000;
const BATCH = 500;
/** Children first; of each user one row or, of entries and history, two. */
const TABLES = ['active_sessions', 'team_members', 'timesheet_entries', 'timesheets', 'leave_requests', 'timesheet_history'];

const name = 'purge';
const title = 'A purge beside live traffic';
const method = `
${USERS.toLocaleString('en')} users deleted eight years ago, each with a session, a membership, a timesheet of two entries, a leave request and two lines
of history, are purged by \`POST /api/v1/gdpr/purges\` beside live reads and writes, next to the same deletes in the same batches of ${BATCH} users in one
session on a copy, beside the same traffic, with nothing around them: no ledgers, no references of others to clear, no hold to respect. Waits for locks are those
of anybody, looked at each 5 ms (beside both).`;

async function fill(installation, users) {
  await installation.copy('purged', 'empty');
  const api = await installation.startApi('purged', { JOBS: 'off' });
  const { company, tokens } = await api.signUp('purged');
  const beside = await api.signUp('beside');
  const team = await api.call('POST', '/teams', { body: { name: 'All' }, token: tokens.accessToken });
  const code = await api.call('POST', '/action-codes', { body: { code: 'DEV', name: 'Development' }, token: tokens.accessToken });
  await api.stop();
  const data = await installation.connect({ database: 'purged' });
  await data.query('SET session_replication_role = replica'); // the rows fit together
  const into = (text) =>
    data.query(`WITH args AS (SELECT $1::uuid AS company, $2::uuid AS team, $3::uuid AS code) ${text}`, [company.id, team.id, code.id]);
  const people = 'FROM args JOIN users u ON u."companyId" = company AND u."deletedAt" IS NOT NULL';
  const steps = [
    `INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId", "deletedAt")
     SELECT company, 'gone' || n || '@example.com', 'Gone', 'User ' || n, '', r.id, t.id, now() - interval '8 years' - n * interval '1 second'
     FROM args, generate_series(1, ${users}) n, roles r, user_statuses t WHERE r."companyId" = company AND r.name = 'Employee' AND t.code = 'TERMINATED'`,
    `INSERT INTO active_sessions ("companyId", "userId", "tokenHash", nonce, "expiresAt") SELECT company, u.id, u.id::text, 'x', now() ${people}`,
    `INSERT INTO team_members ("companyId", "teamId", "userId") SELECT company, team, u.id ${people}`,
    `INSERT INTO timesheets ("companyId", "userId", "periodStart", "periodEnd", status, "totalMinutes")
     SELECT company, u.id, '2015-03-02', '2015-03-08', 'APPROVED', 960 ${people}`,
    `INSERT INTO timesheet_entries ("companyId", "userId", "timesheetId", "actionCodeId", country, timezone, "durationMin", day)
     SELECT company, u.id, s.id, code, 'DE', 'UTC', 480, date '2015-03-02' + n
     ${people} JOIN timesheets s ON s."companyId" = company AND s."userId" = u.id, generate_series(0, 1) n`,
    `INSERT INTO leave_requests ("companyId", "userId", "startDate", "endDate", "leaveType", status)
     SELECT company, u.id, '2015-03-09', '2015-03-10', 'PTO', 'APPROVED' ${people}`,
    `INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "occurredAt")
     SELECT company, u.id, 'Timesheet', u.id, 'created', now() - interval '8 years' ${people}, generate_series(0, 1) n`,
  ];
  for (const text of steps) await into(text);
  await data.query('VACUUM ANALYZE');
  await data.end();
  await installation.copy('copied', 'purged');
  return { company, token: tokens.accessToken, beside: beside.tokens.accessToken };
}

/** The same rows, in the same batches, with nothing around them. */
async function bare({ connect }, companyId) {
  const client = await connect({ database: 'copied' });
  await client.query('SET ROLE ncy8_retention');
  const began = performance.now();
  let rows = 0;
  for (;;) {
    await client.query('BEGIN');
    await client.query('SELECT enter_company($1, NULL)', [companyId]);
    const { rows: due } = await client.query(
      `SELECT id FROM users WHERE "companyId" = $1 AND "deletedAt" < now() - interval '7 years' ORDER BY "deletedAt", id LIMIT ${BATCH}`,
      [companyId],
    );
    const users = due.map(({ id }) => id);
    const remove = async (table, column) => {
      const { rowCount } = await client.query(`DELETE FROM ${table} WHERE "companyId" = $1 AND "${column}" = ANY ($2)`, [companyId, users]);
      rows += rowCount;
    };
    if (users.length > 0) {
      for (const table of TABLES) await remove(table, 'userId');
      await remove('users', 'id');
    }
    await client.query('COMMIT');
    if (users.length === 0) break;
  }
  await client.end();
  return { rate: rows / ((performance.now() - began) / 1000) };
}

/** The longest wait of anybody for a lock so far, in milliseconds. */
function watchLocks(client) {
  const over = new AbortController();
  let longest = 0;
  const watching = (async () => {
    while (!over.signal.aborted) {
      const { rows } = await client.query(
        `SELECT coalesce(extract(epoch FROM max(clock_timestamp() - query_start)), 0) * 1000 AS ms FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
      );
      longest = Math.max(longest, Number(rows[0].ms));
      await sleep(5);
    }
  })();
  return async () => {
    over.abort();
    await watching;
    return longest;
  };
}

async function measure(installation, options) {
  const { company, token, beside } = await fill(installation, options.size ? 5000 : USERS);
  const api = await installation.startApi('purged', { JOBS: 'off' });
  const reads = { ...api, path: '/api/v1/teams', headers: { authorization: `Bearer ${beside}` } };
  const own = { ...reads, path: '/api/v1/users', headers: { authorization: `Bearer ${token}` } };
  await load(reads, 1000);
  const quiet = await load(reads, 2000, 2);
  const traffic = async (times) => {
    times.push(...(await load(reads, 20, 2)), ...(await load(own, 5, 1)));
    await api.call('POST', '/teams', { body: { name: `Beside ${teams++}` }, token });
  };
  let teams = 0;

  await installation.autovacuum(true);
  const watch = await installation.connect({ database: 'purged' });
  const watched = watchLocks(watch);
  const deleted = new AbortController();
  const deleting = bare(installation, company.id).finally(() => deleted.abort());
  while (!deleted.signal.aborted) await traffic([]);
  const alone = await deleting;
  await watched();
  const waited = watchLocks(watch);
  const [app, db, began] = [cpuOf(api.pid), cpuOfTree(installation.postmaster), performance.now()];
  const times = [];
  let purge = await api.call('POST', '/gdpr/purges', { body: { dryRun: false }, token });
  while (!purge.finishedAt) {
    await traffic(times);
    purge = await api.call('GET', `/gdpr/purges/${purge.id}`, { token });
  }
  const seconds = (performance.now() - began) / 1000;
  const rows = TABLES.concat('users').reduce((sum, table) => sum + (purge.counts[table] ?? 0), 0);
  const spent = { app: (cpuOf(api.pid) - app) / rows, db: (cpuOfTree(installation.postmaster) - db) / rows };
  const longest = await waited();
  await installation.autovacuum(false);
  await watch.end();
  await api.stop();
  await installation.drop('purged');
  await installation.drop('copied');
  const rate = rows / seconds;
  return [
    row('deletes, same traffic', 'itself', { 'rows/s': Math.round(alone.rate) }, 1),
    row(
      'purge, rows/s',
      'deletes, same traffic',
      {
        'rows/s': Math.round(rate),
        'PostgreSQL µs/row': rounded(spent.db, 1),
        'application µs/row': rounded(spent.app, 1),
        'p99 ms of reads alone': rounded(ninetyNinth(quiet), 1),
        'beside it': rounded(ninetyNinth(times), 1),
      },
      rate / alone.rate,
      { atLeast: 0.7 },
    ),
    row('longest wait for a lock, ms', 'of anybody', {}, longest, { atMost: 200 }),
  ];
}

export default { name, title, method, measure };
