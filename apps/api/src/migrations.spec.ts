import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dataSourceOptions } from '#core';
import type { DatabaseAddress } from '#core';
import { connect, TestDatabase } from '../../../test/database.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { migrateByCommand, startSystemPostgres } from '../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../test/system-postgres.js';
import { bootstrap } from './database/bootstrap.js';
import { readCatalogue } from './generate/catalogue.js';
import { schemaText } from './generate/schema-text.js';

const root = join(import.meta.dirname, '../../..');

type Migration = new () => MigrationInterface;
const migrations: Migration[] = [];

beforeAll(async () => {
  for (const file of readdirSync(join(root, 'migrations')).toSorted()) {
    migrations.push(...Object.values((await import(join(root, 'migrations', file))) as Record<string, Migration>));
  }
});

/** Runs each migration, takes all of them back, and runs them again; what the schema was after each step. */
async function thereAndBack(owner: DatabaseAddress, list = migrations) {
  const dataSource = await new DataSource({ ...dataSourceOptions(owner, { poolSize: 1, patient: true }), migrations: list }).initialize();
  const all = dataSource.migrations;
  const steps = async (step: (index: number) => Promise<unknown>): Promise<string[]> => {
    const schemas: string[] = [];
    for (const index of all.keys()) {
      await step(index);
      schemas.push(schemaText(await readCatalogue((text) => dataSource.query(text))));
    }
    return schemas;
  };
  const run = (index: number) => {
    Object.assign(dataSource, { migrations: all.slice(0, index + 1) }); // it runs whatever is pending
    return dataSource.runMigrations({ transaction: 'each' });
  };
  try {
    return {
      up: await steps(run),
      down: await steps(() => dataSource.undoLastMigration({ transaction: 'each' })),
      again: await steps(run),
    };
  } finally {
    await dataSource.destroy();
  }
}

function expectThereAndBack({ up, down, again }: Awaited<ReturnType<typeof thereAndBack>>): void {
  expect(again).toEqual(up);
  // What is left when a migration has been taken back is what was there before it; nothing but TypeORM's own table before the first.
  expect(down.slice(0, -1)).toEqual(up.slice(0, -1).toReversed());
  expect(down.at(-1)?.match(/^(table|function) \S+/gm)).toEqual(['table migrations']);
}

/** SHA-256 of each that has landed, without its comments and spaces: databases have run them. A new one comes here when it lands. */
const LANDED = {
  '1764000000001-Foundation': '59a31151fd56dddf',
  '1764000000002-Identity': '5b5e7e63d01af24e',
  '1764000000003-Companies': '04e094127876f024',
  '1764000000004-Timesheets': 'bde6eedc20efa275',
  '1764000000005-Logs': '1109aa64984a3ae7',
  '1764000000006-Mail': '3b9235b4523eb8f2',
  '1764000000007-HistoryChain': '46377f9e51417ad8',
  '1764000000008-LeaveAndPrivacy': '2523870d96270b50',
  '1764000000009-EntryLists': '85ca0c23ff22d210',
  '1764000000010-EntryPages': '79b6abb3dee4633c',
  '1764000000011-EntryTasksAndExternalIds': 'c0a2b3957bcbb122',
  '1764000000012-EntryCodes': '4a06f17dda2381f7',
  '1764000000013-SoftDeletedOnly': '64e82405919b97c4',
  '1764000000014-AccountsThatOpen': 'c8ceadbade78054a',
  '1764000000015-EmailSince': 'babe5eec373e49e1',
  '1764000000016-ErasureOnlyTakes': '2aa04c2e58539f9c',
  '1764000000017-FilteredLists': 'abf7bfd6f5f5e44b',
  '1764000000018-TeamLeads': 'd738b64b5d12e022',
};

const hashOf = (name: string): string => {
  const text = readFileSync(join(root, `migrations/${name}.ts`), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*|\s+/g, '');
  return hash('sha256', text, 'hex').slice(0, 16);
};

