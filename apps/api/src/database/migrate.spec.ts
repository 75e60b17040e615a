import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { MigrationInterface } from 'typeorm';
import { dataSourceOptions } from '#core';
import { connect } from '../../../../test/database.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { migrateByCommand } from '../../../../test/system-postgres.js';

const folder = join(import.meta.dirname, '../../../../migrations');

type Migration = new () => MigrationInterface;
const migrations: Migration[] = [];
let server: TestServer;

beforeAll(async () => {
  for (const file of readdirSync(folder).toSorted()) {
    migrations.push(...Object.values((await import(join(folder, file))) as Record<string, Migration>));
  }
  server = await startTestServer();
});
afterAll(() => server.stop());

const ran = async () => (await server.sql<{ name: string }>('SELECT name FROM migrations ORDER BY name')).map(({ name }) => name);

/** Takes back a migration and those after it. */
async function takeBack(name: string): Promise<void> {
  const owner = server.database.address('owner');
  const dataSource = await new DataSource({ ...dataSourceOptions(owner, { poolSize: 1, patient: true }), migrations }).initialize();
  while ((await ran()).some((each) => each.startsWith(name))) await dataSource.undoLastMigration({ transaction: 'each' });
  await dataSource.destroy();
}

it('each migration is whole: one that could not go on is run again', () => {
  expect(migrations.filter((each) => new each().transaction !== undefined)).toEqual([]);
});

it('requests are answered while a table is read for long, and the upgrade ends when it is free', async () => {
  const { admin } = await server.company();
  const all = await ran();
  await takeBack('EntryLists');
  const reader = await connect(server.database.address('superuser'));
  await reader.query('BEGIN');
  await reader.query('LOCK TABLE timesheet_entries IN ACCESS SHARE MODE');
  const migrating = migrateByCommand(server.database.address('owner'));
  await server.untilSomebodyWaits();
  expect((await admin.get('/timesheet-entries')).status).toBe(200);
  await reader.end();
  const { stdout, stderr } = await migrating;
  expect(stdout).toMatch(/^ran EntryLists\d+, EntryPages\d+, /m);
  expect(stderr).toMatch(/^others use a table that the migration needs alone: again in 5 s \(1 of 90\)\n/);
  expect(await ran()).toEqual(all);
}, 60_000);
