import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, TestDatabase } from '../../../../test/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.empty();
});
afterAll(async () => {
  await database.sql('DROP ROLE IF EXISTS bootstrapped');
  await database.drop();
});

/** `npm run db:bootstrap` with this password of the server's login. */
async function bootstrap(password: string): Promise<string> {
  const { host, port, username, password: ownerPassword } = database.address('owner');
  const env = {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_DATABASE: database.name,
    DB_OWNER_USERNAME: username,
    DB_OWNER_PASSWORD: ownerPassword,
    DB_USERNAME: 'bootstrapped',
    DB_PASSWORD: password,
    JWT_SECRET: 'x'.repeat(32),
  };
  return (await promisify(execFile)(process.execPath, ['dist/apps/api/src/database/cli.js', 'bootstrap'], { env })).stdout;
}

it('the login keeps its password, and that is said', async () => {
  expect(await bootstrap('the first')).toBe('the roles are there; bootstrapped may use the database\n');
  expect(await bootstrap('the second')).toBe('the roles are there; bootstrapped may use the database, its password was left as it is\n');
  const client = await connect({ ...database.address('application'), username: 'bootstrapped', password: 'the first' });
  await client.end();
});
