import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import type { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;
let stranger: Person;

beforeAll(async () => {
  server = await startTestServer();
  stranger = (await server.company()).admin;
});
beforeEach(async () => {
  company = await server.company({ timezone: 'Pacific/Auckland' });
  ({ admin } = company);
});
afterAll(() => server.stop());

/** A row of either log, past the application. @returns its id */
async function add(table: 'audit_logs' | 'access_logs', columns: Record<string, unknown> = {}): Promise<string> {
  const row = { companyId: company.id, action: 'probed', targetType: 'Probe', ...columns };
  const names = Object.keys(row);
  const [{ id } = { id: '' }] = await server.sql<{ id: string }>(
    `INSERT INTO ${table} (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')}) RETURNING id`,
    Object.values(row),
  );
  return id;
}

const LOGS = [
  ['/audit-logs', 'audit_logs', 'read_audit_log'],
  ['/access-logs', 'access_logs', 'read_access_log'],
] as const;

describe.each(LOGS)('%s', (path, table, permission) => {
  const find = async (query: string, client: Client = admin) => {
    const { status, body } = await client.get(`${path}?action=probed&${query}`);
    return status === 200 ? body.items.map((item: { id: string }) => item.id) : status;
  };

  it('shows rows newest first, whole, in pages', async () => {
    const [userId, actorUserId, targetId] = [randomUUID(), randomUUID(), randomUUID()];
    const changed = table === 'audit_logs' ? { before: { name: 'A' }, after: { name: 'B' } } : {};
    const about = { userId, actorUserId, targetId, requestId: 'req-1', ip: '2001:db8::7', ...changed };
    const ids = [];
    for (let day = 1; day <= 5; day++) ids.unshift(await add(table, { ...about, occurredAt: `2026-03-0${day}T08:00:00.123456Z` }));
    const { body } = await admin.get(`${path}?action=probed&limit=1`);
    const newest = { id: ids[0], occurredAt: '2026-03-05T08:00:00.123456Z', action: 'probed', targetType: 'Probe', ...about };
    expect(body.items).toEqual([newest]);
    const second = await admin.get(`${path}?action=probed&limit=1&cursor=${body.nextCursor}`);
    expect(second.body.items[0].id).toBe(ids[1]);
    expect(await find('limit=200')).toEqual(ids);
    expect((await admin.get(`${path}?limit=1&cursor=${body.nextCursor}`)).status).toBe(400); // of other filters
    expect((await admin.get(`${path}/${ids[0]}`)).body).toEqual(newest);
  });

  it('is filtered by each column, alone and together', async () => {
    const [userId, actorUserId, targetId] = [randomUUID(), randomUUID(), randomUUID()];
    const one = await add(table, { userId, actorUserId, targetId, targetType: 'Team' });
    const other = await add(table, { userId: randomUUID(), actorUserId, targetType: 'Role' });
    expect(await find(`userId=${userId}`)).toEqual([one]);
    expect(await find(`userId=${userId.toUpperCase()}`)).toEqual([one]);
    expect((await find(`actorUserId=${actorUserId}`)).toSorted()).toEqual([one, other].toSorted());
    expect(await find(`targetType=Role`)).toEqual([other]);
    expect(await find(`targetId=${targetId}`)).toEqual([one]);
    expect(await find(`actorUserId=${actorUserId}&targetType=Team`)).toEqual([one]);
    expect((await admin.get(`${path}?action=nothing`)).body.items).toEqual([]);
    expect(await find(`userId=${randomUUID()}`)).toEqual([]);
  });

  it('takes days of the company’s zone and instants, both counted', async () => {
    const id = await add(table, { occurredAt: '2026-03-01T11:30:00Z' }); // 2 March, half past midnight, in Auckland
    for (const range of [
      'from=2026-03-02',
      'to=2026-03-02',
      'from=2026-03-02&to=2026-03-02',
      'from=2026-03-01T11:30:00Z',
      'to=2026-03-01T12:30:00%2B01:00',
    ])
      expect([range, await find(range)]).toEqual([range, [id]]);
    for (const range of ['to=2026-03-01', 'from=2026-03-03', 'to=2026-03-01T11:29:59Z', 'from=2026-03-01T11:30:00.001Z'])
      expect([range, await find(range)]).toEqual([range, []]);
    for (const range of [
      'from=2023-02-30',
      'from=2026-03-03&to=2026-03-02',
      'from=yesterday',
      'userId=7',
      'targetId=7',
      'verb=probed',
      'action=%20',
    ])
      expect([range, await find(range)]).toEqual([range, 400]);
  });

  it('is the company’s own', async () => {
    const id = await add(table);
    expect(await find('', stranger)).toEqual([]);
    expect((await stranger.get(`${path}/${id}`)).status).toBe(404);
    expect((await admin.get(`${path}/${randomUUID()}`)).status).toBe(404);
    expect((await admin.get(`${path}/7`)).status).toBe(400);
  });

  it('needs its permission, and knows no other verb', async () => {
    const id = await add(table);
    const reader = await company.person({ role: [permission] });
    expect([(await reader.get(path)).status, (await reader.get(`${path}/${id}`)).status]).toEqual([200, 200]);
    const lead = await company.person();
    await company.team({ leads: [lead], members: [reader] });
    const [other] = LOGS.filter(([, , name]) => name !== permission).map(([, , name]) => name);
    for (const caller of [
      lead,
      await company.person({ role: 'Manager' }),
      await company.person({ role: [other!] }),
      await admin.apiKey([]),
    ]) {
      expect([(await caller.get(path)).status, (await caller.get(`${path}/${id}`)).status]).toEqual([403, 403]);
    }
    expect((await server.anybody.get(path)).status).toBe(401);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      expect((await admin.send(method, path)).status).toBe(404);
      expect((await admin.send(method, `${path}/${id}`)).status).toBe(404);
    }
    await expect(
      server.database.as('application', (client) => client.query(`DELETE FROM ${table} WHERE "companyId" = $1`, [company.id])),
    ).rejects.toMatchObject({ code: '42501' }); // the rest: grants.spec.ts
  });
});

