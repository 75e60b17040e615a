// A migrated database and the API on it as a process of its own, both gone with this process.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { build } from '../tools/build.mjs';

await build();
const { startPostgres } = await import('../dist/tools/embedded-postgres.js');
const { bootstrap } = await import('../dist/apps/api/src/database/bootstrap.js');
const { migrate } = await import('../dist/apps/api/src/database/migrate.js');
const { seed } = await import('../dist/apps/api/src/database/seed.js');

const dir = mkdtempSync(join(tmpdir(), 'ncy8-bench-'));
const server = await startPostgres({ dir, durable: false, ephemeral: true });
const { username: user, password } = server.superuser;
export const superuser = { user, password };
export const address = { host: '127.0.0.1', port: server.port, database: 'bench', ssl: false };
/** Process id of PostgreSQL. */
export const postmaster = Number(readFileSync(join(server.dir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);

/** A connection of the superuser. */
export async function connect({ database = address.database } = {}) {
  const client = new pg.Client({ ...address, ...superuser, database });
  await client.connect();
  return client;
}

const root = await connect({ database: 'postgres' });
await root.query(`CREATE ROLE bench_owner LOGIN CREATEROLE PASSWORD 'bench'`);
await root.query('CREATE DATABASE bench OWNER bench_owner');
const owner = { ...address, username: 'bench_owner', password: 'bench' };
await bootstrap(owner, { username: 'bench_app', password: 'bench' });
await migrate(owner);
await seed(owner);

/** A copy of the database as it is now; nobody may be connected to it. */
export async function copy(name) {
  await root.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${address.database}'`);
  await root.query(`CREATE DATABASE ${name} TEMPLATE ${address.database}`);
}

/** The API, ready. */
export async function startApi(port, env = {}) {
  const child = fork('dist/apps/api/src/main.js', {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PORT: String(port),
      DB_HOST: address.host,
      DB_PORT: String(address.port),
      DB_DATABASE: address.database,
      DB_USERNAME: 'bench_app',
      DB_PASSWORD: 'bench',
      JWT_SECRET: 'x'.repeat(48),
      DATA_DIR: dir,
      ACCESS_TOKEN_TTL: '1h',
      RATE_LIMIT_PER_MINUTE: '0',
      ...env,
    },
  });
  const base = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${base}/health/ready`).then(({ ok }) => ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 50)); // prettier-ignore
  process.once('exit', () => child.kill('SIGKILL'));

  const call = async (method, path, { body, token } = {}) => {
    const headers = { ...(body ? { 'content-type': 'application/json' } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${base}/api/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const signUp = (name) =>
    call('POST', '/companies', {
      body: { name, owner: { email: `${name}@example.com`, password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace' } },
    });
  return { child, port, call, signUp };
}

export const PASSWORD = 'correct horse battery staple';

/** The value below which that share of sorted values lies. */
export const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
