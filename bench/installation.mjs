import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { build } from '../tools/build.mjs';
import { loadSet } from './set.mjs';

const PASSWORD = 'correct horse battery staple';
const SECRET = 'x'.repeat(48);

const words = (text) => text.split(' ').filter((word) => word !== '');

/** The variables of the allocator, the flags of node and the entry with which `npm start` starts the server. */
function startCommand() {
  const { start } = JSON.parse(readFileSync('package.json', 'utf8')).scripts;
  const [, variables, flags, entry] = /^((?:\w+=\S+ )*)exec node ((?:--\S+ )*)(\S+)$/.exec(start);
  return { entry, execArgv: words(flags), variables: Object.fromEntries(words(variables).map((word) => word.split('='))) };
}

/** A port that nobody listens on. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/**
 * A PostgreSQL with a migrated, empty database `empty`; everything is gone with this process. The set of data is loaded when a measure asks
 * for it, into `bench`, and measures that change rows work on a copy.
 */
export async function install() {
  await build();
  const { startPostgres } = await import('../dist/tools/embedded-postgres.js');
  const { bootstrap } = await import('../dist/apps/api/src/database/bootstrap.js');
  const { migrate } = await import('../dist/apps/api/src/database/migrate.js');
  const { seed } = await import('../dist/apps/api/src/database/seed.js');

  const dir = mkdtempSync(join(tmpdir(), 'ncy8-bench-'));
  const server = await startPostgres({ dir, durable: false, ephemeral: true });
  const { username: user, password } = server.superuser;
  const address = { host: '127.0.0.1', port: server.port, database: 'bench', ssl: false };
  const superuser = { user, password };
  const application = { user: 'bench_app', password: 'bench' };

  /** A connection, of the superuser by default. */
  const connect = async ({ database = 'bench', login = superuser, ...more } = {}) => {
    const client = new pg.Client({ ...address, ...login, ...more, database });
    await client.connect();
    return client;
  };
  const root = await connect({ database: 'postgres' });
  // Its work would be charged to whoever is being measured; what it would do is done by VACUUM ANALYZE once the rows are in.
  const autovacuum = async (isOn) => {
    await root.query(`ALTER SYSTEM SET autovacuum = ${isOn ? 'on' : 'off'}`);
    await root.query('SELECT pg_reload_conf()');
  };
  await autovacuum(false);
  await root.query(`CREATE ROLE bench_owner LOGIN CREATEROLE PASSWORD 'bench'`);
  await root.query('CREATE DATABASE empty OWNER bench_owner');
  const owner = { ...address, database: 'empty', username: 'bench_owner', password: 'bench' };
  await bootstrap(owner, { username: application.user, password: application.password });
  await migrate(owner);
  await seed(owner);

  /** Makes a database that equals another one, to which nobody may be connected. */
  const copy = async (name, from = 'bench') => {
    await root.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from]);
    await root.query(`CREATE DATABASE ${name} TEMPLATE ${from} STRATEGY FILE_COPY`);
  };
  const drop = (name) => root.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);

  /** The environment of the server on one of the databases. */
  const environment = (database, port) => ({
    PORT: String(port),
    DB_HOST: address.host,
    DB_PORT: String(address.port),
    DB_DATABASE: database,
    DB_USERNAME: application.user,
    DB_PASSWORD: application.password,
    JWT_SECRET: SECRET,
    DATA_DIR: dir,
    ACCESS_TOKEN_TTL: '8h',
    RATE_LIMIT_PER_MINUTE: '0',
  });

  /** The built server as a process of its own, ready. */
  const startApi = async (database, env = {}) => {
    const port = await freePort();
    const { entry, execArgv, variables } = startCommand();
    const child = fork(entry, {
      execArgv,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, ...variables, ...environment(database, port), ...env },
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const base = `http://127.0.0.1:${port}`;
    while (
      !(await fetch(`${base}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      // prettier-ignore
      if (child.exitCode !== null) throw new Error(`the server ended with status ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const stop = async () => {
      process.off('exit', kill);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    };
    return { pid: child.pid, port, stop, call: caller(base), signUp: signUpAt(base) };
  };

  /** Access tokens of sessions as signing in leaves them, without the twelve milliseconds that each password takes. */
  const signIn = async (database, people) => {
    const { Config } = await import('../dist/libs/core/src/index.js');
    const { sha256, Tokens } = await import('../dist/libs/identity/src/sign-in/tokens.js');
    const tokens = new Tokens(new Config(environment(database, 3000)));
    const client = await connect({ database });
    const sessions = people.map(({ companyId, userId }) => {
      const session = { companyId, userId, sessionId: crypto.randomUUID(), generation: 1, nonce: tokens.newNonce() };
      return { ...session, tokenHash: sha256(tokens.refresh(session, session.nonce)) };
    });
    await client.query(
      `INSERT INTO active_sessions ("companyId", id, "userId", nonce, "tokenHash", "expiresAt", "lastSeenAt", "createdByUserId", "updatedByUserId")
       SELECT s."companyId", s."sessionId", s."userId", s.nonce, s."tokenHash", now() + interval '30 days', now(), s."userId", s."userId"
       FROM jsonb_to_recordset($1::jsonb) AS s("companyId" uuid, "sessionId" uuid, "userId" uuid, nonce text, "tokenHash" text)`,
      [JSON.stringify(sessions)],
    );
    await client.query('VACUUM ANALYZE active_sessions');
    await client.end();
    return sessions.map((session) => tokens.access(session));
  };

  const installation = {
    address,
    superuser,
    application,
    /** Process id of PostgreSQL. */
    postmaster: Number(readFileSync(join(server.dir, 'data/postmaster.pid'), 'utf8').split('\n')[0]),
    password: PASSWORD,
    /** For files that are to go with everything else. */
    dir,
    connect,
    copy,
    drop,
    environment,
    /** For work of minutes, which relies on it. */
    autovacuum,
    startApi,
    signIn,
    stop: async () => {
      await root.end();
      await server.stop();
    },
  };
  let set;
  /** The companies of the set, see bench/set.mjs. */
  installation.set = (size) => (set ??= loadSet(installation, size));
  return installation;
}

const caller =
  (base) =>
  async (method, path, { body, token } = {}) => {
    const headers = { ...(body ? { 'content-type': 'application/json' } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${base}/api/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

const signUpAt = (base) => (name) =>
  caller(base)('POST', '/companies', {
    body: { name, owner: { email: `${name}@example.com`, password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace' } },
  });