it('each has its line in LANDED, without which it could be changed unseen', () => {
  const names = readdirSync(join(root, 'migrations')).map((file) => file.replace(/\.ts$/, ''));
  const missing = names.filter((name) => !(name in LANDED)).map((name) => `when it is right, add to LANDED  '${name}': '${hashOf(name)}',`);
  expect(missing).toEqual([]);
});

it('none is changed once it has landed', () => {
  expect(Object.fromEntries(Object.keys(LANDED).map((name) => [name, hashOf(name)]))).toEqual(LANDED);
});

describe('every migration can be taken back and run again', () => {
  let embedded: TestDatabase;
  let migrated: TestDatabase;
  let system: SystemPostgres | undefined;

  beforeAll(async () => {
    embedded = await TestDatabase.empty();
    migrated = await TestDatabase.clone();
    system = await startSystemPostgres(15);
  });
  afterAll(async () => {
    await embedded.drop();
    await migrated.drop();
    await system?.stop();
  });

  it('on the embedded PostgreSQL', async () => {
    await bootstrap(embedded.address('owner'), embedded.address('application'));
    expectThereAndBack(await thereAndBack(embedded.address('owner')));
  });

  it('or it is found out', async () => {
    class Forgetful9999999999999 implements MigrationInterface {
      async up(db: QueryRunner): Promise<void> {
        await db.query('CREATE TABLE IF NOT EXISTS forgotten (id uuid)');
      }

      async down(): Promise<void> {}
    }
    const owner = embedded.address('owner');
    await thereAndBack(owner).catch(() => undefined);
    const schemas = await thereAndBack(owner, [...migrations, Forgetful9999999999999]);
    expect(() => expectThereAndBack(schemas)).toThrow('table forgotten');
  });

  it('on PostgreSQL 15', async () => {
    if (!system) {
      console.warn('NOT TESTED on PostgreSQL 15: the machine has none in /usr/lib/postgresql/15/bin');
      return;
    }
    const admin = await connect(system.address);
    await admin.query('CREATE ROLE owner_15 LOGIN CREATEROLE');
    await admin.query('CREATE DATABASE ncy8_15 OWNER owner_15');
    await admin.end();
    const owner = { ...system.address, username: 'owner_15', database: 'ncy8_15' };
    await bootstrap(owner, { username: 'application_15', password: 'x' });
    const schemas = await thereAndBack(owner);
    expectThereAndBack(schemas);
    // The two servers print it alike.
    expect(schemas.up.at(-1)).toBe(schemaText(await readCatalogue((text) => migrated.sql(text))));
  });
});

describe('external ids that differ in their case only', () => {
  const operations = readFileSync(join(root, 'docs/OPERATIONS.md'), 'utf8');
  let server: TestServer;
  let owner: DatabaseAddress;

  beforeAll(async () => {
    server = await startTestServer();
    owner = server.database.address('owner');
    const company = await server.company();
    const people = [await company.person(), await company.person(), await company.person()];
    const dataSource = await new DataSource({ ...dataSourceOptions(owner, { poolSize: 1, patient: true }), migrations }).initialize();
    const isRun = async () => (await dataSource.query(`SELECT FROM migrations WHERE name LIKE 'EntryTasksAndExternalIds%'`)).length > 0;
    while (await isRun()) await dataSource.undoLastMigration({ transaction: 'each' });
    await dataSource.destroy();
    for (const [place, externalId] of ['Pay-1', 'pay-1', 'Pay-2'].entries()) {
      await server.sql('UPDATE users SET "externalId" = $2 WHERE id = $1', [people[place]!.id, externalId]);
    }
  });
  afterAll(() => server.stop());

  it('stop the upgrade, which says where it stands how to find them', async () => {
    const { stderr } = (await migrateByCommand(owner).catch((error: unknown) => error)) as { stderr: string };
    const [, where] = /^could not create unique index "users_external_id_any_case_unique": .* "(.*)" in docs\/OPERATIONS.md\n$/.exec(
      stderr,
    )!;
    expect(operations).toContain(`\n## ${where}\n`);
  });

  it('are found before by what OPERATIONS gives', async () => {
    const [, query = ''] = /```sql\n *(SET ROLE ncy8_backup;\n *SELECT[^`]*externalId[^`]*)```/.exec(operations)!;
    const session = await connect(owner);
    const [, found] = (await session.query(query)) as unknown as { rows: object[] }[];
    await session.end();
    expect(found!.rows).toEqual([
      expect.objectContaining({ people: [expect.stringMatching(/ Pay-1$/), expect.stringMatching(/ pay-1$/)] }),
    ]);
  });
});

