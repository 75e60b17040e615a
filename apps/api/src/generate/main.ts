// `npm run docs`: writes what docs/ has from the running application and its database. Specs hold the files against the same functions.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { Config } from '#core';
import type { DatabaseAddress } from '#core';
import { startPostgres } from '../../../../tools/embedded-postgres.js';
import { createApp } from '../app.js';
import { bootstrap } from '../database/bootstrap.js';
import { migrate } from '../database/migrate.js';
import { documents } from './documents.js';

const docs = join(import.meta.dirname, '../../../../../docs');

const dir = mkdtempSync(join(tmpdir(), 'ncy8-docs-'));
const server = await startPostgres({ dir, durable: false, ephemeral: true });
try {
  const owner = await database();
  const config = new Config({
    DATA_DIR: dir,
    DB_HOST: owner.host,
    DB_PORT: String(owner.port),
    DB_DATABASE: owner.database,
    DB_USERNAME: 'docs_application',
    DB_PASSWORD: 'docs',
    JWT_SECRET: 'signs nothing while documents are written',
    JOBS: 'off',
  });
  const app = await createApp(config, pino({ level: 'silent' }));
  const written = await documents(app, (text) => app.get(DataSource).query(text));
  for (const [name, text] of Object.entries(written)) writeFileSync(join(docs, name), text);
  console.log(
    Object.keys(written)
      .map((name) => `docs/${name}`)
      .join('\n'),
  );
  await app.close();
} finally {
  await server.stop();
}

/** A migrated one. @returns its address as the owner */
async function database(): Promise<DatabaseAddress> {
  const { username: user, password } = server.superuser;
  const host = { host: '127.0.0.1', port: server.port, ssl: false };
  const admin = new Client({ ...host, user, password, database: 'postgres' });
  await admin.connect();
  await admin.query(`CREATE ROLE docs_owner LOGIN CREATEROLE PASSWORD 'docs'`);
  await admin.query('CREATE DATABASE docs OWNER docs_owner');
  await admin.end();
  const owner = { ...host, database: 'docs', username: 'docs_owner', password: 'docs' };
  await bootstrap(owner, { username: 'docs_application', password: 'docs' });
  await migrate(owner);
  return owner;
}
