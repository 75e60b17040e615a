import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, TestDatabase } from '../../../../test/database.js';
import { migrateByCommand } from '../../../../test/system-postgres.js';
import { refusePowerfulRole } from './refuse-powerful-role.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.empty();
});
afterAll(async () => {
  const logins = (await database.sql<{ name: string }>(`SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'bootstrapped%'`)).map(
    ({ name }) => name,
  );
  await database.sql(`DROP OWNED BY ${logins.join(', ')}`);
  await database.sql(`DROP ROLE ${logins.join(', ')}`);
  await database.drop();
});

const environment = (more: Record<string, string>) => {
  const { host, port, username, password } = database.address('owner');
  return {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_DATABASE: database.name,
    DB_OWNER_USERNAME: username,
    DB_OWNER_PASSWORD: password,
    DB_USERNAME: 'bootstrapped',
    JWT_SECRET: 'x'.repeat(32),
    ...more,
  };
};

/** `npm run db:bootstrap`. */
const bootstrap = async (more: Record<string, string>): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['dist/apps/api/src/database/cli.js', 'bootstrap'], { env: environment(more) })).stdout;

const signIn = (password: string, username = 'bootstrapped') => connect({ ...database.address('application'), username, password });

it('a new login needs a password where the owner has one', async () => {
  await expect(bootstrap({})).rejects.toMatchObject({ stderr: expect.stringMatching(/^DB_PASSWORD is missing: set .*\n$/) });
  expect(await database.sql(`SELECT FROM pg_roles WHERE rolname = 'bootstrapped'`)).toEqual([]);
});

it('the login keeps its password, and that is said', async () => {
  expect(await bootstrap({ DB_PASSWORD: 'the first' })).toBe('the roles are there; bootstrapped may use the database\n');
  const again = 'the roles are there; bootstrapped may use the database, its password was left as it is\n';
  expect(await bootstrap({ DB_PASSWORD: 'the second' })).toBe(again);
  expect(await bootstrap({})).toBe(again);
  await (await signIn('the first')).end();
  await expect(signIn('the second')).rejects.toMatchObject({ code: '28P01' });
});

it.each([
  ['bootstrapped_ascii', 'correct horse'],
  ['bootstrapped_unicode', 'no\u00A0break, so\u00ADft, ﬁne, Gru\u0308ße 🐎'],
])('the password of %s signs in, and is in no log', async (login, password) => {
  await database.sql(`ALTER DATABASE ${database.name} SET log_statement = 'ddl'`);
  await bootstrap({ DB_USERNAME: login, DB_PASSWORD: password });
  await (await signIn(password, login)).end();
  const [log] = await database.sql<{ text: string }>(`SELECT pg_read_file('../server.log') AS text`);
  expect(log!.text).toContain(`CREATE ROLE "${login}"`);
  expect(log!.text).not.toContain(password);
});

it('the owner gets into none of the roles that it makes, whatever the server gives to those who make one', async () => {
  const { username: owner } = database.address('owner');
  await database.sql(`ALTER ROLE ${owner} IN DATABASE ${database.name} SET createrole_self_grant = 'set, inherit'`);
  await bootstrap({ DB_USERNAME: 'bootstrapped_selfless', DB_PASSWORD: 'x' });
  const heir = await database.sql(`SELECT pg_has_role($1, 'bootstrapped_selfless', 'USAGE') AS "inherits"`, [owner]);
  expect(heir).toEqual([{ inherits: false }]);
});

it('an existing login inherits the grants, also one that does not inherit by itself', async () => {
  await database.sql(`CREATE ROLE bootstrapped_reluctant LOGIN NOINHERIT PASSWORD 'x'`);
  await bootstrap({ DB_USERNAME: 'bootstrapped_reluctant' });
  const login = { ...database.address('application'), username: 'bootstrapped_reluctant', password: 'x' };
  await expect(refusePowerfulRole(login)).resolves.toBeUndefined();
});

it('nobody else may make operators and functions beside the tables, as everybody might until PostgreSQL 14', async () => {
  await database.sql('GRANT CREATE ON SCHEMA public TO PUBLIC');
  await bootstrap({});
  const creates = `SELECT has_schema_privilege('bootstrapped', 'public', 'CREATE') AS "may"`;
  expect(await database.sql(creates)).toEqual([{ may: false }]);

  await database.sql('ALTER SCHEMA public OWNER TO postgres');
  await database.sql('GRANT CREATE ON SCHEMA public TO PUBLIC');
  const { stderr } = (await bootstrap({}).catch((error: unknown) => error)) as { stderr: string };
  const [, remedy = ''] = /^anybody may make functions in the schema public: run `(.*)` there as an administrator\n$/.exec(stderr)!;
  await database.sql(remedy);
  await bootstrap({});
  expect(await database.sql(creates)).toEqual([{ may: false }]);
});

it('the login may use a database that the public may not', async () => {
  await database.sql(`REVOKE ALL ON DATABASE ${database.name} FROM PUBLIC`);
  await database.sql('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await bootstrap({});
  await migrateByCommand(database.address('owner'));
  const session = await signIn('the first');
  expect((await session.query('SELECT FROM migrations')).rowCount).toBeGreaterThan(0);
  await session.query('SELECT company_ids()'); // runs as ncy8_sign_in
  await session.query('SET ROLE ncy8_retention; SELECT FROM timesheet_history');
  await session.end();
  await database.as('owner', (client) => client.query('SET ROLE ncy8_backup; SELECT FROM timesheet_history'));
});
