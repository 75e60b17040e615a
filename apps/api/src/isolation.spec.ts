import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { TestDatabase } from '../../../test/database.js';
import { insertion, sampleRow } from '../../../test/sample-row.js';
import { readCatalogue } from './generate/catalogue.js';
import type { Table } from './generate/catalogue.js';

const [ours, theirs, fresh] = [randomUUID(), randomUUID(), randomUUID()];

let database: TestDatabase;
let tables: Table[];

/** Every table of companies has a row of two of them: no record of which the application could not also see by chance. */
beforeAll(async () => {
  database = await TestDatabase.clone();
  const catalogue = await readCatalogue((text) => database.sql(text));
  tables = catalogue.tables.filter(({ columns }) => columns.some(({ name }) => name === 'companyId'));
  await database.as('superuser', async (client) => {
    await client.query('SET session_replication_role = replica'); // no foreign keys
    for (const id of [ours, theirs]) {
      await client.query('INSERT INTO companies (id, name) VALUES ($1, $1::uuid::text)', [id]);
      for (const table of tables) await client.query(insertion(table.name, sampleRow(table, id)));
    }
  });
});
afterAll(() => database.drop());

/** As the application, inside a company or none; nothing stays. */
function inside<T>(company: string | undefined, work: (client: Client) => Promise<T>): Promise<T> {
  return database.as('application', async (client) => {
    await client.query('BEGIN');
    if (company) await client.query('SELECT enter_company($1, NULL)', [company]);
    return work(client);
  });
}

/** What leaks in one table, in words. */
async function leaks(table: Table, company: string | undefined): Promise<string[]> {
  return [...(await rowsSeen(table, company)), ...(await rowsWritten(table, company))].map((leak) => `${table.name}: ${leak}`);
}

/** One table after another: all at once want more connections than PostgreSQL has. */
async function leaksOfAll(company: string | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables) found.push(...(await leaks(table, company)));
  return found;
}

async function rowsSeen({ name }: Table, company: string | undefined): Promise<string[]> {
  const { rows } = await inside(company, (client) => client.query<{ id: string }>(`SELECT "companyId" AS id FROM ${name}`));
  const expected = company ? [company] : [];
  const seen = rows.map(({ id }) => id);
  return JSON.stringify(seen) === JSON.stringify(expected) ? [] : [`sees rows of ${seen.join(', ') || 'nobody'}`];
}

/** Each in a transaction of its own; a privilege that is missing is as good as a row that is not found. */
async function rowsWritten(table: Table, company: string | undefined): Promise<string[]> {
  const attempts: Record<string, { text: string; values: unknown[] }> = {
    inserts: insertion(table.name, sampleRow(table, theirs)),
    changes: { text: `UPDATE ${table.name} SET "companyId" = "companyId" WHERE "companyId" = $1`, values: [theirs] },
    deletes: { text: `DELETE FROM ${table.name} WHERE "companyId" = $1`, values: [theirs] },
    'moves a row': { text: `UPDATE ${table.name} SET "companyId" = $1`, values: [theirs] },
  };
  const written = await Promise.all(
    Object.entries(attempts).map(async ([what, statement]) => {
      const changed = await inside(company, (client) => client.query(statement)).then(
        ({ rowCount }) => rowCount ?? 0,
        (error: { code: string }) => (error.code === '42501' ? 0 : error.code),
      );
      return changed === 0 ? [] : [`${what} of another company (${changed})`];
    }),
  );
  return written.flat();
}

describe('the application', () => {
  it('sees and writes nothing before it enters a company', async () => {
    expect(await leaksOfAll(undefined)).toEqual([]);
  });

  it('sees and writes nothing of another company', async () => {
    expect(await leaksOfAll(ours)).toEqual([]);
  });

  it('sees and changes of the companies its own only', async () => {
    expect((await inside(undefined, (client) => client.query('SELECT id FROM companies'))).rows).toEqual([]);
    expect((await inside(ours, (client) => client.query('SELECT id FROM companies'))).rows).toEqual([{ id: ours }]);
    expect((await inside(ours, (client) => client.query('UPDATE companies SET name = name WHERE id = $1', [theirs]))).rowCount).toBe(0);
    await expect(
      inside(ours, (client) => client.query('INSERT INTO companies (id, name) VALUES ($1, $1::uuid::text)', [fresh])),
    ).rejects.toThrow('row-level security');
  });

  it('is outside again after the commit', async () => {
    await database.as('application', async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT enter_company($1, NULL)', [ours]);
      await client.query('COMMIT');
      expect((await client.query('SELECT FROM users')).rowCount).toBe(0);
    });
  });

  it("cannot point at another company's record", async () => {
    const reference =
      'INSERT INTO user_approvers ("companyId", "userId", "approverId") SELECT "companyId", id, $2 FROM users WHERE "companyId" = $1';
    const [stranger] = await database.sql<{ id: string }>('SELECT id FROM users WHERE "companyId" = $1', [theirs]);
    await expect(inside(ours, (client) => client.query(reference, [ours, stranger!.id]))).rejects.toMatchObject({ code: '23503' });
  });
});

it('a table that leaks is found', async () => {
  const table = tables.find(({ name }) => name === 'tasks')!;
  await database.sql('ALTER TABLE tasks DISABLE ROW LEVEL SECURITY');
  const found = [await leaks(table, undefined), await leaks(table, ours)];
  await database.sql('ALTER TABLE tasks ENABLE ROW LEVEL SECURITY');
  for (const list of found)
    expect(list.map((leak) => leak.replace(/ of .*/, ''))).toEqual([
      'tasks: sees rows',
      'tasks: inserts',
      'tasks: changes',
      'tasks: moves a row',
    ]);
});
