// One PostgreSQL for the whole run, with a migrated and seeded template that each spec clones.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { build } from '../tools/build.mjs';

export const TEMPLATE = 'template_ncy8';

export default async function setUp() {
  await build();
  const { startPostgres } = await import('../dist/tools/embedded-postgres.js');
  const server = await startPostgres({ dir: mkdtempSync(join(tmpdir(), 'ncy8-test-')), durable: false, ephemeral: true });
  const roles = {
    superuser: server.superuser,
    owner: { username: 'test_owner', password: randomBytes(12).toString('hex') },
    application: { username: 'test_application', password: randomBytes(12).toString('hex') },
  };
  await makeTemplate(server.port, roles);
  process.env.NCY8_TEST_SERVER = JSON.stringify({ host: '127.0.0.1', port: server.port, template: TEMPLATE, roles });
  globalThis.testServer = server;
}

async function makeTemplate(port, { superuser, owner, application }) {
  const admin = new pg.Client({ host: '127.0.0.1', port, user: superuser.username, password: superuser.password, database: 'postgres' });
  await admin.connect();
  await admin.query(`CREATE ROLE ${owner.username} LOGIN CREATEROLE PASSWORD '${owner.password}'`);
  await admin.query(`CREATE DATABASE ${TEMPLATE} OWNER ${owner.username}`);
  await complete({ host: '127.0.0.1', port, database: TEMPLATE, ssl: false, ...owner }, application);
  await admin.query(`ALTER DATABASE ${TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  await admin.end();
}

/** As an external database is made: bootstrap, migrate, seed. */
async function complete(address, application) {
  const [{ bootstrap }, { migrate }, { seed }] = await Promise.all(
    ['bootstrap', 'migrate', 'seed'].map((name) => import(`../dist/apps/api/src/database/${name}.js`)),
  );
  await bootstrap(address, application);
  await migrate(address);
  await seed(address);
}
