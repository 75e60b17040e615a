import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { TestDatabase } from '../../../test/database.js';
import { insertion, sampleRow } from '../../../test/sample-row.js';
import { readCatalogue } from './generate/catalogue.js';

/** Only ever added to by the application. */
const ADDED_TO = ['access_logs', 'audit_logs', 'timesheet_history', 'timesheet_history_seals'];
/** And what the application only reads: what erasure took is written by retention alone. */
const APPEND_ONLY = [...ADDED_TO, 'erasures', 'timesheet_history_erasures'].toSorted();

/** What the application removes; of anything else a deletion is a date, and retention ends it. */
const PASSING = [
  'active_sessions',
  'api_keys',
  'calendar_tokens',
  'idempotency_keys',
  'legal_holds',
  'one_time_tokens',
  'queued_mails',
  'sign_in_attempts',
  'timesheet_approvals',
];

const company = randomUUID();

let database: TestDatabase;
let application: string;

beforeAll(async () => {
  database = await TestDatabase.clone();
  application = database.address('application').username;
  const { tables } = await readCatalogue((text) => database.sql(text));
  await database.sql('INSERT INTO companies (id, name) VALUES ($1, $1::uuid::text)', [company]);
  for (const table of tables.filter(({ name }) => APPEND_ONLY.includes(name))) {
    const { text, values } = insertion(table.name, sampleRow(table, company));
    await database.sql(text, values);
  }
});
afterAll(() => database.drop());

/** Privileges that the application's login has, inherited ones and those of the public too. */
const privileges = (...names: string[]): Promise<string[]> => privilegesOf(application, ...names);

async function privilegesOf(role: string, ...names: string[]): Promise<string[]> {
  const rows = await database.sql<{ held: string }>(
    `SELECT DISTINCT c.relname || ' ' || p AS held FROM pg_class c, unnest($2::text[]) p
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (has_table_privilege($1, c.oid, p) OR (p IN ('INSERT', 'UPDATE', 'SELECT') AND has_any_column_privilege($1, c.oid, p))) ORDER BY 1`,
    [role, names],
  );
  return rows.map(({ held }) => held);
}

/** Inside the company, as somebody; nothing stays. */
function inside<T>(role: 'application' | 'owner', work: (client: Client) => Promise<T>): Promise<T> {
  return database.as(role, async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT enter_company($1, NULL)', [company]);
    return work(client);
  });
}

describe("the application's login", () => {
  it('is no superuser, passes no row security, makes nothing and owns nothing', async () => {
    const [role] = await database.sql(
      `SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
         has_schema_privilege(oid, 'public', 'CREATE') AS creates,
         EXISTS (SELECT FROM pg_class WHERE relowner = r.oid UNION ALL SELECT FROM pg_proc WHERE proowner = r.oid) AS owns
       FROM pg_roles r WHERE rolname = $1`,
      [application],
    );
    expect(new Set(Object.values(role!))).toEqual(new Set([false]));
  });

  it('empties no table, and makes no triggers or references', async () => {
    expect(await privileges('TRUNCATE', 'TRIGGER', 'REFERENCES')).toEqual([]);
  });

  it('only adds to history and logs', async () => {
    const held = await privileges('SELECT', 'INSERT', 'UPDATE', 'DELETE');
    expect(held.filter((line) => APPEND_ONLY.includes(line.split(' ')[0]!))).toEqual(
      APPEND_ONLY.flatMap((table) => [...(ADDED_TO.includes(table) ? [`${table} INSERT`] : []), `${table} SELECT`]),
    );
  });

  it('removes only what is kept for a while', async () => {
    expect(await privileges('DELETE')).toEqual(PASSING.map((table) => `${table} DELETE`));
  });

  it('writes no table that belongs to the whole installation, but the counters of sign-in', async () => {
    const held = await privileges('INSERT', 'UPDATE', 'DELETE');
    const globals = ['backup_snapshots', 'migrations', 'user_statuses'];
    expect(held.filter((line) => globals.includes(line.split(' ')[0]!))).toEqual([]);
    expect(held).not.toContain('companies DELETE');
  });

  it.each(['ncy8_retention', 'ncy8_backup', 'ncy8_sign_in'])('does not inherit what %s may', async (role) => {
    const [inherits] = await database.sql('SELECT pg_has_role($1, $2, $3) AS "inherits"', [application, role, 'USAGE']);
    expect(inherits).toEqual({ inherits: false });
  });

  it.each(['ncy8_backup', 'ncy8_sign_in'])('cannot become %s', async (role) => {
    await expect(inside('application', (client) => client.query(`SET LOCAL ROLE ${role}`))).rejects.toMatchObject({ code: '42501' });
  });

  it('runs just the functions that look across companies for it', async () => {
    const rows = await database.sql<{ name: string }>(
      `SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND has_function_privilege($1, oid, 'EXECUTE')
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid AND d.deptype = 'e') AND prosecdef ORDER BY 1`,
      [application],
    );
    expect(rows.map(({ name }) => name)).toEqual(['company_ids', 'find_sign_in_accounts']);
  });

  it('enters a company by a right of its own, also where the public may run nothing', async () => {
    await database.sql('REVOKE EXECUTE ON FUNCTION enter_company FROM PUBLIC');
    const seen = inside('application', (client) => client.query('SELECT FROM companies'));
    await expect(seen.finally(() => void database.sql('GRANT EXECUTE ON FUNCTION enter_company TO PUBLIC'))).resolves.toMatchObject({
      rowCount: 1,
    });
  });

  it('is found out when it may too much', async () => {
    await database.sql(`GRANT UPDATE (reason), TRUNCATE ON timesheet_history TO ${application}`);
    const found = await privileges('UPDATE', 'TRUNCATE');
    await database.sql(`REVOKE UPDATE (reason), TRUNCATE ON timesheet_history FROM ${application}`);
    expect(found).toEqual(expect.arrayContaining(['timesheet_history TRUNCATE', 'timesheet_history UPDATE']));
  });
});

