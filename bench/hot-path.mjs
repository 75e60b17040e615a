// The first figure of the hot path: CPU of application and PostgreSQL for a signed-in list of 50 entries, beside the same statement
// through bare fastify and pg, in interleaved runs on one database. `npm run bench`; figures in docs/BENCHMARK.md.
import { fork } from 'node:child_process';
import { cpuOf, cpuOfTree } from './cpu.mjs';
import { address, connect, postmaster, quantile, startApi, superuser } from './installation.mjs';
import { load } from './load.mjs';
import { statementOfList } from './statement.mjs';

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 4000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

const api = await startApi(3900);
const owners = [];
for (let company = 0; company < 20; company++) owners.push(await api.signUp(`company${company}`));
const data = await connect();
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
const capture = await statementOfList({ ...address, username: 'bench_app', password: 'bench' }, tokens.accessToken, path);
const bare = fork('bench/bare.mjs', {
  env: {
    ...process.env,
    BENCH_DATABASE: JSON.stringify({ ...address, ...superuser }),
    BENCH_STATEMENT: capture.text,
    BENCH_VALUES: JSON.stringify(capture.values),
  },
});
const { port: barePort } = await new Promise((resolve) => bare.once('message', resolve));

const targets = {
  bare: { pid: bare.pid, port: barePort, path: '/list' },
  ncy8: { pid: api.child.pid, port: api.port, path, headers },
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
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
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
process.exit();
