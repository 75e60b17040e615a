import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import { statuses, twenty } from '../../../test/answer.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

/** Monday to Friday, of a company without holidays. */
const WEEK = { startDate: '2030-03-04', endDate: '2030-03-08', leaveType: 'PTO' };
const DAY = { startDate: '2030-03-04', endDate: '2030-03-04', leaveType: 'PTO' };

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(() => server?.stop());

/** A person with a lead. */
async function team(): Promise<{ person: Person; lead: Person }> {
  const [person, lead] = await Promise.all([company.person(), company.person()]);
  await company.team({ leads: [lead], members: [person] });
  return { person, lead };
}

async function requestOf(person: Person, leave: object = WEEK): Promise<{ id: string; path: string }> {
  const { status, body } = await person.post('/leave-requests', leave);
  expect(status).toBe(201);
  return { id: body.id, path: `/leave-requests/${body.id}` };
}

const idsOf = async (reader: Person, query: string): Promise<string[]> =>
  (await reader.get(`/leave-requests?limit=200&${query}`)).body.items.map(({ id }: { id: string }) => id);

/** Rows of the access log about a request. */
async function readersOf(id: string): Promise<unknown[]> {
  await server.app.get(Accesses).flush();
  const rows = await server.sql<{ actorUserId: string }>(
    `SELECT "actorUserId" FROM access_logs WHERE action = 'leave_read' AND "targetType" = 'LeaveRequest' AND "targetId" = $1 ORDER BY "occurredAt"`,
    [id],
  );
  return rows.map(({ actorUserId }) => actorUserId);
}

/** Opens the connections: else the first of many at once is through before the others begin. */
const warmUp = (person: Person) => twenty(() => person.get('/leave-requests'));

/** Without what tells one request from another. */
const comparable = ({ instance: _i, requestId: _r, ...body }: Record<string, unknown>) => body;