/** What somebody noted of whom, oldest first. */
async function noted(actor: Person): Promise<{ action: string; userId: string }[]> {
  const { body } = await admin.get(`/access-logs?actorUserId=${actor.id}&limit=200`);
  return body.items.map(({ action, userId }: { action: string; userId: string }) => ({ action, userId })).toReversed();
}

describe('reading personal data of others', () => {
  it('is in the access log at once, with who, whose, from where and by which request', async () => {
    const person = await company.person();
    await admin.get(`/users/${person.id}`, { 'x-request-id': 'look-1' });
    expect((await admin.get(`/access-logs?userId=${person.id}`)).body.items).toEqual([
      {
        id: expect.any(String),
        occurredAt: expect.stringMatching(/Z$/),
        action: 'profile_read',
        targetType: 'User',
        targetId: person.id,
        userId: person.id,
        actorUserId: admin.id,
        requestId: 'look-1',
        ip: '127.0.0.1',
      },
    ]);
  });

  it('is noted of every profile of a list, of an export, and of nobody’s own', async () => {
    const [person, reader] = [await company.person(), await company.person({ role: ['read_user', 'export_personal_data'] })];
    await reader.get('/users?limit=200');
    expect((await noted(reader)).map(({ userId }) => userId).toSorted()).toEqual([admin.id, person.id].toSorted());
    await reader.get(`/users/${person.id}/personal-data`);
    await reader.get(`/users/${reader.id}/personal-data`);
    await reader.get('/me/personal-data');
    await reader.get(`/users/${reader.id}`);
    expect((await noted(reader)).slice(2)).toEqual([{ action: 'personal_data_exported', userId: person.id }]);
  });

  it('is noted of leave and history, single and listed, by whoever it is', async () => {
    const [person, lead, colleague] = [await company.person(), await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const leave = await company.insert('leave_requests', {
      userId: person.id,
      startDate: '2026-03-02',
      endDate: '2026-03-03',
      leaveType: 'SICK',
    });
    const sheet = await company.insert('timesheets', { userId: person.id, periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    const event = { userId: person.id, targetType: 'Timesheet', targetId: sheet, action: 'created', actorUserId: person.id };
    const line = await company.insert('timesheet_history', event);
    const single = [`/leave-requests/${leave}`, `/timesheet-history/${line}`, `/timesheets/${sheet}/history`];
    const paths = ['/leave-requests', '/timesheet-history', ...single];
    for (const path of paths) expect((await lead.get(path)).status).toBe(200);
    const seen = (await noted(lead)).map(({ action, userId }) => `${action} ${userId}`).toSorted();
    expect(seen).toEqual([...Array<string>(3).fill(`history_read ${person.id}`), ...Array<string>(2).fill(`leave_read ${person.id}`)]);
    for (const path of paths) await colleague.get(path);
    for (const path of paths) await person.get(path);
    expect([await noted(colleague), await noted(person)]).toEqual([[], []]);
  });

  it('is not what everybody sees, nor reading the log', async () => {
    const [person, other] = [await company.person(), await company.person()];
    await person.get('/users?limit=200');
    await person.get(`/users/${other.id}`);
    expect(await noted(person)).toEqual([]);
    await admin.get('/access-logs');
    expect(await noted(admin)).toEqual([]);
  });

  it('is noted by each replica for itself, and seen by others when it has written', async () => {
    const [replica, person] = [await server.secondReplica(), await company.person()];
    await admin.on(replica).get(`/users/${person.id}`);
    await replica.get(Accesses).flush();
    expect(await noted(admin)).toEqual([{ action: 'profile_read', userId: person.id }]);
  });

  it('is asked for twenty times at once without waiting for itself', async () => {
    const small = await server.secondReplica({ DB_POOL_SIZE: '2' });
    const person = await company.person();
    const asker = admin.on(small);
    await asker.get(`/users/${person.id}`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => asker.get(`/access-logs?userId=${person.id}`)));
    expect(answers.map(({ body }) => body.items.length)).toEqual(Array(20).fill(1));
  });
});
