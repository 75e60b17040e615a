import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { strFromU8, unzipSync } from 'fflate';
import { DataSource } from 'typeorm';
import type { Company, Person } from '../../../../test/factories.js';
import { insertion, sampleRow } from '../../../../test/sample-row.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { readCatalogue } from '../../../../test/whole-app.js';
import type { Column, Table } from '../../../../test/whole-app.js';
import { dataMap } from './data-map.js';
import type { MappedColumn } from './data-map.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** A text that shows whose it is. */
const OURS = 'subject-7d1f';
const THEIRS = 'colleague-9c3e';

/** A row of a table that says of the people in its columns who they are; what somebody wrote is of who is in the column of its writer. */
function markedRow(
  table: Table,
  columns: MappedColumn[],
  companyId: string,
  people: (...whose: string[]) => { id: string; mark: string; ip: string },
) {
  const row: Record<string, unknown> = { ...sampleRow(table, companyId) };
  for (const { column, kind, whose, writer } of columns) {
    const { type } = table.columns.find(({ name }) => name === column)!;
    const isText = /^(text|citext|character varying\(255\))$/.test(type) && !isListed(table, column);
    if (kind === 'none' && isText && column in row) row[column] = randomUUID(); // some must not be there twice
    if (column === 'deletedAt') row[column] = '2026-03-02T08:00:00Z'; // nor some living ones
    if (kind === 'none') continue;
    const { id, mark, ip } = people(whose!, ...(writer?.erasure === 'clear' ? [writer.column] : []));
    if (column === whose && column !== 'id') row[column] = id;
    else if (isText) row[column] = `${mark} ${table.name}.${column} ${randomUUID()}`;
    else if (type === 'jsonb')
      row[column] = JSON.stringify({ note: { before: null, after: `${mark} ${table.name}.${column}` }, by: [people('').id] });
    else if (type === 'inet') row[column] = ip;
  }
  return row;
}

const isListed = ({ constraints }: Table, column: string) =>
  constraints.some(({ kind, columns }) => kind === 'check' && columns.includes(column));
const hasTextOf = (column: Column) => /^(text|citext|character varying\(255\)|jsonb|inet)/.test(column.type);