describe('requesting leave', () => {
  it('answers with the whole record', async () => {
    const person = await company.person();
    const { status, body, headers } = await person.post('/leave-requests', { ...WEEK, reason: 'Moving house' });
    expect(status).toBe(201);
    expect(headers.location).toBe(`/api/v1/leave-requests/${body.id}`);
    expect(headers.etag).toBe('"1"');
    expect(body).toEqual({
      id: expect.any(String),
      userId: person.id,
      ...WEEK,
      startPortion: 'full',
      endPortion: 'full',
      status: 'PENDING',
      reason: 'Moving house',
      rejectionReason: null,
      decisionReason: null,
      workingDays: 5,
      decidedAt: null,
      decidedByUserId: null,
      allowedActions: ['edit', 'delete', 'cancel'],
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      version: 1,
    });
    expect((await person.get(`/leave-requests/${body.id}`)).body).toEqual(body);
    expect((await person.get('/leave-requests')).body).toEqual({ items: [body], nextCursor: null });
    expect((await person.get(`/leave-requests/${body.id}`, { 'if-none-match': '"1"' })).status).toBe(304);
  });

  it.each([
    [{ startDate: '2030-03-04', leaveType: 'PTO' }, '/endDate'],
    [{ startDate: '2030-03-04', endDate: '2030-03-04' }, '/leaveType'],
    [{ ...WEEK, leaveType: 'FUN' }, '/leaveType'],
    [{ ...WEEK, startDate: '2030-02-30' }, '/startDate'],
    [{ ...WEEK, endDate: '2200-01-01' }, '/endDate'],
    [{ ...WEEK, endDate: '2030-03-03' }, '/endDate'],
    [{ ...WEEK, endDate: '2031-03-05' }, '/endDate'],
    [{ ...WEEK, startPortion: 'morning' }, '/startPortion'],
    [{ ...WEEK, endPortion: 'afternoon' }, '/endPortion'],
    [{ ...DAY, startPortion: 'morning' }, '/endPortion'],
    [{ ...DAY, endPortion: 'morning' }, '/endPortion'],
    [{ ...DAY, startPortion: 'morning', endPortion: 'afternoon' }, '/endPortion'],
    [{ ...DAY, startPortion: 'evening' }, '/startPortion'],
    [{ ...WEEK, userId: 'me' }, '/userId'],
    [{ ...WEEK, status: 'APPROVED' }, '/status'],
    [{ ...WEEK, workingDays: 0 }, '/workingDays'],
  ])('refuses %j', async (body, pointer) => {
    const answer = await company.admin.post('/leave-requests', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
  });

  it.each<[object, ...string[]]>([
    [{ startDate: '2027-02-02', endDate: '2027-02-01' }, '/endDate', '/leaveType'],
    [
      { startDate: '2027-02-02', endDate: '2027-02-01', leaveType: 'PTO', startPortion: 'morning', endPortion: 'afternoon' },
      '/endDate',
      '/startPortion',
      '/endPortion',
    ],
    [{ startDate: '2027-02-02', endDate: '2027-02-01', leaveType: 'PTO', startPortion: 'morning', endPortion: 'morning' }, '/endDate'],
    [{ ...WEEK, startPortion: 'evening', endPortion: 'afternoon' }, '/startPortion'],
  ])('is told all that is wrong with %j', async (body, ...expected) => {
    const answer = await company.admin.post('/leave-requests', body);
    expect([answer.status, answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([400, expected]);
  });

  it('refuses a reason that is too long', async () => {
    expect((await company.admin.post('/leave-requests', { ...WEEK, reason: 'x'.repeat(4001) })).body.errors[0].pointer).toBe('/reason');
  });

  it('takes 366 days, and halves at both ends', async () => {
    const person = await company.person();
    expect((await person.post('/leave-requests', { ...WEEK, endDate: '2031-03-04' })).status).toBe(201);
    const halves = { startDate: '2031-04-07', endDate: '2031-04-11', startPortion: 'afternoon', endPortion: 'morning', leaveType: 'PTO' };
    expect((await person.post('/leave-requests', halves)).body.workingDays).toBe(4);
    expect((await person.post('/leave-requests', { ...DAY, startDate: '2031-05-03', endDate: '2031-05-04' })).body.workingDays).toBe(0);
  });

  it('for another needs the permission, and somebody who is here', async () => {
    const { person, lead } = await team();
    for (const role of ['read_leave_request', 'approve_leave_request'] as const) {
      const reader = await company.person({ role: [role] });
      expect((await reader.post('/leave-requests', { ...WEEK, userId: person.id })).status).toBe(403);
    }
    expect((await lead.post('/leave-requests', { ...WEEK, userId: person.id })).status).toBe(403);
    const clerk = await company.person({ role: ['create_leave_request'] });
    const { status, body } = await clerk.post('/leave-requests', { ...WEEK, userId: person.id.toUpperCase() });
    expect({ status, userId: body.userId, allowedActions: body.allowedActions }).toEqual({
      status: 201,
      userId: person.id,
      allowedActions: [],
    });
    const gone = await company.person();
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [gone.id]);
    const stranger = await (await server.company()).person();
    for (const userId of [randomUUID(), stranger.id, gone.id]) {
      const answer = await clerk.post('/leave-requests', { ...WEEK, userId });
      expect({ status: answer.status, code: answer.body.code, pointer: answer.body.errors[0].pointer }).toEqual({
        status: 400,
        code: 'unknown_reference',
        pointer: '/userId',
      });
    }
  });
});

describe('a dry run', () => {
  it('tells what it would cost and overlap, and writes nothing', async () => {
    const person = await company.person();
    const { id } = await requestOf(person, { ...DAY, startPortion: 'afternoon', endPortion: 'afternoon' });
    const rows = () =>
      server.sql('SELECT count(*)::int FROM leave_requests UNION ALL SELECT count(*)::int FROM audit_logs WHERE "companyId" = $1', [
        company.id,
      ]);
    const before = await rows();
    const { status, body, headers } = await person.post('/leave-requests?dryRun=true', { ...WEEK, endDate: '2030-03-09' });
    expect({ status, location: headers.location, etag: headers.etag }).toEqual({ status: 200 });
    expect(body).toEqual({
      workingDays: 5,
      days: [
        ...['04', '05', '06', '07', '08'].map((day) => ({ day: `2030-03-${day}`, counted: 1, reason: 'working_day' })),
        { day: '2030-03-09', counted: 0, reason: 'not_in_work_week' },
      ],
      conflictsWith: [id],
    });
    expect(await rows()).toEqual(before);
  });

  it('leaves the Idempotency-Key to the request itself', async () => {
    const person = await company.person();
    const key = { 'idempotency-key': randomUUID() };
    for (let n = 0; n < 2; n++) {
      const { status, headers } = await person.post('/leave-requests?dryRun=true', WEEK, key);
      expect({ status, replayed: headers['idempotent-replayed'] }).toEqual({ status: 200 });
    }
    const made = await person.post('/leave-requests', WEEK, key);
    const again = await person.post('/leave-requests', WEEK, key);
    expect([made.status, again.status, again.headers['idempotent-replayed']]).toEqual([201, 201, 'true']);
    expect(again.body).toEqual(made.body);
    expect((await person.get('/leave-requests')).body.items).toHaveLength(1);
  });

  it('is refused where the request would be', async () => {
    const { person, lead } = await team();
    expect((await lead.post('/leave-requests?dryRun=true', { ...WEEK, userId: person.id })).status).toBe(403);
    expect((await person.post('/leave-requests?dryRun=true', { ...WEEK, endDate: '2030-03-03' })).status).toBe(400);
    expect((await person.post('/leave-requests?dryRun=yes', WEEK)).status).toBe(400);
    expect((await person.post('/leave-requests?dryRun=false', WEEK)).status).toBe(201);
  });
});

describe('leave of one person', () => {
  it('does not overlap: the answer names the others', async () => {
    const person = await company.person();
    const ids = [(await requestOf(person)).id, (await requestOf(person, { ...WEEK, startDate: '2030-03-11', endDate: '2030-03-12' })).id];
    const { status, body } = await person.post('/leave-requests', { ...WEEK, startDate: '2030-03-08', endDate: '2030-03-11' });
    expect({ status, code: body.code, conflictsWith: body.conflictsWith }).toEqual({
      status: 409,
      code: 'leave_overlap',
      conflictsWith: ids,
    });
    expect((await person.post('/leave-requests', { ...DAY, startDate: '2030-03-09', endDate: '2030-03-10' })).status).toBe(201);
    expect((await (await company.person()).post('/leave-requests', WEEK)).status).toBe(201);
  });

  it('may be two halves of a day, and then no more of it', async () => {
    const person = await company.person();
    const half = (portion: string) => person.post('/leave-requests', { ...DAY, startPortion: portion, endPortion: portion });
    expect([(await half('morning')).status, (await half('morning')).status, (await half('afternoon')).status]).toEqual([201, 409, 201]);
    expect((await person.post('/leave-requests', DAY)).body.conflictsWith).toHaveLength(2);
    const other = await company.person();
    await requestOf(other, { ...WEEK, endPortion: 'morning' });
    expect((await other.post('/leave-requests', { ...WEEK, startDate: '2030-03-08', endDate: '2030-03-12' })).status).toBe(409);
    const touching = { ...WEEK, startDate: '2030-03-08', endDate: '2030-03-12', startPortion: 'afternoon' };
    expect((await other.post('/leave-requests', touching)).status).toBe(201);
  });

  it('leaves room where it was rejected, cancelled or deleted', async () => {
    const { person, lead } = await team();
    await lead.post(`${(await requestOf(person)).path}/reject`, { rejectionReason: 'Busy' });
    await person.post(`${(await requestOf(person)).path}/cancel`, {});
    await person.delete((await requestOf(person)).path);
    expect((await person.post('/leave-requests', WEEK)).status).toBe(201);
  });

  it('of twenty overlapping ones at once is one', async () => {
    const person = await company.person();
    await warmUp(person);
    const answers = await twenty((n) => person.post('/leave-requests', { ...WEEK, startDate: `2030-03-0${1 + (n % 7)}` }));
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    const { id } = answers.find(({ status }) => status === 201)!.body;
    const refused = answers.filter(({ status }) => status === 409).map(({ body }) => [body.code, body.conflictsWith]);
    expect(refused).toEqual(Array.from({ length: 19 }, () => ['leave_overlap', [id]]));
    expect((await person.get('/leave-requests')).body.items).toHaveLength(1);
  });
});

describe('who reads a leave request', () => {
  it('its owner, leads and holders of a permission; alone, its days, in lists and by filters alike', async () => {
    const { person, lead } = await team();
    const { id, path } = await requestOf(person, { ...WEEK, leaveType: 'SICK', reason: 'Flu' });
    const { admin: stranger } = await server.company();
    const readers: [string, Pick<Person, 'get'>, boolean][] = [
      ['owner', person, true],
      ['lead', lead, true],
      ['manager', await company.person({ role: 'Manager' }), true],
      ['reader', await company.person({ role: ['read_leave_request'] }), true],
      ['who decides', await company.person({ role: ['approve_leave_request'] }), true],
      ['who creates', await company.person({ role: ['create_leave_request'] }), false],
      ['who reads time', await company.person({ role: ['read_timesheet'] }), false],
      ['colleague', await company.person(), false],
      ['another company', stranger, false],
      ['key of the owner for own data', await person.apiKey([]), true],
      ['key of the lead', await lead.apiKey(), true],
      ['key of the lead for own data', await lead.apiKey([]), false],
      ['key of the admin for own data', await company.admin.apiKey([]), false],
      ['key of the admin for less', await company.admin.apiKey(['read_timesheet']), false],
      ['key of the admin', await company.admin.apiKey(), true],
    ];
    for (const [name, reader, may] of readers) {
      const found = async (query: string) => (await idsOf(reader as Person, query)).includes(id);
      const unknown = `/leave-requests/${randomUUID()}`;
      for (const end of ['', '/days']) {
        const answer = await reader.get(`${path}${end}`);
        expect({ name, end, status: answer.status }).toEqual({ name, end, status: may ? 200 : 404 });
        const isAsUnknown = JSON.stringify(comparable(answer.body)) === JSON.stringify(comparable((await reader.get(unknown + end)).body));
        expect({ name, end, isAsUnknown }).toEqual({ name, end, isAsUnknown: !may });
      }
      expect({ name, listed: await found('') }).toEqual({ name, listed: may });
      expect({ name, filtered: await found(`userId=${person.id}`) }).toEqual({ name, filtered: may });
      expect({ name, filtered: await found('leaveType=SICK') }).toEqual({ name, filtered: may });
    }
  });

  it('a lead no longer, once the team is gone', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    const { id } = await company.team({ leads: [lead], members: [person] });
    const { path } = await requestOf(person);
    expect((await lead.get(path)).status).toBe(200);
    await server.sql('UPDATE teams SET "deletedAt" = now() WHERE id = $1', [id]);
    expect((await lead.get(path)).status).toBe(404);
    expect(await idsOf(lead, '')).toEqual([]);
  });

  it('of one who was deleted still those who read all, but no lead until they are back, and no filter by team', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    const { id: teamId } = await company.team({ leads: [lead], members: [person] });
    const { id, path } = await requestOf(person);
    const seen = async () => ({
      lead: [(await lead.get(path)).status, await idsOf(lead, '')],
      team: await idsOf(company.admin, `teamId=${teamId}`),
      admin: [(await company.admin.get(path)).status, await idsOf(company.admin, `userId=${person.id}`)],
    });
    expect((await company.admin.delete(`/users/${person.id}`)).status).toBe(204);
    expect(await seen()).toEqual({ lead: [404, []], team: [], admin: [200, [id]] });
    expect((await lead.post(`${path}/approve`, {})).status).toBe(404);
    await company.admin.post(`/users/${person.id}/restore`);
    expect(await seen()).toEqual({ lead: [200, [id]], team: [id], admin: [200, [id]] });
  });

  it('is noted, but of one’s own', async () => {
    const { person, lead } = await team();
    const { id, path } = await requestOf(person);
    for (const reader of [person, lead, await company.person()]) {
      await reader.get(path);
      await reader.get(`${path}/days`);
      await reader.get('/leave-requests');
    }
    expect(await readersOf(id)).toEqual([lead.id, lead.id, lead.id]);
  });

  it('is noted too, where a change that changes nothing tells it', async () => {
    const person = await company.person();
    const { id, path } = await requestOf(person);
    const changer = await company.person({ role: ['create_leave_request', 'read_leave_request'] });
    for (const client of [person, changer]) expect((await client.patch(path, {})).body).toMatchObject({ id, version: 1 });
    expect(await readersOf(id)).toEqual([changer.id]);
  });

  it('is noted too, where the answer to a change or a move tells it, but not to who made it', async () => {
    const { person, lead } = await team();
    const changer = await company.person({ role: ['create_leave_request', 'read_leave_request'] });
    const { id } = (await changer.post('/leave-requests', { ...DAY, userId: person.id })).body;
    const [path, next] = [`/leave-requests/${id}`, await requestOf(person, { ...WEEK, startDate: '2030-03-05' })];
    for (const client of [person, changer]) expect((await client.patch(path, { reason: `of ${client.id}` })).status).toBe(200);
    expect((await lead.post(`${path}/approve`, {})).status).toBe(200);
    expect((await person.post(`${path}/cancel`, {})).status).toBe(200);
    expect((await lead.post(`${next.path}/reject`, { rejectionReason: 'Stocktaking' })).status).toBe(200);
    const past = await company.insert('leave_requests', { userId: person.id, ...WEEK, startDate: '2020-03-02', endDate: '2020-03-03' });
    expect((await lead.post(`/leave-requests/${past}/cancel`, { reason: 'Was here' })).status).toBe(200);
    expect(await readersOf(id)).toEqual([changer.id, lead.id]);
    expect(await readersOf(next.id)).toEqual([lead.id]);
    expect(await readersOf(past)).toEqual([lead.id]);
  });
});

