import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataMap } from '#gdpr';
import type { MappedColumn } from '#gdpr';
import { privacyFaults } from '../../../test/privacy-rules.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { readCatalogue } from './generate/catalogue.js';
import type { Catalogue } from './generate/catalogue.js';

let server: TestServer;
let catalogue: Catalogue;
let map: MappedColumn[];

beforeAll(async () => {
  server = await startTestServer();
  catalogue = await readCatalogue((text) => server.sql(text));
  map = dataMap(server.app.get(DataSource).entityMetadatas);
});
afterAll(() => server.stop());

it('every column of the database says what it tells about a person', () => {
  expect(privacyFaults(catalogue, map)).toEqual([]);
});

const changed = (place: string, change: Partial<MappedColumn>) =>
  map.map((mapped) => (`${mapped.table}.${mapped.column}` === place ? { ...mapped, ...change } : mapped));

describe('it is found', () => {
  it('when a migration adds a column that says nothing', async () => {
    await server.sql('ALTER TABLE tasks ADD COLUMN "birthday" date');
    const found = await readCatalogue((text) => server.sql(text));
    await server.sql('ALTER TABLE tasks DROP COLUMN "birthday"');
    expect(privacyFaults(found, map)).toEqual(['tasks.birthday: does not say whether it is personal']);
  });

  it('when a property of an entity says nothing', () => {
    expect(privacyFaults(catalogue, changed('tasks.title', { kind: undefined }))).toEqual([
      'tasks.title: does not say whether it is personal',
    ]);
  });

  it.each<[string, Partial<MappedColumn>, string]>([
    ['tasks.assigneeId', { whose: 'ownerId' }, 'is of "ownerId", which is no column of tasks'],
    ['tasks.assigneeId', { whose: 'id' }, 'is of its own row, which is no person'],
    [
      'tasks.assigneeId',
      { writer: { column: 'ownerId', at: 'createdAt', erasure: 'clear' } },
      'is written by "ownerId", which is no column of tasks',
    ],
    [
      'tasks.assigneeId',
      { writer: { column: 'createdByUserId', at: 'madeAt', erasure: 'clear' } },
      'is written at "madeAt", which is no column of tasks',
    ],
    ['users.email', { erasure: 'clear' }, 'is to be cleared, and must not be null'],
    ['timesheets.periodStart', { erasure: 'empty' }, 'is to become another text, and is a date'],
    ['timesheets.notes', { erasure: { blank: ['notes'] } }, 'is to lose some of its members, and is a text'],
    ['users.passwordHash', { erasure: 'keep' }, 'outlives the person whose credential it is'],
    ['users.email', { purpose: '' }, 'has no purpose'],
  ])('when %s is declared %j', (place, change, fault) => {
    expect(privacyFaults(catalogue, changed(place, change))).toEqual([`${place}: ${fault}`]);
  });
});