describe('an export, with a colleague in every column of every table,', () => {
  let company: Company;
  let subject: Person;
  let colleague: Person;
  let tables: Table[];
  let map: Map<string, MappedColumn[]>;
  let text: string;
  let data: Record<string, Record<string, unknown>[]>;

  beforeAll(async () => {
    company = await server.company();
    [subject, colleague] = [await company.person(), await company.person()];
    map = Map.groupBy(dataMap(server.app.get(DataSource).entityMetadatas), ({ table }) => table);
    tables = (await readCatalogue((statement) => server.sql(statement))).tables.filter(({ columns }) =>
      columns.some(({ name }) => name === 'companyId'),
    );
    const us = { id: subject.id, mark: OURS, ip: '203.0.113.7' };
    const them = { id: colleague.id, mark: THEIRS, ip: '198.51.100.9' };
    await server.database.as('superuser', async (client) => {
      await client.query('SET session_replication_role = replica'); // no foreign keys
      for (const table of tables) {
        const columns = map.get(table.name) ?? [];
        const whose = new Set(columns.filter(({ kind }) => kind !== 'none').map((column) => column.whose!));
        for (const one of [...whose, undefined].filter((column) => !/^(created|updated)ByUserId$/.test(column ?? ''))) {
          const row = markedRow(table, columns, company.id, (...named) => (named.some((column) => column === one) ? us : them));
          if (table.name === 'users') Object.assign(row, { id: undefined });
          const id = one === 'id' ? subject.id : colleague.id;
          if (table.name === 'users') await overwrite(client, row, id);
          else if (table.name !== 'company_settings') await client.query(insertion(table.name, { ...row, id: randomUUID() }));
        }
      }
      await client.query('UPDATE company_settings SET "ownerUserId" = $2 WHERE "companyId" = $1', [company.id, subject.id]);
    });
    const { body } = await subject.get('/me/personal-data');
    ({ data } = body);
    text = JSON.stringify(body);
  });

  /** The row of a user stays signed in: only what says something of them changes. */
  async function overwrite(client: { query(text: string, values: unknown[]): Promise<unknown> }, row: Record<string, unknown>, id: string) {
    const said = Object.entries(row).filter(([, value]) => typeof value === 'string' && /^(subject|colleague)-/.test(value));
    const sets = said.map(([name], index) => `"${name}" = $${index + 3}`).join(', ');
    await client.query(`UPDATE users SET ${sets} WHERE "companyId" = $1 AND id = $2`, [company.id, id, ...said.map(([, value]) => value)]);
  }

  /** Columns in which the rows above say whose they are. */
  const marked = () =>
    tables.flatMap((table) =>
      (map.get(table.name) ?? [])
        .filter(({ kind, column, whose }) => {
          const found = table.columns.find(({ name }) => name === column)!;
          return kind !== 'none' && column !== whose && hasTextOf(found) && !isListed(table, column) && found.type !== 'inet';
        })
        .map((mapped) => ({ ...mapped, place: `${mapped.table}.${mapped.column}` })),
    );

  it('has all that is the person’s, but what is secret or goes within hours', () => {
    const told = marked().filter(({ kind, retention }) => kind !== 'credential' && retention !== 'hours');
    expect(told.length).toBeGreaterThan(15);
    expect(told.map(({ place }) => place).filter((place) => !text.includes(`${OURS} ${place}`))).toEqual([]);
    expect(text).toContain('203.0.113.7');
  });

  it('has nothing that is the colleague’s, nor who they are', async () => {
    expect(text).not.toContain(THEIRS);
    expect(text).not.toContain('198.51.100.9');
    expect(text).not.toContain(colleague.id);
    const { rawPayload } = await subject.app.inject({
      url: '/api/v1/me/personal-data?format=zip',
      headers: { authorization: `Bearer ${subject.token}` },
    });
    const files = Object.values(unzipSync(rawPayload))
      .map((bytes) => strFromU8(bytes))
      .join('\n');
    expect(files).toContain(OURS);
    for (const word of [THEIRS, '198.51.100.9', colleague.id, colleague.email]) expect(files).not.toContain(word);
  });

  it('has no hash, token or key', async () => {
    const secret = marked().filter(({ kind }) => kind === 'credential');
    expect(secret.map(({ place }) => place)).toEqual(
      expect.arrayContaining(['users.passwordHash', 'active_sessions.tokenHash', 'api_keys.keyHash']),
    );
    expect(secret.map(({ place }) => place).filter((place) => text.includes(`${OURS} ${place}`))).toEqual([]);
    const [session] = await server.sql<{ tokenHash: string; nonce: string }>(
      'SELECT "tokenHash", nonce FROM active_sessions WHERE "userId" = $1 AND "tokenHash" NOT LIKE $2',
      [subject.id, '%-%'],
    );
    for (const value of Object.values(session!)) expect(text).not.toContain(value);
    expect(text).not.toContain('argon2');
  });

  it('tells of what they did to others that, when and on what kind of record, not more', () => {
    const acted = data.audit_logs!.find((row) => row.actorUserId === subject.id && !('userId' in row))!;
    expect(Object.keys(acted).toSorted()).toEqual([
      'action',
      'actorUserId',
      'id',
      'ip',
      'occurredAt',
      'requestId',
      'targetId',
      'targetType',
    ]);
    const decided = data.timesheets!.find((row) => row.approverId === subject.id)!;
    expect(decided).toMatchObject({ status: 'DRAFT' });
    for (const name of ['userId', 'notes', 'periodStart', 'totalMinutes']) expect(decided).not.toHaveProperty(name);
    const leave = data.leave_requests!.find((row) => row.decidedByUserId === subject.id)!;
    for (const name of ['userId', 'leaveType', 'reason', 'startDate']) expect(leave).not.toHaveProperty(name);
  });

  it('tells who looked at them without telling who', () => {
    const looks = data.access_logs!.filter((row) => row.userId === subject.id);
    expect(looks).toHaveLength(1);
    expect(Object.keys(looks[0]!).toSorted()).toEqual(['action', 'id', 'occurredAt', 'targetId', 'targetType', 'userId']);
  });
});