describe('the list', () => {
  it('gives the newest first, page by page, and filters', async () => {
    const person = await company.person();
    const ids: string[] = [];
    for (const month of ['01', '02', '03', '04', '05'])
      ids.unshift((await requestOf(person, { ...WEEK, startDate: `2030-${month}-01`, endDate: `2030-${month}-20` })).id);
    const sick = { leaveType: 'SICK' };
    for (const day of ['2030-06-03', '2030-06-04', '2030-06-05'])
      for (const half of ['morning', 'afternoon'])
        ids.unshift((await requestOf(person, { ...sick, startDate: day, endDate: day, startPortion: half, endPortion: half })).id);
    const walk = async (query: string) => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await person.get(`/leave-requests?limit=3${query}${cursor && `&cursor=${cursor}`}`);
        found.push(...body.items.map(({ id }: { id: string }) => id));
        cursor = body.nextCursor;
      }
      return found;
    };
    expect(await walk('')).toEqual(ids);
    expect(await walk('&status=PENDING')).toEqual(ids);
    expect(await walk('&status=APPROVED')).toEqual([]);
    expect(await walk('&leaveType=SICK')).toEqual(ids.slice(0, 6));
    expect(await walk('&from=2030-02-20&to=2030-04-01')).toEqual(ids.slice(7, 10));
    expect(await walk('&from=2030-02-21&to=2030-03-31')).toEqual(ids.slice(8, 9));
    expect(await walk(`&userId=${randomUUID()}`)).toEqual([]);
    for (const wrong of [
      'from=2030-03-02&to=2030-03-01',
      'from=2030-02-30',
      'status=NEW',
      'leaveType=FUN',
      'limit=0',
      'unknown=1',
      'cursor=a',
    ])
      expect({ wrong, status: (await person.get(`/leave-requests?${wrong}`)).status }).toEqual({ wrong, status: 400 });
  });

  it('filters by team those who are in it now', async () => {
    const { person, lead } = await team();
    const { id } = await requestOf(person);
    await requestOf(lead);
    const { id: teamId } = await company.team({ members: [person] });
    expect(await idsOf(company.admin, `teamId=${teamId}`)).toEqual([id]);
    expect(await idsOf(lead, `teamId=${teamId}`)).toEqual([id]);
    expect(await idsOf(await company.person(), `teamId=${teamId}`)).toEqual([]);
    expect(await idsOf(company.admin, `teamId=${randomUUID()}`)).toEqual([]);
  });
});

