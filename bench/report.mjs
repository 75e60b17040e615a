// The time report over a million entries of one company, beside others: time and plan of its statements for a month and a year, as the
// application's role, next to the least that could be read for them. `node bench/report.mjs`; figures in docs/BENCHMARK.md.
// BENCH_INDEX='CREATE INDEX ...' measures again with another index, and what that index costs writers.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { build } from '../tools/build.mjs';

await build();
const { startPostgres } = await import('../dist/tools/embedded-postgres.js');
const { bootstrap } = await import('../dist/apps/api/src/database/bootstrap.js');
const { migrate } = await import('../dist/apps/api/src/database/migrate.js');
const { seed } = await import('../dist/apps/api/src/database/seed.js');
const { createApp } = await import('../dist/apps/api/src/app.js');
const { Config } = await import('../dist/libs/core/src/index.js');

const ROWS = Number(process.env.BENCH_ROWS ?? 1_000_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 7);
const USERS = 2000;
const RANGES = { month: ['2025-03-01', '2025-03-31'], year: ['2025-01-01', '2025-12-31'] };
const GROUPINGS = ['month', 'user', 'user,month', 'actionCode,week', 'team,status', 'task,workMode,country'];
/** As many columns as a report can ask for; exactly its rows. */
const LEAST = `SELECT sum("durationMin") FROM timesheet_entries WHERE "companyId" = $1 AND "deletedAt" IS NULL AND day >= $2 AND day <= $3`;

const dir = mkdtempSync(join(tmpdir(), 'ncy8-bench-'));
const server = await startPostgres({ dir, durable: false, ephemeral: true });
const { username: user, password } = server.superuser;
const address = { host: '127.0.0.1', port: server.port, database: 'bench', ssl: false };
const connect = async (login) => {
  const client = new pg.Client({ ...address, ...login });
  await client.connect();
  return client;
};
const root = await connect({ database: 'postgres', user, password });
await root.query(`CREATE ROLE bench_owner LOGIN CREATEROLE PASSWORD 'bench'`);
await root.query('CREATE DATABASE bench OWNER bench_owner');
const owner = { ...address, username: 'bench_owner', password: 'bench' };
await bootstrap(owner, { username: 'bench_app', password: 'bench' });
await migrate(owner);
await seed(owner);

/** Caught on the way to the driver; before the application connects, as each connection keeps the function it began with. */
const sent = [];
const original = pg.Client.prototype.query;
pg.Client.prototype.query = function query(config, ...rest) {
  if (config.text) sent.push({ text: config.text, values: config.values });
  return original.call(this, config, ...rest);
};

const app = await createApp(
  new Config({
    DB_HOST: address.host,
    DB_PORT: String(address.port),
    DB_DATABASE: address.database,
    DB_USERNAME: 'bench_app',
    DB_PASSWORD: 'bench',
    JWT_SECRET: 'x'.repeat(48),
    DATA_DIR: dir,
    JOBS: 'off',
    LOG_LEVEL: 'silent',
    ACCESS_TOKEN_TTL: '1h',
  }),
);
const signUp = async (name) => {
  const payload = {
    name,
    owner: { email: `${name}@example.com`, password: 'correct horse battery staple', firstName: 'Ada', lastName: 'L' },
  };
  return JSON.parse((await app.inject({ method: 'POST', url: '/api/v1/companies', payload })).payload);
};
const data = await connect({ user, password });
await data.query('SET session_replication_role = replica'); // the rows fit together; checking each foreign key would take minutes

