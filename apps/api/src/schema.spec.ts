import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '#core';
import { TestDatabase } from '../../../test/database.js';
import { schemaFaults } from '../../../test/schema-rules.js';
import { entities } from './entities.js';
import { readCatalogue } from './generate/catalogue.js';
import type { Catalogue } from './generate/catalogue.js';

let migrated: TestDatabase;
let catalogue: Catalogue;

const look = (database: TestDatabase) => readCatalogue((text) => database.sql(text));

beforeAll(async () => {
  migrated = await TestDatabase.clone();
  catalogue = await look(migrated);
});
afterAll(() => migrated.drop());

describe('the schema', () => {
  it('keeps the rules', () => {
    expect(schemaFaults(catalogue)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY', 'tasks: row security is enabled, not forced'],
    ['ALTER TABLE tasks DISABLE ROW LEVEL SECURITY', 'tasks: row security is off, not forced'],
    ['ALTER TABLE companies NO FORCE ROW LEVEL SECURITY', 'companies: row security is enabled, not forced'],
    ['DROP POLICY company_isolation ON tasks', 'tasks: has no policy company_isolation'],
    [`ALTER POLICY company_isolation ON tasks WITH CHECK (true)`, 'tasks: the policy company_isolation is none of the known forms'],
    [
      `ALTER POLICY company_isolation ON tasks USING ("companyId"::text = current_setting('app.company_id'))`,
      'tasks: the policy company_isolation is none of the known forms',
    ],
    ['CREATE POLICY wide ON tasks FOR SELECT USING (true)', 'tasks: the policy wide is none of the known forms'],
    ['CREATE POLICY wide ON tasks FOR SELECT TO ncy8_application USING (true)', 'tasks: the policy wide is none of the known forms'],
    ['CREATE POLICY wide ON tasks FOR UPDATE TO ncy8_backup USING (true)', 'tasks: the policy wide is none of the known forms'],
    ['CREATE POLICY wide ON tasks FOR SELECT TO ncy8_sign_in USING (true)', 'tasks: the policy wide is none of the known forms'],
    [
      'CREATE POLICY sign_in_finds_accounts ON tasks FOR SELECT TO ncy8_sign_in USING (true)',
      'tasks: the policy sign_in_finds_accounts is none of the known forms',
    ],
    ['DROP POLICY backup_reads_all ON tasks', 'tasks: has no policy by which ncy8_backup sees its rows'],
    ['REVOKE SELECT ON tasks FROM ncy8_backup', 'tasks: cannot be read by ncy8_backup'],
    ['REVOKE SELECT ON scheduled_jobs FROM ncy8_backup', 'scheduled_jobs: cannot be read by ncy8_backup'],
    ['GRANT ALL ON tasks TO PUBLIC', expect.stringMatching(/^tasks: grants PUBLIC /)],
    ['GRANT SELECT (title) ON tasks TO PUBLIC', 'tasks: grants PUBLIC SELECT (title)'],
    ['ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_append_only', 'audit_logs: the trigger audit_logs_append_only is not enabled'],
    [
      'ALTER TABLE audit_logs ENABLE REPLICA TRIGGER audit_logs_append_only',
      'audit_logs: the trigger audit_logs_append_only is not enabled',
    ],
    ['ALTER TABLE timesheet_history SET UNLOGGED', 'timesheet_history: is unlogged'],
    ['ALTER TABLE tasks ADD COLUMN "userId" uuid', 'tasks: "userId" has no foreign key and is not listed as a bare id'],
    ['ALTER TABLE tasks DROP CONSTRAINT "tasks_assigneeId_fkey"', 'tasks: "assigneeId" has no foreign key and is not listed as a bare id'],
    ['DROP INDEX tasks_assignee_idx', 'tasks: no index serves the foreign key of "assigneeId"'],
    ['DROP INDEX team_members_user_idx', 'team_members: no index serves the foreign key of "userId"'],
    ['CREATE VIEW oops AS SELECT * FROM users', expect.stringMatching(/^oops: is no table of the schema public/)],
    ['CREATE MATERIALIZED VIEW oops AS SELECT * FROM users', expect.stringMatching(/^oops: is no table of the schema public/)],
    ['CREATE TABLE other.oops (id uuid)', expect.stringMatching(/^other.oops: is no table of the schema public/), 'CREATE SCHEMA other'],
    ['CREATE UNIQUE INDEX tasks_oops ON tasks (title)', 'tasks: tasks_oops does not start with "companyId"'],
    ['CREATE INDEX tasks_oops ON tasks (title)', 'tasks: tasks_oops does not start with "companyId"'],
    ['CREATE UNIQUE INDEX tasks_oops ON tasks (lower(title), "companyId")', 'tasks: tasks_oops does not start with "companyId"'],
    [
      'ALTER TABLE tasks ADD CONSTRAINT oops EXCLUDE USING gist (title WITH =, "companyId" WITH =)',
      'tasks: oops does not start with "companyId"',
    ],
    [
      'ALTER TABLE tasks ALTER "companyId" DROP NOT NULL',
      'tasks: "companyId" may be null',
      'ALTER TABLE tasks DROP CONSTRAINT tasks_pkey CASCADE',
    ],
    ['ALTER TABLE tasks DROP CONSTRAINT tasks_pkey CASCADE', 'tasks: the primary key is ()'],
    ['ALTER TABLE tasks DROP CONSTRAINT "tasks_companyId_fkey"', 'tasks: no foreign key to companies'],
    [
      'ALTER TABLE tasks ADD CONSTRAINT oops FOREIGN KEY ("createdByUserId") REFERENCES users (id)',
      'tasks: oops points at users (id) by (createdByUserId)',
      'ALTER TABLE users ADD CONSTRAINT users_oops UNIQUE (id)',
    ],
    [
      'ALTER TABLE tasks ADD CONSTRAINT oops FOREIGN KEY ("companyId", "createdByUserId") REFERENCES users ("companyId", id) ON DELETE SET NULL',
      'tasks: oops is ON DELETE SET NULL',
    ],
    [
      'ALTER TABLE tasks ADD CONSTRAINT oops FOREIGN KEY ("companyId", "createdByUserId") REFERENCES users ("companyId", id) ON UPDATE CASCADE',
      'tasks: oops is ON UPDATE CASCADE',
    ],
    [
      'ALTER TABLE tasks ADD CONSTRAINT oops FOREIGN KEY ("companyId", "createdByUserId") REFERENCES users ("companyId", id) DEFERRABLE',
      'tasks: oops is deferrable',
    ],
    [
      'ALTER TABLE companies ADD CONSTRAINT oops FOREIGN KEY (id, "createdByUserId") REFERENCES users ("companyId", id)',
      'companies: oops points from a global table into one of companies',
    ],
    ['CREATE TABLE oops (id uuid PRIMARY KEY)', 'oops: has no "companyId" and is not listed as global'],
    ['CREATE TABLE oops ("companyId" uuid, id uuid)', 'oops: no index starts with "companyId"'],
    ['ALTER TABLE tasks ADD CONSTRAINT oops_12 CHECK (true)', "tasks: the name oops_12 ends like a shard's"],
    [`ALTER TABLE tasks ADD CONSTRAINT ${'o'.repeat(55)} CHECK (true)`, `tasks: the name ${'o'.repeat(55)} is longer than 54 bytes`],
  ])('find %s', async (violation, fault, before = 'SELECT 1') => {
    const found = await rolledBack([before, violation]);
    expect(schemaFaults(found)).toContainEqual(fault);
  });
});

/** The catalogue as it were after these statements. */
function rolledBack(statements: string[]): Promise<Catalogue> {
  return migrated.as('superuser', async (client) => {
    await client.query('BEGIN');
    for (const statement of statements) await client.query(statement);
    return readCatalogue(async <T>(text: string) => (await client.query(text)).rows as T[]);
  });
}

describe('the entities', () => {
  let synchronised: TestDatabase;

  beforeAll(async () => {
    synchronised = await TestDatabase.empty();
    await synchronised.as('owner', async (client) => {
      await client.query('CREATE EXTENSION citext');
      await client.query('CREATE EXTENSION btree_gist');
    });
    const options = dataSourceOptions(synchronised.address('owner'), { poolSize: 1, patient: true });
    const dataSource = await new DataSource({ ...options, entities }).initialize();
    await dataSource.synchronize();
    await dataSource.destroy();
  });
  afterAll(() => synchronised.drop());

  it('make the tables that the migrations make', async () => {
    expect(expressible(await look(synchronised))).toEqual(expressible(catalogue));
  });

  it.each([
    'ALTER TABLE tasks ADD COLUMN oops text',
    'ALTER TABLE tasks ALTER title TYPE varchar(256)',
    'ALTER TABLE tasks ALTER title DROP NOT NULL',
    `ALTER TABLE tasks ALTER status SET DEFAULT 'DONE'`,
    `ALTER TABLE tasks DROP CONSTRAINT tasks_status_check, ADD CONSTRAINT tasks_status_check CHECK (status IN ('OPEN'))`,
    'ALTER TABLE tasks DROP CONSTRAINT "tasks_assigneeId_fkey", ADD CONSTRAINT "tasks_assigneeId_fkey" FOREIGN KEY ("companyId", "assigneeId") REFERENCES users ("companyId", id) ON DELETE CASCADE',
    'ALTER TABLE timesheets DROP CONSTRAINT timesheets_no_period_overlap',
    'DROP INDEX users_email_unique; CREATE UNIQUE INDEX users_email_unique ON users ("companyId", email)',
    'CREATE TABLE oops (id uuid)',
  ])('would not match after %s', async (drift) => {
    expect(expressible(await rolledBack([drift]))).not.toEqual(expressible(catalogue));
  });
});

/** What entities can say, line by line; the order of columns in a table is not theirs. */
function expressible({ tables }: Catalogue): string[] {
  return tables
    .filter(({ name }) => name !== 'migrations')
    .flatMap(({ name, columns, constraints, indexes }) => [
      `table ${name}`,
      ...columns.map((column) => `column ${name}.${column.name} ${JSON.stringify(column)}`),
      ...constraints.map((constraint) => `constraint ${name}.${constraint.name} ${constraint.definition}`),
      ...indexes.map(({ definition }) => definition).filter((definition) => !/\) INCLUDE \(|\bCASE\b|\blower\(/.test(definition)), // not in TypeORM's grammar
    ])
    .toSorted();
}
