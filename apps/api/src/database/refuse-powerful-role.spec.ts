import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, TestDatabase } from '../../../../test/database.js';
import { startSystemPostgres } from '../../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../../test/system-postgres.js';
import { bootstrap } from './bootstrap.js';
import { refusePowerfulRole } from './refuse-powerful-role.js';

const UNGRANTED = { username: 'ungranted', password: 'x' };
const dir = mkdtempSync(join(tmpdir(), 'ncy8-refused-'));
const system: SystemPostgres | undefined = await startSystemPostgres(15);
if (!system) console.warn('NOT TESTED without a password: the machine has no PostgreSQL 15 in /usr/lib/postgresql/15/bin');
let database: TestDatabase;

beforeAll(async () => {
  database = await TestDatabase.clone();
  await database.sql(`CREATE ROLE ${UNGRANTED.username} LOGIN PASSWORD '${UNGRANTED.password}'`);
});
afterAll(async () => {
  await database.sql(`DROP ROLE ${UNGRANTED.username}`);
  await database.drop();
  await system?.stop();
  rmSync(dir, { recursive: true });
});

/** What a program that acts as the server's login says, and how it ends. */
function run(program: string[], login: { username: string; password: string }) {
  const { host, port, username, password } = database.address('owner');
  const { status, stderr } = spawnSync(process.execPath, program, {
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      DB_HOST: host,
      DB_PORT: String(port),
      DB_DATABASE: database.name,
      DB_USERNAME: login.username,
      DB_PASSWORD: login.password,
      DB_OWNER_USERNAME: username,
      DB_OWNER_PASSWORD: password,
      JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
      DATA_DIR: dir,
      PORT: '0',
      JOBS: 'off',
    },
  });
  return [status, stderr];
}

describe.each([
  ['the server', ['dist/server/main.js']],
  ['a job', ['dist/server/job.js', 'retention']],
  ['erasing again', ['dist/apps/api/src/database/cli.js', 'erasures-replay']],
])('%s', (_, program) => {
  it('does not run as a superuser', () => {
    const superuser = database.address('superuser');
    expect(run(program, superuser)).toEqual([1, expect.stringMatching(/^DB_USERNAME "postgres" is superuser, .*db:bootstrap`\n$/)]);
  });

  it('nor as a login without the grants', () => {
    const said = expect.stringMatching(/^DB_USERNAME "ungranted" is not in ncy8_application, .*: run `npm run db:bootstrap`\n$/);
    expect(run(program, UNGRANTED)).toEqual([1, said]);
  });

  it('nor without the password that the database asks for', () => {
    const { username } = database.address('application');
    expect(run(program, { username, password: '' })).toEqual([1, expect.stringMatching(/^DB_PASSWORD is missing: set .*\n$/)]);
  });
});

describe('a login that was given too much', () => {
  const login = { username: 'powerful', password: 'x' };
  const start = () => refusePowerfulRole({ ...database.address('application'), ...login });

  beforeEach(async () => {
    await database.sql(`CREATE ROLE powerful LOGIN PASSWORD 'x' IN ROLE ncy8_application, ncy8_application_gate`);
  });
  afterEach(async () => {
    await database.sql('DROP OWNED BY powerful');
    await database.sql('DROP ROLE powerful');
  });

  it('is accepted before', async () => {
    await expect(start()).resolves.toBeUndefined();
  });

  it.each([
    ['GRANT ncy8_owner_gate TO powerful', 'a member of a role whose policies see every company'],
    ['GRANT ncy8_retention TO powerful', 'an heir of ncy8_retention'],
    ['ALTER DATABASE "{database}" OWNER TO powerful', 'the owner of', 'ALTER DATABASE "{database}" OWNER TO {owner}'],
    ['ALTER SCHEMA public OWNER TO powerful', 'the owner of', 'ALTER SCHEMA public OWNER TO pg_database_owner'],
    ['ALTER FUNCTION company_ids OWNER TO powerful', 'the owner of', 'ALTER FUNCTION company_ids OWNER TO ncy8_sign_in'],
    ['GRANT CREATE ON SCHEMA public TO powerful', 'one that may make functions beside the tables'],
    [
      'GRANT CREATE ON SCHEMA public TO PUBLIC',
      'one that may make functions beside the tables',
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    ],
    ['GRANT TRUNCATE ON timesheet_history TO powerful', 'one that may change history or logs'],
    ['GRANT UPDATE (ip) ON audit_logs TO powerful', 'one that may change history or logs'],
    ['GRANT DELETE ON erasures TO powerful', 'one that may change history or logs'],
    ['GRANT SET ON PARAMETER session_replication_role TO powerful', 'one that may switch triggers off'],
  ])('is refused after %s', async (grant, power, undo = 'SELECT 1') => {
    const named = (text: string) => text.replace('{database}', database.name).replace('{owner}', database.address('owner').username);
    await database.sql(named(grant));
    try {
      await expect(start()).rejects.toThrow(power);
    } finally {
      await database.sql(named(undo));
    }
  });
});

(system ? describe : describe.skip)('where the database asks for no password', () => {
  it('a login that does not inherit its grants is told so by whoever gives them', async () => {
    const admin = await connect(system!.address);
    await admin.query('CREATE ROLE giver LOGIN CREATEROLE');
    await admin.query('CREATE ROLE reluctant LOGIN NOINHERIT');
    await admin.query('CREATE DATABASE given OWNER giver');
    const owner = { ...system!.address, database: 'given', username: 'giver' };
    const application = { username: 'reluctant', password: '' };
    await expect(bootstrap(owner, application)).rejects.toThrow('run `ALTER ROLE "reluctant" INHERIT`');
    await admin.query('ALTER ROLE "reluctant" INHERIT');
    await admin.end();
    await bootstrap(owner, application);
    await refusePowerfulRole({ ...owner, ...application });
  });

  it('a login without one is made and runs, as its owner does', async () => {
    const admin = await connect(system!.address);
    await admin.query('CREATE ROLE owner LOGIN CREATEROLE');
    await admin.query('CREATE DATABASE ncy8 OWNER owner');
    await admin.end();
    const owner = { ...system!.address, database: 'ncy8', username: 'owner' };
    const application = { username: 'app', password: '' };
    expect(await bootstrap(owner, application)).toBe(true);
    await refusePowerfulRole({ ...owner, ...application });
  });
});