/** Entries of two hours, on days of three years; a third of a company's people is in each of three teams. */
async function fill({ company, user: person }, rows) {
  const values = [company.id, person.id];
  const into = (text) => data.query(text.replaceAll('$1', '$1::uuid'), values);
  await into(`INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
    SELECT $1, 'p' || n || '@example.com', 'First', 'Last ' || n, '', "roleId", "statusId" FROM users, generate_series(2, ${USERS}) n WHERE id = $2`);
  await into(
    `INSERT INTO action_codes ("companyId", code, name) SELECT $1, 'C' || n, 'Code' FROM generate_series(1, 30) n WHERE $2::uuid IS NOT NULL`,
  );
  await into(`INSERT INTO tasks ("companyId", title) SELECT $1, 'Task ' || n FROM generate_series(1, 200) n WHERE $2::uuid IS NOT NULL`);
  await into(`INSERT INTO teams ("companyId", name) SELECT $1, 'Team ' || n FROM generate_series(1, 3) n WHERE $2::uuid IS NOT NULL`);
  await into(`INSERT INTO team_members ("companyId", "teamId", "userId")
    SELECT $1, t.id, u.id FROM users u JOIN teams t ON t."companyId" = $1 AND t.name = 'Team ' || 1 + abs(hashtext(u.id::text)) % 3 WHERE u."companyId" = $1 AND $2::uuid IS NOT NULL`);
  await into(`INSERT INTO timesheets ("companyId", "userId", "periodStart", "periodEnd", status)
    SELECT $1, id, date '2024-01-01' + n * 28, date '2024-01-28' + n * 28, 'APPROVED' FROM users, generate_series(0, 39) n WHERE "companyId" = $1 AND $2::uuid IS NOT NULL`);
  await into(
    `CREATE TEMP TABLE people AS SELECT id, row_number() OVER () - 1 AS n FROM users WHERE "companyId" = $1 AND $2::uuid IS NOT NULL`,
  );
  await into(
    `CREATE TEMP TABLE codes AS SELECT id, row_number() OVER () - 1 AS n FROM action_codes WHERE "companyId" = $1 AND $2::uuid IS NOT NULL`,
  );
  await into(
    `CREATE TEMP TABLE works AS SELECT id, row_number() OVER () - 1 AS n FROM tasks WHERE "companyId" = $1 AND $2::uuid IS NOT NULL`,
  );
  await into(`INSERT INTO timesheet_entries ("companyId", "userId", "timesheetId", "actionCodeId", "taskId", "workMode", country, timezone, "durationMin", day, note)
    SELECT $1, p.id, s.id, c.id, CASE WHEN e.n % 3 = 0 THEN w.id END, (ARRAY['office', 'remote', 'hybrid'])[1 + e.n % 3], (ARRAY['DE', 'FR'])[1 + e.n % 2], 'UTC', 120,
           e.day, 'What was done, number ' || e.n
    FROM (SELECT n, date '2024-01-01' + (n / ${USERS} * 1096 / ${Math.ceil(rows / USERS)})::int AS day FROM generate_series(0, ${rows - 1}) n) e
    JOIN people p ON p.n = e.n % ${USERS} JOIN codes c ON c.n = e.n * 7 % 30 JOIN works w ON w.n = e.n * 11 % 200
    LEFT JOIN timesheets s ON s."companyId" = $1 AND s."userId" = p.id AND s."periodStart" = date '2024-01-01' + (e.day - date '2024-01-01') / 28 * 28
    WHERE $2::uuid IS NOT NULL ORDER BY e.n`);
  await data.query('DROP TABLE people, codes, works');
}

const began = performance.now();
const others = [await signUp('before'), await signUp('after')];
const large = await signUp('large');
await fill(others[0], ROWS / 10);
await fill(large, ROWS);
await fill(others[1], ROWS / 10);
await data.query('VACUUM ANALYZE');
console.log(`${ROWS} entries of one company, ${ROWS / 5} of two others: loaded in ${Math.round((performance.now() - began) / 1000)} s`);

/** What the application itself sends for a report. */
async function statementOf(query) {
  sent.length = 0;
  const headers = { authorization: `Bearer ${large.tokens.accessToken}` };
  const answer = await app.inject({ method: 'GET', url: `/api/v1/reports/time?format=csv&${query}`, headers });
  const statement = sent.find(({ text }) => /FROM timesheet_entries/.test(text));
  if (answer.statusCode !== 200 || !statement) throw new Error(`a report answered ${answer.statusCode}, after ${sent.length} statements`);
  return statement;
}

const application = await connect({ user: 'bench_app', password: 'bench' });
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

