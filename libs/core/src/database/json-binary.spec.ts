import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { TestDatabase } from '../../../../test/database.js';
import { dataSourceOptions } from './database.js';
import { UnitOfWork } from './unit-of-work.js';

const VALUES = `
  SELECT v.n, v.at, v.id AS "with.id" FROM unnest($2::timestamptz[], $3::uuid[]) WITH ORDINALITY AS v(at, id, n) WHERE $1::uuid IS NOT NULL ORDER BY v.n`;
/** Wider than what requests may name. */
const SECONDS = { min: Date.UTC(1800, 0, 1) / 1000, max: Date.UTC(2284, 11, 31) / 1000 };

let database: TestDatabase;
let dataSource: DataSource;
let work: UnitOfWork;

beforeAll(async () => {
  database = await TestDatabase.clone();
  dataSource = await new DataSource(dataSourceOptions(database.address('application'), { poolSize: 1 })).initialize();
  work = new UnitOfWork(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const read = (at: (string | null)[], ids: (string | null)[]) =>
  work.within({ companyId: '11111111-1111-4111-8111-111111111111', userId: null }, async () =>
    (await work.lastAsJson<unknown>(VALUES, [at, ids])).page(at.length, null),
  );

/** An instant as PostgreSQL takes it, to the microsecond. */
const instant = fc
  .tuple(fc.integer(SECONDS), fc.oneof(fc.constantFrom(0, 1, 500_000, 123_000, 999_999), fc.nat(999_999)))
  .map(([seconds, micros]) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`);
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 10 });

/** As PostgreSQL prints it: without zeros at the end. */
const printed = (text: string | null) => text && text.replace(/\.?0*Z$/, 'Z');

it('says of instants and ids what PostgreSQL would print', async () => {
  await read([null], [null]); // the first read of a connection asks for texts: what columns there are is not known yet
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(orNull(instant), orNull(fc.uuid())), { maxLength: 300 }), async (rows) => {
      const items = rows.map(([at, id], index) => ({ n: index + 1, at: printed(at), with: { id } }));
      expect(await read(rows.map(([at]) => at), rows.map(([, id]) => id))).toBe(JSON.stringify({ items, nextCursor: null })); // prettier-ignore
    }),
    { numRuns: 60 },
  );
});

it('says the same at the first read of a connection and at the next', async () => {
  await dataSource.destroy();
  await dataSource.initialize();
  const at = ['1969-12-31T23:59:59.999999Z', '2000-01-01T00:00:00Z', '2026-03-29T01:00:00.5Z', null];
  const ids = [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
    null,
  ];
  expect(await read(at, ids)).toBe(await read(at, ids));
});