describe('the owner', () => {
  it('sees no company either, without entering one', async () => {
    expect((await database.as('owner', (client) => client.query('SELECT FROM timesheet_history'))).rowCount).toBe(0);
    expect((await inside('owner', (client) => client.query('SELECT FROM timesheet_history'))).rowCount).toBe(1);
  });

  it.each(APPEND_ONLY)('does not rewrite %s', async (table) => {
    for (const statement of [`UPDATE ${table} SET "companyId" = "companyId"`, `DELETE FROM ${table}`]) {
      await expect(inside('owner', (client) => client.query(statement))).rejects.toMatchObject({
        code: '42501',
        message: `${table} is append-only`,
      });
    }
  });
});

/** As retention, inside the company. @returns the number of rows */
const erase = (statement: string) =>
  inside('application', async (client) => {
    await client.query('SET LOCAL ROLE ncy8_retention');
    return (await client.query(statement)).rowCount;
  });

/** Tables that retention adds to or empties. */
const added = () => privilegesOf('ncy8_retention', 'INSERT', 'TRUNCATE', 'TRIGGER');
/** Tables of which it changes every column. */
const rewritten = () =>
  database.sql(`SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND has_table_privilege('ncy8_retention', oid, 'UPDATE')`);

describe('retention', () => {
  it('adds to the ledgers of erasures alone, and changes columns, never all of them', async () => {
    expect([await added(), await rewritten()]).toEqual([['erasures INSERT', 'timesheet_history_erasures INSERT'], []]);
  });

  it('or it is found out', async () => {
    await database.sql('GRANT INSERT, UPDATE ON audit_logs TO ncy8_retention');
    const found = [await added(), await rewritten()];
    await database.sql('REVOKE INSERT, UPDATE ON audit_logs FROM ncy8_retention');
    await database.sql('GRANT UPDATE (before, after, ip, "requestId") ON audit_logs TO ncy8_retention'); // a REVOKE takes those of columns along
    expect(found).toEqual([expect.arrayContaining(['audit_logs INSERT']), [{ name: 'audit_logs' }]]);
  });

  it('blanks free text of history and deletes rows, of the company that was entered', async () => {
    expect(await erase('UPDATE timesheet_history SET reason = NULL, diff = NULL, metadata = NULL')).toBe(1);
    expect(await erase('DELETE FROM timesheet_history')).toBe(1);
  });

  it.each([
    `timesheet_history SET reason = 'another'`,
    `timesheet_history SET diff = '{"durationMin": {"before": 1, "after": 2}}'`,
    `timesheet_history SET diff = coalesce(diff, '{}') || '{"forged": null}'`,
    `audit_logs SET after = '{"forged": true}'`,
    `audit_logs SET before = coalesce(before, '{}') || '{"forged": true}'`,
    `audit_logs SET ip = '6.6.6.6'`,
    `access_logs SET ip = '6.6.6.6', "requestId" = NULL`,
    `timesheet_history_seals SET "factsSalt" = 'another'`,
  ])('puts nothing in the place of what it takes: %s', async (change) => {
    const [table] = change.split(' ');
    await expect(erase(`UPDATE ${change}`)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining(`${table} is append-only`),
    });
  });

  it('takes parts of a document', async () => {
    const document = `'{"note": {"before": "a", "after": null}, "durationMin": {"before": 1, "after": 2}}'`;
    await inside('application', async (client) => {
      const insert = `INSERT INTO audit_logs ("companyId", action, "targetType", after) VALUES ('${company}', 'partly', 'y', ${document})`;
      await client.query(insert);
      await client.query('SET LOCAL ROLE ncy8_retention');
      expect((await client.query(`UPDATE audit_logs SET after = after - ARRAY['note'] WHERE action = 'partly'`)).rowCount).toBe(1);
    });
  });

  it('forgets the salts of seals and notes what it took', async () => {
    expect(await erase('UPDATE timesheet_history_seals SET "factsSalt" = NULL, "freeTextSalt" = NULL')).toBe(1);
    const note = `INSERT INTO timesheet_history_erasures ("companyId", "historyId", erased) SELECT "companyId", "historyId", 'row' FROM timesheet_history_seals`;
    expect(await erase(note)).toBe(1);
  });

  it.each([
    'DELETE FROM timesheet_history_seals',
    'UPDATE timesheet_history_seals SET hash = hash',
    'DELETE FROM timesheet_history_erasures',
    'UPDATE timesheet_history_erasures SET erased = erased',
  ])('has no right to %s', async (statement) => {
    await expect(erase(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it.each(['action', '"userId"', '"actorUserId"', '"occurredAt"', '"targetId"'])('never changes %s of history', async (column) => {
    await expect(erase(`UPDATE timesheet_history SET ${column} = ${column}`)).rejects.toMatchObject({ code: '42501' });
  });
});