const scansOf = ({ Plans = [], ...node }) => [
  ...(/Scan/.test(node['Node Type']) && node['Relation Name'] === 'timesheet_entries' ? [node] : []),
  ...Plans.flatMap(scansOf),
];

/** Median milliseconds, as PostgreSQL itself counts them, and how the entries are read. */
async function planOf({ text, values }) {
  await application.query('BEGIN');
  await application.query('SET LOCAL plan_cache_mode = force_custom_plan');
  await application.query('SELECT enter_company($1, $2)', [large.company.id, large.user.id]);
  const plans = [];
  for (let run = 0; run < RUNS; run++) {
    const { rows } = await application.query(`EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`, values);
    plans.push(rows[0]['QUERY PLAN'][0]);
  }
  await application.query('COMMIT');
  const [scan] = scansOf(plans[0].Plan);
  const buffers = scan['Shared Hit Blocks'] + scan['Shared Read Blocks'];
  const heap = scan['Heap Fetches'] === undefined ? '' : `, ${scan['Heap Fetches']} heap fetches`;
  const index = scan['Index Name'] ?? scan.Plans?.[0]?.['Index Name'] ?? '';
  return {
    ms: median(plans.map((plan) => plan['Execution Time'])),
    entries: scan['Actual Rows'] * scan['Actual Loops'],
    scan: `${scan['Node Type']} ${index} (${buffers} blocks${heap})`,
  };
}

async function report(title) {
  console.log(`\n${title}`);
  const table = [];
  for (const [name, [from, to]] of Object.entries(RANGES)) {
    const least = await planOf({ text: LEAST, values: [large.company.id, from, to] });
    table.push({
      range: name,
      groupBy: '(sum of the same rows)',
      ms: least.ms.toFixed(1),
      ratio: '1.00',
      entries: least.entries,
      scan: least.scan,
    });
    for (const groupBy of GROUPINGS) {
      const { ms, entries, scan } = await planOf(await statementOf(`groupBy=${groupBy}&from=${from}&to=${to}`));
      table.push({ range: name, groupBy, ms: ms.toFixed(1), ratio: (ms / least.ms).toFixed(2), entries, scan });
    }
  }
  console.table(table);
}

/** Milliseconds a thousand rows, in statements of 50 as a batch sends them; rolled back. */
async function writes() {
  const columns = '"companyId", "userId", "timesheetId", "actionCodeId", "taskId", "workMode", country, timezone, "durationMin", day, note';
  const times = { insert: [], update: [] };
  for (let run = 0; run < RUNS; run++) {
    await data.query('BEGIN');
    for (const [name, text] of [
      [
        'insert',
        `INSERT INTO timesheet_entries (${columns}) SELECT ${columns} FROM timesheet_entries WHERE "companyId" = $1 AND day = $2 LIMIT 50 OFFSET $3`,
      ],
      [
        'update',
        `UPDATE timesheet_entries SET "durationMin" = "durationMin" + 1 WHERE "companyId" = $1 AND id IN (SELECT id FROM timesheet_entries WHERE "companyId" = $1 AND day = $2 ORDER BY id LIMIT 50 OFFSET $3)`,
      ],
    ]) {
      const start = performance.now();
      for (let n = 0; n < 60; n++) await data.query(text, [large.company.id, '2025-06-02', n * 10]);
      times[name].push((performance.now() - start) / 3);
    }
    await data.query('ROLLBACK');
  }
  return `1000 rows inserted in ${median(times.insert).toFixed(0)} ms, changed in ${median(times.update).toFixed(0)} ms`;
}

const { BENCH_INDEX } = process.env;
await report('as migrated');
if (BENCH_INDEX) {
  console.log(await writes());
  await data.query(BENCH_INDEX);
  await data.query('VACUUM ANALYZE timesheet_entries');
  await report(BENCH_INDEX);
  console.log(await writes());
  const [name] = /\w+(?= ON )/.exec(BENCH_INDEX);
  const { rows } = await data.query('SELECT pg_size_pretty(pg_relation_size($1::text::regclass)) AS size', [name]);
  console.log(`${name} takes ${rows[0].size}`);
}
await app.close();
await application.end();
await data.end();
await root.end();
await server.stop();
