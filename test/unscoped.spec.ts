import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '#core';
import { TestDatabase } from './database.js';
import { unscopedTables, watchStatements } from './unscoped.js';

const tables = new Set(['users', 'teams', 'team_members']);

describe('a statement is refused', () => {
  it.each([
    ['SELECT id FROM users'],
    ['SELECT id FROM "users" WHERE id = $1'],
    ['SELECT id FROM public.users u WHERE u.id = $1'],
    ['SELECT "companyId", id FROM users WHERE id = $1'],
    ['SELECT "User"."companyId" AS c FROM "users" "User" WHERE "User"."id" = $1'],
    ['SELECT 1 FROM users u JOIN team_members m ON m."userId" = u.id WHERE u."companyId" = $1'],
    ['SELECT 1 FROM users u, team_members m WHERE u."companyId" = $1 AND m."userId" = u.id'],
    ['SELECT 1 FROM users u WHERE u."companyId" = $1 AND EXISTS (SELECT FROM team_members m WHERE m."userId" = u.id)'],
    ['UPDATE users SET "firstName" = $1 WHERE id = $2'],
    ['DELETE FROM teams WHERE id = $1'],
    ['DELETE FROM teams t USING team_members m WHERE m."companyId" = $1 AND m."teamId" = t.id'],
    ['INSERT INTO teams (name) VALUES ($1)'],
    ['INSERT INTO teams ("companyId", name) SELECT $1, "firstName" FROM users'],
    [`SELECT id FROM users WHERE '"companyId" = 1' <> ''`],
    ['SELECT id FROM users -- WHERE "companyId" = $1'],
    ['WITH x AS (SELECT id FROM users) SELECT * FROM teams WHERE "companyId" = $1'],
  ])('%s', (text) => {
    expect(unscopedTables(text, tables)).not.toEqual([]);
  });
});

describe('a statement passes', () => {
  it.each([
    ['SELECT id FROM users WHERE "companyId" = $1 AND id = $2 FOR UPDATE'],
    ['SELECT id FROM users u WHERE $1 = u."companyId"'],
    ['SELECT 1 FROM users u JOIN team_members m ON m."companyId" = u."companyId" AND m."userId" = u.id WHERE u."companyId" = $1'],
    ['SELECT 1 FROM users u JOIN team_members m USING ("companyId") WHERE u."companyId" = $1'],
    ['SELECT 1 FROM users u JOIN team_members m ON (m."companyId", m."userId") = (u."companyId", u.id) WHERE u."companyId" = $1'],
    ['SELECT 1 FROM users WHERE "companyId" = $1 AND (id) IN (SELECT "userId" FROM team_members WHERE "companyId" = $1)'],
    ['SELECT 1 FROM user_statuses'],
    ['SELECT * FROM find_sign_in_accounts($1, $2)'],
    ['UPDATE "users" SET "version" = "version" + 1 WHERE "companyId" = $1 AND "id" = $2'],
    ['DELETE FROM teams t USING team_members m WHERE t."companyId" = $1 AND m."companyId" = $1 AND m."teamId" = t.id'],
    ['INSERT INTO "teams"("companyId", "id", "name") VALUES ($1, DEFAULT, $2), ($3, DEFAULT, $4) RETURNING "id"'],
    ['INSERT INTO teams ("companyId", name) SELECT "companyId", "firstName" FROM users WHERE "companyId" = $1'],
    ['INSERT INTO teams ("companyId", name) VALUES ($1, $2) ON CONFLICT ("companyId", name) DO UPDATE SET name = EXCLUDED.name'],
    ['SELECT enter_company($1, $2)'],
  ])('%s', (text) => {
    expect(unscopedTables(text, tables)).toEqual([]);
  });
});

describe('the watch', () => {
  let database: TestDatabase;
  let refused: string[];

  beforeAll(async () => {
    database = await TestDatabase.clone();
    refused = watchStatements(database.name, database.address('application').username, tables);
  });
  afterAll(() => database.drop());

  it('sees what the driver is given', async () => {
    await database.as('application', async (client) => {
      expect(() => client.query({ name: 'raw', text: 'SELECT 1 AS raw FROM users' })).toThrow('SELECT 1 AS raw FROM users');
    });
    expect(refused).toContain('SELECT 1 AS raw FROM users');
  });

  it("sees TypeORM's statements", async () => {
    const dataSource = await new DataSource(dataSourceOptions(database.address('application'), { poolSize: 1 })).initialize();
    await expect(dataSource.query('SELECT 1 AS orm FROM users')).rejects.toThrow('SELECT 1 AS orm FROM users');
    await dataSource.destroy();
  });

  it('leaves the owner and the superuser alone', async () => {
    await expect(database.as('owner', (client) => client.query('SELECT 1 FROM users'))).resolves.toBeDefined();
    await expect(database.sql('SELECT 1 FROM users')).resolves.toEqual([]);
  });
});
