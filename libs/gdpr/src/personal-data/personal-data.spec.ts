import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { strFromU8, unzipSync } from 'fflate';
import type { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
});
afterAll(() => server.stop());

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const path = (id: string) => `/users/${id}/personal-data`;

/** The files of a ZIP, by name. */
async function archive(client: Client, from: string): Promise<Record<string, string>> {
  const { rawPayload, statusCode } = await client.app.inject({
    url: `/api/v1${from}`,
    headers: { authorization: `Bearer ${client.token}` },
  });
  expect(statusCode).toBe(200);
  return Object.fromEntries(Object.entries(unzipSync(rawPayload)).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

describe('who gets an export', () => {
  it('is everybody of themselves, and of others who holds the permission', async () => {
    const company = await server.company();
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const officer = await company.person({ role: ['export_personal_data'] });
    const stranger = (await server.company()).admin;
    const owns = await person.get('/me/personal-data');
    expect(owns.body.data.users[0].id).toBe(person.id);
    for (const client of [person, officer, company.admin, await person.apiKey([])]) {
      const { status, body, headers } = await client.get(path(person.id.toUpperCase()));
      expect([status, body.manifest.userId, headers['cache-control']]).toEqual([200, person.id, 'no-store']);
      expect(headers['content-type']).toMatch(/^application\/json/);
    }
    for (const client of [lead, await company.person({ role: 'Manager' }), await company.admin.apiKey(['read_user'])])
      expect((await client.get(path(person.id))).status).toBe(403);
    expect((await stranger.get(path(person.id))).body.code).toBe('not_found');
    expect((await officer.get(path(randomUUID()))).status).toBe(404);
    expect((await officer.get(path('7'))).status).toBe(400);
    expect((await officer.get(`${path(person.id)}?format=xml`)).status).toBe(400);
    expect((await officer.get(`${path(person.id)}?since=2026-03-02`)).status).toBe(400);
    expect((await server.anybody.get('/me/personal-data')).status).toBe(401);
    expect((await officer.get(path(company.admin.id))).status).toBe(200); // reading is no acting upon
  });

  it('reaches deleted users too', async () => {
    const company = await server.company();
    const person = await company.person({ firstName: 'Gone' });
    await company.admin.delete(`/users/${person.id}`);
    const { body } = await company.admin.get(path(person.id));
    expect(body.data.users[0]).toMatchObject({ firstName: 'Gone', deletedAt: expect.stringMatching(/Z$/) });
  });

  it('leaves a line in the audit log, one’s own too, and in it itself', async () => {
    const company = await server.company();
    const person = await company.person();
    await company.admin.get(`${path(person.id)}?format=zip`, { 'x-request-id': 'take-away' });
    const own = await person.get('/me/personal-data');
    const rows = await server.sql(
      `SELECT "targetType", "targetId", "actorUserId", "requestId", after FROM audit_logs WHERE "userId" = $1 AND action = 'personal_data_exported' ORDER BY "occurredAt"`,
      [person.id],
    );
    const about = { targetType: 'User', targetId: person.id };
    expect(rows).toEqual([
      { ...about, actorUserId: company.admin.id, requestId: 'take-away', after: { format: 'zip' } },
      { ...about, actorUserId: person.id, requestId: expect.any(String), after: { format: 'json' } },
    ]);
    expect(own.body.data.audit_logs.map(({ action }: { action: string }) => action)).toContain('personal_data_exported');
    expect(
      await server.sql(`SELECT 1 FROM audit_logs WHERE "targetId" = $1 AND action = 'personal_data_exported'`, [randomUUID()]),
    ).toEqual([]);
  });
});

describe('an export', () => {
  let company: Company;
  let person: Person;

  beforeAll(async () => {
    company = await server.company();
    person = await company.person({ firstName: 'Ada', lastName: '=HYPERLINK("x")' });
    const actionCodeId = (await company.actionCode({ code: 'DEV' })).id;
    const place = { userId: person.id, actionCodeId, country: 'DE', timezone: 'Europe/Berlin', durationMin: 60, day: '2026-03-02' };
    await company.insert('timesheet_entries', {
      ...place,
      note: 'one, "two"\nthree',
      startedAt: '2026-03-02T08:00:00+01:00',
      endedAt: '2026-03-02T09:00:00+01:00',
    });
    await company.insert('timesheet_entries', place);
    await company.insert('leave_requests', {
      userId: person.id,
      startDate: '2026-03-09',
      endDate: '2026-03-10',
      leaveType: 'PTO',
      workingDays: 1.5,
    });
  });

  it('ends with a manifest of counts and hashes of what was sent', async () => {
    const { payload } = await person.app.inject({ url: '/api/v1/me/personal-data', headers: { authorization: `Bearer ${person.token}` } });
    expect(payload).toMatch(/^\{"data":\{.*\},"manifest":\{[^}]*"tables"/s);
    const { data, manifest } = JSON.parse(payload) as { data: Record<string, unknown[]>; manifest: { tables: Record<string, object> } };
    expect(Object.keys(manifest.tables)).toEqual(Object.keys(data));
    for (const [table, rows] of Object.entries(data)) {
      expect(payload).toContain(`"${table}":${JSON.stringify(rows)}`);
      expect([table, manifest.tables[table]]).toEqual([table, { rows: rows.length, sha256: sha256(JSON.stringify(rows)) }]);
    }
    expect(manifest).toMatchObject({ companyId: company.id, userId: person.id, exportedAt: expect.stringMatching(/Z$/) });
    expect(manifest).toMatchObject({ leftOut: expect.arrayContaining([{ table: 'users', column: 'passwordHash', reason: 'credential' }]) });
  });

  it('writes days and instants as all answers do, and what the ids in it mean', async () => {
    const { data } = (await person.get('/me/personal-data')).body;
    const entry = data.timesheet_entries.find(({ note }: { note: string | null }) => note !== null);
    expect(entry).toMatchObject({ day: '2026-03-02', startedAt: '2026-03-02T07:00:00Z', durationMin: 60, deletedAt: null });
    expect(data.leave_requests).toMatchObject([{ startDate: '2026-03-09', workingDays: 1.5 }]);
    expect(data.action_codes).toMatchObject([{ id: entry.actionCodeId, code: 'DEV' }]);
    expect(data.roles).toMatchObject([{ id: data.users[0].roleId, name: 'Employee' }]);
    expect(data.user_statuses).toMatchObject([{ id: data.users[0].statusId, code: 'ACTIVE' }]);
  });

  it('has what nobody is known to have done to the account, and why one’s own timesheets were decided so, not by whom', async () => {
    const [owner, decider] = [await company.person(), await company.person({ role: ['approve_timesheet'] })];
    await server.anybody.post('/auth/login', { email: owner.email, password: 'not the password at all' }, { 'x-request-id': 'a-guess' });
    const { body: sheet } = await owner.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    const { id: actionCodeId } = await company.actionCode();
    await owner.post('/timesheet-entries', { day: '2026-03-03', actionCodeId, country: 'DE', durationMin: 60 });
    await owner.post(`/timesheets/${sheet.id}/submit`);
    await decider.post(`/timesheets/${sheet.id}/reject`, { reason: 'always late' });
    const { data } = (await owner.get('/me/personal-data')).body;
    const failed = data.audit_logs.filter(({ action }: { action: string }) => action === 'sign_in_failed');
    expect(failed).toMatchObject([{ ip: '127.0.0.1', requestId: 'a-guess', actorUserId: null }]);
    expect(data.timesheet_approvals).toMatchObject([{ reason: 'always late', status: 'REJECTED' }]);
    expect(data.timesheet_approvals[0]).not.toHaveProperty('approverId');
    const deciders = (await decider.get('/me/personal-data')).body.data.timesheet_approvals;
    expect(deciders).toMatchObject([{ reason: 'always late', approverId: decider.id }]);
  });

  it('is a ZIP of JSON and CSV by Accept or ?format=', async () => {
    const type = async (query: string, accept?: string) =>
      (await person.get(`/me/personal-data${query}`, accept ? { accept } : {})).headers['content-type'];
    expect(await type('', 'application/zip')).toBe('application/zip');
    expect(await type('', 'application/zip, */*;q=0.1')).toBe('application/zip');
    expect(await type('?format=zip', 'application/json')).toBe('application/zip');
    for (const accept of [undefined, '*/*', 'application/json', 'application/zip;q=0.5, application/json'])
      expect(await type('', accept)).toMatch(/^application\/json/);
    expect(await type('?format=json', 'application/zip')).toMatch(/^application\/json/);
    expect((await person.get('/me/personal-data?format=zip')).headers['content-disposition']).toBe(
      `attachment; filename="personal-data-${person.id}.zip"`,
    );

    const files = await archive(person, '/me/personal-data?format=zip');
    const { data } = (await person.get('/me/personal-data')).body;
    expect(Object.keys(files)).toEqual([...Object.keys(data).flatMap((table) => [`${table}.json`, `${table}.csv`]), 'manifest.json']);
    const { tables } = JSON.parse(files['manifest.json']!);
    for (const [table, seal] of Object.entries<{ rows: number }>(tables)) {
      const [json, csv] = [files[`${table}.json`]!, files[`${table}.csv`]!];
      expect([table, seal]).toEqual([table, { rows: JSON.parse(json).length, sha256: sha256(json), csvSha256: sha256(csv) }]);
    }
    expect(JSON.parse(files['timesheet_entries.json']!)).toEqual(data.timesheet_entries);
    expect(files['timesheet_entries.csv']).toContain('"one, ""two""\nthree"');
    expect(files['timesheet_entries.csv']).toMatch(/^createdAt,updatedAt,[^\r\n]*,day,note,?[^\r\n]*\r\n/);
    expect(files['users.csv']).toContain(`"'=HYPERLINK(""x"")"`);
    expect(files['users.csv']!.split('\r\n')).toHaveLength(3);
  });

  it('goes on over pages', async () => {
    const other = await company.person();
    await server.sql(
      `INSERT INTO audit_logs ("companyId", action, "targetType", "userId") SELECT $1, 'made ' || n, 'User', $2 FROM generate_series(1, 2500) n`,
      [company.id, other.id],
    );
    const { body } = await other.get('/me/personal-data');
    const made = body.data.audit_logs.filter(({ action }: { action: string }) => action.startsWith('made'));
    expect(new Set(made.map(({ action }: { action: string }) => action)).size).toBe(2500);
    expect(body.manifest.tables.audit_logs.rows).toBe(body.data.audit_logs.length);
  });
});

describe('decisions about a timesheet', () => {
  it('are told to whose it is, without who decided; ids of colleagues are taken out of what was logged', async () => {
    const company = await server.company();
    const [person, lead] = [await company.person(), await company.person()];
    const timesheetId = await company.insert('timesheets', { userId: person.id, periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    await company.insert('timesheet_approvals', {
      timesheetId,
      approverId: lead.id,
      status: 'REJECTED',
      reason: 'Too long',
      decidedAt: '2026-03-09T08:00:00Z',
    });
    await company.admin.put(`/users/${person.id}/approvers`, { approverIds: [lead.id] });
    const { data } = (await person.get('/me/personal-data')).body;
    expect(data.timesheet_approvals).toMatchObject([{ timesheetId, status: 'REJECTED', decidedAt: '2026-03-09T08:00:00Z' }]);
    expect(data.timesheet_approvals[0]).not.toHaveProperty('approverId');
    expect(data.user_approvers).toMatchObject([{ userId: person.id }]);
    const change = data.audit_logs.find(({ action }: { action: string }) => action === 'user_approvers_changed');
    expect(change).toMatchObject({ targetId: person.id, before: { approverIds: [] }, after: { approverIds: [null] } });
    expect((await lead.get('/me/personal-data')).body.data.timesheet_approvals).toMatchObject([
      { approverId: lead.id, reason: 'Too long' },
    ]);
  });
});
