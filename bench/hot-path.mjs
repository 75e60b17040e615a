// The first figure of the hot path: CPU of application and PostgreSQL for a signed-in list of 50 entries, beside the same statement
// through bare fastify and pg, in interleaved runs on one database. `npm run bench`; figures in docs/BENCHMARK.md.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { build } from '../tools/build.mjs';
import { cpuOf, cpuOfTree } from './cpu.mjs';
import { load } from './load.mjs';
import { statementOfList } from './statement.mjs';

await build();
const { startPostgres } = await import('../dist/tools/embedded-postgres.js');
const { bootstrap } = await import('../dist/apps/api/src/database/bootstrap.js');
const { migrate } = await import('../dist/apps/api/src/database/migrate.js');
const { seed } = await import('../dist/apps/api/src/database/seed.js');

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 4000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const PORT = 3900;

const dir = mkdtempSync(join(tmpdir(), 'ncy8-bench-'));
const server = await startPostgres({ dir, durable: false, ephemeral: true });
const { username: user, password } = server.superuser;
const postmaster = Number(readFileSync(join(server.dir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
const address = { host: '127.0.0.1', port: server.port, database: 'bench', ssl: false };
const root = new pg.Client({ ...address, database: 'postgres', user, password });
await root.connect();
await root.query(`CREATE ROLE bench_owner LOGIN CREATEROLE PASSWORD 'bench'`);
await root.query('CREATE DATABASE bench OWNER bench_owner');
const owner = { ...address, username: 'bench_owner', password: 'bench' };
await bootstrap(owner, { username: 'bench_app', password: 'bench' });
await migrate(owner);
await seed(owner);

const api = fork('dist/apps/api/src/main.js', {
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  env: {
    ...process.env,
    PORT: String(PORT),
    DB_HOST: address.host,
    DB_PORT: String(address.port),
    DB_DATABASE: address.database,
    DB_USERNAME: 'bench_app',
    DB_PASSWORD: 'bench',
    JWT_SECRET: 'x'.repeat(48),
    DATA_DIR: dir,
    ACCESS_TOKEN_TTL: '1h',
    RATE_LIMIT_PER_MINUTE: '1000000',
  },
});
for (;;) {
  if (await fetch(`http://127.0.0.1:${PORT}/health/ready`).then((r) => r.ok, () => false)) break; // prettier-ignore
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const call = async (path, body, token) => {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(`http://127.0.0.1:${PORT}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
};
const owners = [];
for (let company = 0; company < 20; company++) {
  const person = { email: `owner${company}@example.com`, password: 'correct horse battery staple', firstName: 'Ada', lastName: 'L' };
  owners.push(await call('/companies', { name: `Company ${company}`, owner: person }));
}
const data = new pg.Client({ ...address, user, password });
await data.connect();
for (const { company, user: person } of owners) {
  await data.query(`INSERT INTO action_codes ("companyId", code, name) VALUES ($1, 'DEV', 'Development')`, [company.id]);
  await data.query(
    `INSERT INTO timesheet_entries ("companyId", "userId", "actionCodeId", country, timezone, "startedAt", "endedAt", "durationMin", day, note)
     SELECT $1::uuid, $2::uuid, a.id, 'DE', 'UTC', t, t + interval '2 hours', 120, t::date, 'Mill ' || n
     FROM action_codes a, generate_series(0, 4999) n, LATERAL (SELECT timestamptz '2022-01-01 08:00Z' + n * interval '6 hours' AS t) s
     WHERE a."companyId" = $1`,
    [company.id, person.id],
  );
}
await data.query('VACUUM ANALYZE');

// The statement and its values as the application sends them, so that both do the same.
const path = '/api/v1/timesheet-entries?limit=50';
const { tokens } = owners[7];
const headers = { authorization: `Bearer ${tokens.accessToken}` };
const capture = await statementOfList({ ...address, username: 'bench_app', password: 'bench' }, dir, tokens.accessToken, path);
const bare = fork('bench/bare.mjs', {
  env: {
    ...process.env,
    BENCH_DATABASE: JSON.stringify({ ...address, user, password }),
    BENCH_STATEMENT: capture.text,
    BENCH_VALUES: JSON.stringify(capture.values),
  },
});
const { port: barePort } = await new Promise((resolve) => bare.once('message', resolve));

const targets = {
  bare: { pid: bare.pid, port: barePort, path: '/list' },
  ncy8: { pid: api.pid, port: PORT, path, headers },
};
const results = { bare: [], ncy8: [] };
for (const target of Object.values(targets)) await load(target, 1500);
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, target] of Object.entries(targets)) {
    const [app, db] = [cpuOf(target.pid), cpuOfTree(postmaster)];
    const times = await load(target, REQUESTS);
    results[name].push({
      app: (cpuOf(target.pid) - app) / REQUESTS,
      db: (cpuOfTree(postmaster) - db) / REQUESTS,
      p50: times[Math.floor(times.length / 2)],
      p99: times[Math.floor(times.length * 0.99)],
    });
  }
}
const median = (list, key) => list.map((one) => one[key]).toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const summary = Object.entries(results).map(([name, list]) => ({
  name,
  'app µs': Math.round(median(list, 'app')),
  'postgres µs': Math.round(median(list, 'db')),
  'p50 ms': median(list, 'p50').toFixed(2),
  'p99 ms': median(list, 'p99').toFixed(2),
}));
console.table(summary);
const total = (index) => summary[index]['app µs'] + summary[index]['postgres µs'];
console.log(`ratio ${(total(1) / total(0)).toFixed(2)} (${REQUESTS} requests a run, ${ROUNDS} interleaved runs)`);
bare.kill();
api.kill('SIGTERM');
await data.end();
await root.end();
await server.stop();