describe('changing a leave request', () => {
  it('moves version and days', async () => {
    const person = await company.person();
    const { path } = await requestOf(person);
    const patch = { endDate: '2030-03-07', leaveType: 'UNPAID', reason: 'Longer', startPortion: 'afternoon' };
    const { status, body, headers } = await person.patch(path, patch, { 'if-match': '"1"' });
    expect({ status, etag: headers.etag }).toEqual({ status: 200, etag: '"2"' });
    expect(body).toMatchObject({ ...patch, startDate: '2030-03-04', endPortion: 'full', workingDays: 3.5, version: 2 });
    expect((await person.patch(path, patch)).body).toEqual(body);
    expect((await person.patch(path, { reason: null })).body).toMatchObject({ reason: null, version: 3 });
  });

  it('keeps to the rules of a new one', async () => {
    const person = await company.person();
    const { path } = await requestOf(person);
    const { id } = await requestOf(person, { ...WEEK, startDate: '2030-03-11', endDate: '2030-03-12' });
    for (const [patch, pointer] of [
      [{ startDate: '2030-03-09' }, '/endDate'],
      [{ endDate: '2030-03-04', startPortion: 'morning' }, '/endPortion'],
      [{ startPortion: 'morning' }, '/startPortion'],
      [{ startDate: null }, '/startDate'],
      [{ userId: randomUUID() }, '/userId'],
    ] as const) {
      const answer = await person.patch(path, patch);
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
    }
    const answer = await person.patch(path, { endDate: '2030-03-11' });
    expect([answer.status, answer.body.code, answer.body.conflictsWith]).toEqual([409, 'leave_overlap', [id]]);
    expect((await person.patch(path, { startDate: '2030-03-05', endDate: '2030-03-09' })).status).toBe(200);
  });

  it('answers a stale If-Match with 412 before the state, a malformed one with 400', async () => {
    const { person, lead } = await team();
    const { path } = await requestOf(person);
    await person.patch(path, { reason: 'x' });
    expect((await person.patch(path, { reason: 'y' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await person.patch(path, { reason: 'y' }, { 'if-match': 'W/"2"' })).status).toBe(400);
    expect((await person.delete(path, { 'if-match': '"1"' })).status).toBe(412);
    await lead.post(`${path}/approve`, {});
    expect((await person.patch(path, { reason: 'y' }, { 'if-match': '"2"' })).status).toBe(412);
    const locked = await person.patch(path, { reason: 'y' }, { 'if-match': '"3"' });
    expect([locked.status, locked.body.code]).toEqual([409, 'leave_locked']);
    expect((await person.delete(path, { 'if-match': '*' })).body.code).toBe('leave_locked');
  });

  it('is its owner’s, or needs the permission to create and to read it', async () => {
    const { person, lead } = await team();
    const { path } = await requestOf(person);
    const may = async (caller: Pick<Person, 'patch'>) => (await caller.patch(path, { reason: 'x' })).status;
    expect(await may(lead)).toBe(403);
    expect((await lead.delete(path)).status).toBe(403);
    expect(await may(await company.person({ role: 'Manager' }))).toBe(403);
    expect(await may(await company.person({ role: ['create_leave_request'] }))).toBe(404);
    expect(await may(await company.person({ role: ['create_leave_request', 'read_leave_request'] }))).toBe(200);
    expect(await may(await company.admin.apiKey([]))).toBe(404);
    for (const stranger of [await company.person(), (await server.company()).admin]) {
      expect(await may(stranger)).toBe(404);
      expect((await stranger.delete(path)).status).toBe(404);
    }
    expect((await person.patch(`/leave-requests/${randomUUID()}`, {})).status).toBe(404);
    const backward = await person.patch(`/leave-requests/${randomUUID()}`, { startDate: '2030-03-05', endDate: '2030-03-04' });
    expect([backward.status, backward.body.errors]).toMatchObject([400, [{ pointer: '/endDate' }]]);
    expect((await person.patch('/leave-requests/mine', {})).status).toBe(400);
    expect((await person.get('/leave-requests/mine')).status).toBe(400);
  });

  it('twenty times at once into one another leaves no overlap', async () => {
    const person = await company.person();
    const paths: string[] = [];
    for (let n = 1; n <= 20; n++) {
      const day = `2032-03-${String(n).padStart(2, '0')}`;
      paths.push((await requestOf(person, { ...DAY, startDate: day, endDate: day })).path);
    }
    await warmUp(person);
    const answers = await Promise.all(paths.map((path) => person.patch(path, { startDate: '2032-06-01', endDate: '2032-06-02' })));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(409)]);
    expect(answers.filter(({ body }) => body.conflictsWith?.length === 1)).toHaveLength(19);
  });
});

describe('deleting a leave request', () => {
  it('is for good', async () => {
    const person = await company.person();
    const { id, path } = await requestOf(person);
    expect((await person.delete(path, { 'if-match': '"1"' })).status).toBe(204);
    for (const answer of [
      await person.get(path),
      await person.get(`${path}/days`),
      await person.delete(path),
      await person.patch(path, {}),
    ])
      expect(answer.status).toBe(404);
    expect(await idsOf(person, '')).toEqual([]);
    const rows = await server.sql('SELECT action FROM audit_logs WHERE "targetId" = $1 ORDER BY "occurredAt"', [id]);
    expect(rows).toEqual([{ action: 'leave_request_created' }, { action: 'leave_request_deleted' }]);
  });
});
