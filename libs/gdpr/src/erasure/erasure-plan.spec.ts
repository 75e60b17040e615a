import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { EntityMetadata } from 'typeorm';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { dataMap } from '../personal-data/data-map.js';
import { ErasurePlan } from './erasure-plan.js';

let server: TestServer;
let entities: EntityMetadata[];
let plan: ErasurePlan;

beforeAll(async () => {
  server = await startTestServer();
  entities = server.app.get(DataSource).entityMetadatas;
  plan = new ErasurePlan(entities, "o'hara.example");
});
afterAll(() => server.stop());

const keysToUsers = () =>
  entities.flatMap(({ tableName, foreignKeys }) =>
    foreignKeys
      .filter(({ referencedEntityMetadata }) => referencedEntityMetadata.tableName === 'users')
      .map(({ columnNames }) => `${tableName}.${columnNames.find((name) => name !== 'companyId')}`),
  );

describe('anonymisation', () => {
  it('has a statement for each column that is not kept, and for no other', () => {
    const erased = dataMap(entities).filter(({ kind, erasure }) => kind !== 'none' && erasure !== 'keep');
    expect(erased.length).toBeGreaterThan(20);
    for (const { table, column, erasure } of erased) {
      const texts = plan.values.filter((step) => step.table === table).map(({ text }) => text);
      const isTaken = texts.some((text) => (erasure === 'delete_row' ? text.startsWith('DELETE') : text.includes(`"${column}" = `)));
      expect([table, column, isTaken]).toEqual([table, column, true]);
    }
    const set = plan.values.flatMap(({ table, text }) =>
      [...(/ SET (.*?) WHERE x."companyId"/.exec(text)?.[1] ?? '').matchAll(/"(\w+)" = /g)].map(([, name]) => `${table}.${name}`),
    );
    const stamps = ['updatedAt', 'updatedByUserId'];
    const known = erased.map(({ table, column }) => `${table}.${column}`);
    expect(set.filter((place) => !known.includes(place) && !stamps.includes(place.split('.')[1]!))).toEqual([]);
  });

  it('puts the id and the domain into the address, whatever is in them', () => {
    const users = plan.values.find(({ table }) => table === 'users');
    expect(users?.text).toContain(`"email" = replace('deleted-<id>@o''hara.example', '<id>', x.id::text)`);
  });
});

describe('a purge', () => {
  it('takes children before their parents, and the person last', () => {
    const order = plan.rows.map(({ table }) => table);
    expect(order.at(-1)).toBe('users');
    const wrong = entities.flatMap(({ tableName, foreignKeys }) =>
      foreignKeys
        .map(({ referencedEntityMetadata: above }) => ({ child: tableName, parent: above.tableName }))
        .filter(({ child, parent }) => order.includes(child) && order.includes(parent) && order.indexOf(child) > order.indexOf(parent)),
    );
    expect(wrong).toEqual([]);
  });

  it('knows what becomes of each foreign key to a person, and which two stand in its way', () => {
    const goes = plan.rows.flatMap(({ table, where }) => [...where('').matchAll(/x\."(\w+)"/g)].map(([, name]) => `${table}.${name}`));
    const emptied = plan.references.map(({ table, text }) => `${table}.${/SET "(\w+)"/.exec(text)![1]}`);
    expect(
      keysToUsers()
        .filter((key) => !goes.includes(key) && !emptied.includes(key))
        .toSorted(),
    ).toEqual(['company_settings.ownerUserId', 'legal_holds.userId']);
  });

  it('takes all that has a person as its owner, but for the logs, which have clocks of their own', () => {
    const owned = dataMap(entities).filter(({ kind, column }) => kind !== 'none' && column === 'userId');
    const tables = new Set(plan.rows.map(({ table }) => table));
    expect(owned.map(({ table }) => table).filter((table) => !tables.has(table))).toEqual(['access_logs', 'audit_logs', 'legal_holds']);
    expect(plan.agedTables.toSorted((a, b) => (a.table < b.table ? -1 : 1))).toEqual([
      { table: 'access_logs', setting: 'accessLogMonths' },
      { table: 'audit_logs', setting: 'auditLogYears' },
    ]);
  });

  it('may do each of its statements by the grants of its role', async () => {
    const lacking = [];
    for (const { table } of plan.rows) {
      const [held] = await server.sql<{ may: boolean }>(`SELECT has_table_privilege('ncy8_retention', $1, 'DELETE') AS may`, [table]);
      if (!held!.may) lacking.push(table);
    }
    expect(lacking).toEqual([]);
  });
});