/** Whether a migration drops an index or changes a table, which nobody can read then until the commit, before it makes an index, which may take long. */
const keepsReadersOut = (source: string): boolean => {
  const [up = ''] = /async up\(.*?(?=async down\(|$)/s.exec(source) ?? [];
  return /\b(DROP INDEX|ALTER TABLE \S+ ADD)\b.*\bCREATE (UNIQUE )?INDEX\b/s.test(up);
};

describe('no migration keeps readers out while it makes an index', () => {
  const files = readdirSync(join(root, 'migrations')).toSorted();
  const offenders = files.filter((name) => keepsReadersOut(readFileSync(join(root, 'migrations', name), 'utf8')));

  it('but 8 and 11, before this was a rule', () => {
    expect(offenders.map((name) => name.replace(/^.*0(\d\d)-.*$/, '$1'))).toEqual(['08', '11']);
  });
});

/** What the embedded PostgreSQL knows and 15 does not; where no 15 is at hand, nothing else would notice. */
const NEWER_THAN_15 = [
  /\buuidv[47]\(/i,
  /\bWITHOUT OVERLAPS\b/,
  /\bRETURNING\s+(WITH\b|(OLD|NEW)\b)/i,
  /\bGENERATED ALWAYS AS \((?:[^()]|\([^()]*\))*\)(?!\s*STORED)/i,
  /\b(JSON_TABLE|JSON_EXISTS|JSON_VALUE|JSON_QUERY|JSON_SCALAR|JSON_SERIALIZE|JSON_OBJECTAGG|JSON_ARRAYAGG|ANY_VALUE)\s*\(/i,
  /\bIS JSON\b/,
  /\bNOT ENFORCED\b/,
  /\bMERGE INTO\b/, // 15 has it without RETURNING; a distributed PostgreSQL has it not at all
  /\b(array_sample|array_shuffle|array_sort|array_reverse|casefold|date_add|date_subtract|pg_input_is_valid|uuid_extract_timestamp)\(/,
];

const newerThan15 = (text: string): string[] => NEWER_THAN_15.flatMap((pattern) => pattern.exec(text)?.[0] ?? []);

describe('no SQL newer than PostgreSQL 15', () => {
  it('is written anywhere', () => {
    const files = ['apps', 'libs', 'migrations']
      .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
    const found = files.flatMap((name) => newerThan15(readFileSync(join(root, name), 'utf8')).map((words) => `${name}: ${words}`));
    expect(files.length).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });

  it.each([
    ['"id" uuid DEFAULT uuidv7()'],
    ['PRIMARY KEY (id, span WITHOUT OVERLAPS)'],
    ['UPDATE t SET a = 1 RETURNING OLD.a'],
    ['total integer GENERATED ALWAYS AS (coalesce(a, 0) + 1) VIRTUAL'],
    ['total integer GENERATED ALWAYS AS (a + 1)'],
    ["SELECT JSON_VALUE(x, '$.a')"],
  ])('or it is found: %s', (text) => {
    expect(newerThan15(text)).toHaveLength(1);
  });
});
