import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import type { MappedColumnView } from './data-map.dto.js';

let server: TestServer;
let company: Company;
let items: MappedColumnView[];

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  ({ items } = (await company.admin.get('/gdpr/data-map')).body);
});
afterAll(() => server.stop());

const of = (table: string, column: string) => items.find((item) => item.table === table && item.column === column);

describe('the data map', () => {
  it('has every column of the database by its own name, each once', async () => {
    const columns = await server.sql<{ name: string }>(
      `SELECT format('%s.%s', table_name, column_name) AS name FROM information_schema.columns WHERE table_schema = 'public'`,
    );
    expect(items.map(({ table, column }) => `${table}.${column}`).toSorted()).toEqual(columns.map(({ name }) => name).toSorted());
  });

  it('says of a personal column what, whose, why, and how and when it ends', () => {
    expect(of('users', 'phoneNumber')).toEqual({
      table: 'users',
      column: 'phoneNumber',
      kind: 'contact',
      whose: 'id',
      purpose: 'reaching the person',
      erasure: 'clear',
      retention: 'employment',
    });
    expect(of('access_logs', 'ip')).toMatchObject({ kind: 'network', whose: 'actorUserId', retention: 'accessLogMonths' });
  });

  it('says of every column of a row the same clock, and of a bare id that it outlives its person', () => {
    for (const table of ['active_sessions', 'one_time_tokens']) expect(of(table, 'userId')).toMatchObject({ retention: 'sessionDays' });
    for (const table of ['roles', 'teams', 'action_codes', 'timesheets', 'active_sessions'])
      for (const column of ['createdByUserId', 'updatedByUserId']) expect(of(table, column)).toMatchObject({ retention: 'record' });
    const clocks = Map.groupBy(
      items.filter(({ kind, retention }) => kind !== 'none' && retention !== 'record'),
      ({ table }) => table,
    );
    const different = [...clocks].filter(([, columns]) => new Set(columns.map(({ retention }) => retention)).size > 1);
    expect(different.map(([table]) => table)).toEqual([]);
  });

  it('says nothing more of others', () => {
    const nothing = { whose: null, purpose: null, erasure: null, retention: null };
    expect(of('teams', 'name')).toEqual({ table: 'teams', column: 'name', kind: 'none', ...nothing });
    expect(of('migrations', 'name')).toEqual({ table: 'migrations', column: 'name', kind: 'none', ...nothing });
  });

  it('has one word a way of erasing', () => {
    expect(of('users', 'firstName')!.erasure).toBe('replace:Deleted');
    expect(of('users', 'passwordHash')!.erasure).toBe('empty');
    expect(of('active_sessions', 'ip')!.erasure).toBe('delete_row');
    expect(of('timesheet_history', 'diff')!.erasure).toBe('remove:note,notes,reason');
    const forms = /^(keep|clear|empty|delete_row|replace:.+|remove:\w+(,\w+)*)$/;
    expect(items.filter(({ kind, erasure }) => kind !== 'none' && !forms.test(erasure!))).toEqual([]);
  });

  it('is for those who set retention', async () => {
    expect((await (await company.person({ role: ['manage_retention'] })).get('/gdpr/data-map')).status).toBe(200);
    expect((await (await company.person({ role: 'Manager' })).get('/gdpr/data-map')).status).toBe(403);
    expect((await (await company.admin.apiKey([])).get('/gdpr/data-map')).status).toBe(403);
    expect((await server.anybody.get('/gdpr/data-map')).status).toBe(401);
    expect((await company.admin.get('/gdpr/data-map?limit=1')).status).toBe(400);
  });
});
