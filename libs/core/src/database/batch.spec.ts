import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { TestDatabase } from '../../../../test/database.js';
import { requestScope } from '../http/request-scope.js';
import { dataSourceOptions } from './database.js';
import { UnitOfWork } from './unit-of-work.js';

const companies = [randomUUID(), randomUUID()];
const NAMES = 'SELECT name FROM teams WHERE "companyId" = $1 OR $1::uuid IS NOT NULL ORDER BY name'; // only row security tells them apart

let database: TestDatabase;
let dataSource: DataSource;
let work: UnitOfWork;

beforeAll(async () => {
  database = await TestDatabase.clone();
  for (const id of companies) {
    await database.sql('INSERT INTO companies (id, name) VALUES ($1::uuid, $1::uuid::text)', [id]);
    await database.sql('INSERT INTO teams ("companyId", name) VALUES ($1::uuid, $1::uuid::text)', [id]);
  }
  // One connection, so that every read comes to where the one before has been.
  dataSource = await new DataSource(dataSourceOptions(database.address('application'), { poolSize: 1 })).initialize();
  work = new UnitOfWork(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const within = <T>(companyId: string, doing: () => Promise<T>): Promise<T> => work.within({ companyId, userId: null }, doing);
const names = (companyId: string, text = NAMES) => within(companyId, () => work.last<{ name: string }>(text));

it('sees its own company, from the first read of a connection on, whoever was there before', async () => {
  for (let round = 0; round < 5; round++) {
    for (const id of companies) expect(await names(id)).toEqual([{ name: id }]);
  }
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => names(companies[index % 2]!)));
  expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => [{ name: companies[index % 2]! }]));
});

it('leaves no company behind on the connection', async () => {
  await names(companies[0]!);
  expect(await work.outside('SELECT name FROM teams')).toEqual([]);
});

it('tells what is wrong with a statement, and the next one is not touched by it', async () => {
  await names(companies[0]!);
  await expect(names(companies[0]!, 'SELECT 1 / (CASE WHEN $1::uuid IS NULL THEN 1 ELSE 0 END) AS name')).rejects.toMatchObject({
    code: '22012',
  });
  await expect(names(companies[0]!, 'SELECT nothing FROM teams WHERE "companyId" = $1')).rejects.toMatchObject({ code: '42703' });
  expect(await names(companies[1]!)).toEqual([{ name: companies[1]! }]);
});

it('answers an empty read, and a large one, as they are', async () => {
  expect(await names(companies[0]!, 'SELECT name FROM teams WHERE "companyId" = $1 AND false')).toEqual([]);
  const many = await within(companies[0]!, () =>
    work.last<{ n: number }>('SELECT n::bigint AS n FROM generate_series(1, 5000) n WHERE $1::uuid IS NOT NULL'),
  );
  expect([many.length, many[4999]]).toEqual([5000, { n: 5000 }]);
});

it('gives the same rows whether a connection knows how they look or not, types and nulls too', async () => {
  const text = `SELECT * FROM (VALUES (1, 2.5::numeric, 3::bigint, true, 'ä', date '2026-03-01', timestamptz '2026-03-01 08:00:00.25+00', '{"a": [1]}'::jsonb, ARRAY['x', 'y']),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(n, amount, sum, yes, word, day, at, json, list) WHERE $1::uuid IS NOT NULL`;
  const row = {
    n: 1,
    amount: 2.5,
    sum: 3,
    yes: true,
    word: 'ä',
    day: '2026-03-01',
    at: '2026-03-01T08:00:00.25Z',
    json: { a: [1] },
    list: ['x', 'y'],
  };
  const empty = Object.fromEntries(Object.keys(row).map((name) => [name, null]));
  for (let round = 0; round < 3; round++) expect(await names(companies[0]!, text)).toEqual([row, empty]);
});

const asked = (value: unknown) =>
  within(companies[0]!, () => work.last<{ name: string }>('SELECT $2::text AS name WHERE $1::uuid IS NOT NULL', [value]));

it('refuses a value that is none, and the connection goes on', async () => {
  const endless: unknown = { toPostgres: () => endless };
  expect(await asked('known')).toEqual([{ name: 'known' }]);
  await expect(asked(endless)).rejects.toThrow('circular');
  expect(await asked('again')).toEqual([{ name: 'again' }]);
});

it('joins a transaction that has begun, and ends it', async () => {
  const seen = await within(companies[0]!, async () => {
    await work.execute(`INSERT INTO teams ("companyId", name) VALUES ($1, 'zzz')`);
    return work.last<{ name: string }>(NAMES);
  });
  expect(seen.map(({ name }) => name)).toContain('zzz');
  expect(await database.sql(`SELECT FROM teams WHERE name = 'zzz'`)).toHaveLength(1);
});

const add = (name: string) => work.execute('INSERT INTO teams ("companyId", name) VALUES ($1, $2)', [name]);
const ofCode = (code: string) => expect.objectContaining({ status: 'rejected', reason: expect.objectContaining({ code }) }) as unknown;

describe('a statement that fails', () => {
  const BAD = 'SELECT 1 / (CASE WHEN $1::uuid IS NULL THEN 1 ELSE 0 END)';

  it('takes those behind it in its batch along, with its own error, and nothing of the transaction is kept', async () => {
    const together = within(companies[0]!, async () => {
      const settled = await Promise.allSettled([add('before'), work.query(BAD), add('behind'), work.query('SELECT $1::uuid AS a')]);
      expect(settled).toEqual([{ status: 'fulfilled', value: 1 }, ofCode('22012'), ofCode('22012'), ofCode('22012')]);
    });
    await expect(together).rejects.toMatchObject({ code: '22012' });
    expect(await database.sql(`SELECT name FROM teams WHERE name IN ('before', 'behind')`)).toEqual([]);
  });

  it('leaves the names of those that were passed over unknown, so that they can be sent again', async () => {
    const passedOver = 'SELECT $1::uuid IS NOT NULL AS "passedOver"';
    await expect(within(companies[0]!, () => Promise.all([work.query(BAD), work.query(passedOver)]))).rejects.toMatchObject({
      code: '22012',
    });
    for (let round = 0; round < 2; round++)
      expect(await within(companies[0]!, () => work.query(passedOver))).toEqual([{ passedOver: true }]);
  });

  it('ends the transaction also where the COMMIT was sent with it', async () => {
    const together = within(companies[0]!, async () => {
      await add('before');
      return work.last(BAD);
    });
    await expect(together).rejects.toMatchObject({ code: '22012' });
    const [open] = await database.sql<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
    expect(open!.count).toBe('0');
    expect(await within(companies[0]!, () => work.query('SELECT $1::uuid IS NOT NULL AS yes'))).toEqual([{ yes: true }]);
  });
});

it("keeps the order with what TypeORM sends of its own, which does not wait for the tick's end", async () => {
  await within(companies[0]!, async () => {
    const manager = await work.manager();
    const added = add('first');
    const seen = manager.query<{ name: string }[]>(`SELECT name FROM teams WHERE "companyId" = $1 AND name = 'first'`, [companies[0]]);
    await added;
    expect(await seen).toEqual([{ name: 'first' }]);
  });
});

it('takes up again, also for its last statement, what a commit on the way let go', async () => {
  const resumed: string[] = [];
  await within(companies[0]!, async () => {
    requestScope.getStore()!.resume = async (transaction) => void resumed.push(transaction.tenant.companyId);
    await work.last(NAMES);
  });
  expect(resumed).toEqual([companies[0]]);
});

const form = (n: number) => `SELECT '${n}' || $1::text AS name`;
const prepared = async () =>
  (await names(companies[0]!, 'SELECT statement AS name FROM pg_prepared_statements WHERE $1::uuid IS NOT NULL')).map(({ name }) => name);

describe('of a connection that was asked in thousands of forms', () => {
  it('keeps those that were used last, what is asked often among them', async () => {
    for (let n = 0; n < 2500; n++) {
      await names(companies[0]!, form(n));
      if (n % 100 === 0) await names(companies[0]!);
    }
    const kept = await prepared();
    expect(kept.length).toBeLessThanOrEqual(250);
    expect(kept).toEqual(expect.arrayContaining([NAMES, form(2499), form(2400)]));
    expect(kept).not.toContain(form(2000));
  });

  it('answers each form again, also behind one that failed and many at once', async () => {
    await expect(names(companies[0]!, 'SELECT 1 / 0 AS name WHERE $1::uuid IS NOT NULL')).rejects.toMatchObject({ code: '22012' });
    const found = await within(companies[0]!, () =>
      Promise.all(Array.from({ length: 400 }, (_, n) => work.query<{ name: string }>(form(n)))),
    );
    expect(found.map(([row]) => row!.name)).toEqual(Array.from({ length: 400 }, (_, n) => `${n}${companies[0]}`));
    for (const n of [0, 399, 2499]) expect(await names(companies[0]!, form(n))).toEqual([{ name: `${n}${companies[0]}` }]);
    expect((await prepared()).length).toBeLessThanOrEqual(250); // of one batch all stay until the next
  });
});
