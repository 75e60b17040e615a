import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import { pointers, statuses, twenty } from '../../../test/answer.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

const WEEK = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };

let server: TestServer;
let company: Company;
let code: string;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  code = (await company.actionCode()).id;
});
afterAll(() => server?.stop());

/** A person with a lead. */
async function team(): Promise<{ person: Person; lead: Person }> {
  const [person, lead] = await Promise.all([company.person(), company.person()]);
  await company.team({ leads: [lead], members: [person] });
  return { person, lead };
}

async function sheetOf(person: Person, period = WEEK): Promise<{ id: string; path: string }> {
  const { status, body } = await person.post('/timesheets', period);
  expect(status).toBe(201);
  return { id: body.id, path: `/timesheets/${body.id}` };
}

const book = (person: Person, day: string, durationMin = 60) =>
  person.post('/timesheet-entries', { day, durationMin, actionCodeId: code, country: 'DE' });

async function listedFor(person: Person, listed?: Person): Promise<Person> {
  const approver = listed ?? (await company.person());
  await server.sql('INSERT INTO user_approvers ("companyId", "userId", "approverId") VALUES ($1, $2, $3)', [
    person.companyId,
    person.id,
    approver.id,
  ]);
  return approver;
}

const ofTeam = async (reader: Person, teamId: string) =>
  (await reader.get(`/timesheets?teamId=${teamId}`)).body.items.map((item: { id: string }) => item.id);

describe('making a timesheet', () => {
  it('answers with the whole record', async () => {
    const person = await company.person();
    const { status, body, headers } = await person.post('/timesheets', { ...WEEK, notes: 'Release week' });
    expect(status).toBe(201);
    expect(headers.location).toBe(`/api/v1/timesheets/${body.id}`);
    expect(headers.etag).toBe('"1"');
    expect(body).toEqual({
      id: expect.any(String),
      userId: person.id,
      ...WEEK,
      status: 'DRAFT',
      submittedAt: null,
      submittedByUserId: null,
      approvedAt: null,
      approverId: null,
      totalMinutes: 0,
      notes: 'Release week',
      approvals: [],
      leaveDays: [],
      allowedActions: ['edit', 'delete'],
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      version: 1,
    });
    expect((await person.get(`/timesheets/${body.id}`)).body).toEqual(body);
    expect((await person.get(`/timesheets/${body.id}`, { 'if-none-match': '"1"' })).status).toBe(304);
  });

  it.each([
    [{ periodStart: '2026-03-02' }, '/periodEnd'],
    [{ periodStart: '2026-02-30', periodEnd: '2026-03-02' }, '/periodStart'],
    [{ periodStart: '2026-03-02', periodEnd: '2026-03-01' }, '/periodEnd'],
    [{ periodStart: '2026-03-01', periodEnd: '2026-04-01' }, '/periodEnd'],
    [{ ...WEEK, status: 'APPROVED' }, '/status'],
    [{ ...WEEK, totalMinutes: 1 }, '/totalMinutes'],
    [{ ...WEEK, userId: 'me' }, '/userId'],
    [{ periodStart: '2026-03-02', periodEnd: '2026-03-01', notes: 5 }, '/periodEnd', '/notes'],
    [{ periodStart: '2026-03-01', periodEnd: '2026-04-01', userId: 'me' }, '/periodEnd', '/userId'],
  ])('refuses %j', async (body, ...expected) => {
    const answer = await (await company.person()).post('/timesheets', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual(expected);
  });

  it('takes 31 days', async () => {
    expect((await (await company.person()).post('/timesheets', { periodStart: '2026-03-01', periodEnd: '2026-03-31' })).status).toBe(201);
  });

  it('takes in the loose entries of its period, and only those', async () => {
    const person = await company.person();
    const [before, first, last] = [
      await book(person, '2026-03-01', 10),
      await book(person, '2026-03-02', 20),
      await book(person, '2026-03-08', 30),
    ];
    const { body } = await person.post('/timesheets', WEEK);
    expect(body).toMatchObject({ totalMinutes: 50, version: 1 });
    const entries = await person.get(`/timesheets/${body.id}/entries`);
    expect(entries.body.items.map(({ id }: { id: string }) => id)).toEqual([first.body.id, last.body.id]);
    expect((await person.get(`/timesheet-entries/${before.body.id}`)).body.timesheetId).toBeNull();
    const history = await person.get(`/timesheet-history?targetId=${first.body.id}&action=updated`);
    expect(history.body.items[0].diff).toEqual({ timesheetId: { before: null, after: body.id } });
  });

  it('refuses a period that shares a day with another one of the same person', async () => {
    const person = await company.person();
    const { id } = await sheetOf(person);
    const { status, body } = await person.post('/timesheets', { periodStart: '2026-03-08', periodEnd: '2026-03-14' });
    expect({ status, code: body.code, conflictsWith: body.conflictsWith }).toEqual({
      status: 409,
      code: 'timesheet_period_overlap',
      conflictsWith: [id],
    });
    expect((await person.post('/timesheets', { periodStart: '2026-03-09', periodEnd: '2026-03-14' })).status).toBe(201);
    expect((await (await company.person()).post('/timesheets', WEEK)).status).toBe(201);
  });

  it('of twenty at once exactly one is made', async () => {
    const person = await company.person();
    const answers = await twenty(() => person.post('/timesheets', WEEK));
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    expect((await person.get('/timesheets')).body.items).toHaveLength(1);
  });

  it('for another needs the permission, and somebody who is here', async () => {
    const { person, lead } = await team();
    expect((await lead.post('/timesheets', { ...WEEK, userId: person.id })).status).toBe(403);
    const reversed = await lead.post('/timesheets', { userId: person.id, periodStart: '2026-03-08', periodEnd: '2026-03-02' });
    expect({ status: reversed.status, pointer: reversed.body.errors?.[0].pointer }).toEqual({ status: 400, pointer: '/periodEnd' });
    const clerk = await company.person({ role: ['create_timesheet'] });
    expect((await clerk.post('/timesheets', { ...WEEK, userId: person.id })).body).toMatchObject({ userId: person.id });
    const stranger = await (await server.company()).person();
    for (const userId of [randomUUID(), stranger.id]) {
      const { status, body } = await clerk.post('/timesheets', { ...WEEK, userId });
      expect({ status, code: body.code, pointer: body.errors[0].pointer }).toEqual({
        status: 400,
        code: 'unknown_reference',
        pointer: '/userId',
      });
    }
  });
});

describe('who reads a timesheet', () => {
  it('its owner, leads, who may decide it and holders of read_timesheet; in lists, filters and alone alike', async () => {
    const { person, lead } = await team();
    const other = await company.team({ leads: [await company.person()], members: [] });
    const { id, path } = await sheetOf(person);
    const { admin: stranger } = await server.company();
    const readers: [string, Person, boolean][] = [
      ['owner', person, true],
      ['lead', lead, true],
      ['admin', company.admin, true],
      ['reader', await company.person({ role: ['read_timesheet'] }), true],
      ['approver', await company.person({ role: ['approve_timesheet'] }), true],
      ['colleague', await company.person(), false],
      ['listed approver under another policy', await listedFor(person), false],
      ['another company', stranger, false],
    ];
    for (const [name, reader, may] of readers) {
      const found = async (query: string) =>
        (await reader.get(`/timesheets?${query}`)).body.items.some((item: { id: string }) => item.id === id);
      expect({ name, status: (await reader.get(path)).status }).toEqual({ name, status: may ? 200 : 404 });
      expect({ name, status: (await reader.get(`${path}/entries`)).status }).toEqual({ name, status: may ? 200 : 404 });
      const ofHistory = name === 'reader' ? 403 : 200;
      expect({ name, status: (await reader.get(`${path}/history`)).status }).toEqual({ name, status: may ? ofHistory : 404 });
      expect({ name, listed: await found('limit=200') }).toEqual({ name, listed: may });
      expect({ name, filtered: await found(`userId=${person.id}`) }).toEqual({ name, filtered: may });
      expect(await found(`userId=${person.id}&teamId=${other.id}`)).toBe(false);
    }
  });

  it('lists under role_manager for holders only, under explicit for the approvers', async () => {
    const foreign = await server.company();
    const [person, listed, holder] = [
      await foreign.person(),
      await foreign.person(),
      await foreign.person({ role: ['approve_timesheet'] }),
    ];
    const { id } = await sheetOf(person);
    await listedFor(person, listed);
    const readers = async () =>
      Promise.all(
        [listed, holder].map(async (reader) => (await reader.get('/timesheets')).body.items.some((item: { id: string }) => item.id === id)),
      );
    const alone = async () => Promise.all([listed, holder].map(async (reader) => (await reader.get(`/timesheets/${id}`)).status === 200));
    for (const [policy, expected] of [
      ['role_manager', [false, true]],
      ['explicit', [true, false]],
    ] as const) {
      await server.sql('UPDATE company_settings SET "timesheetApproverPolicy" = $2 WHERE "companyId" = $1', [foreign.id, policy]);
      expect({ policy, readers: await readers(), alone: await alone() }).toEqual({ policy, readers: expected, alone: expected });
    }
    await server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [listed.id]);
    expect((await holder.get(`/timesheets/${id}`)).status).toBe(200);
    expect((await holder.get('/timesheets')).body.items).toHaveLength(1);
  });

  it('a lead no longer, once the team is gone', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    const { id } = await company.team({ leads: [lead], members: [person] });
    const { path } = await sheetOf(person);
    expect((await lead.get(path)).status).toBe(200);
    await server.sql('UPDATE teams SET "deletedAt" = now() WHERE id = $1', [id]);
    expect((await lead.get(path)).status).toBe(404);
    expect((await lead.get('/timesheets')).body.items).toEqual([]);
  });

  it('a lead no longer, nor a list by team, once the person is deleted', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    const { id: teamId } = await company.team({ leads: [lead], members: [person] });
    const { id, path } = await sheetOf(person);
    await book(person, '2026-03-02');
    await person.post(`${path}/submit`);
    await company.admin.delete(`/users/${person.id}`);
    const asked = ['/timesheets', '/timesheet-entries', '/timesheet-history', `/timesheet-approvals?status=PENDING`];
    for (const list of asked) expect([list, (await lead.get(list)).body.items]).toEqual([list, []]);
    expect((await lead.get('/reports/time?groupBy=user')).body.items).toEqual([]);
    for (const move of ['approve', 'reopen']) expect((await lead.post(`${path}/${move}`, { reason: 'Fine' })).status).toBe(404);
    for (const list of ['/timesheets', '/timesheet-entries'])
      expect([list, (await company.admin.get(`${list}?teamId=${teamId}`)).body.items]).toEqual([list, []]);
    expect((await company.admin.get(`/reports/time?groupBy=user&teamId=${teamId}`)).body.items).toHaveLength(1); // a sum stays
    await company.admin.post(`/users/${person.id}/restore`);
    expect((await lead.get('/timesheets')).body.items).toMatchObject([{ id }]);
  });

  it('sees days of approved leave, the kind only where they may read the request', async () => {
    const { person, lead } = await team();
    const reader = await company.person({ role: ['read_timesheet'] });
    await server.sql(
      `INSERT INTO leave_requests ("companyId", "userId", "startDate", "endDate", "startPortion", "endPortion", "leaveType", status) VALUES
         ($1, $2, '2026-02-27', '2026-03-03', 'full', 'morning', 'SICK', 'APPROVED'),
         ($1, $2, '2026-03-05', '2026-03-05', 'afternoon', 'afternoon', 'PTO', 'APPROVED'),
         ($1, $2, '2026-03-06', '2026-03-06', 'full', 'full', 'PTO', 'PENDING')`,
      [company.id, person.id],
    );
    const { path } = await sheetOf(person);
    const days = [
      { day: '2026-03-02', portion: 'full', leaveType: 'SICK' },
      { day: '2026-03-03', portion: 'morning', leaveType: 'SICK' },
      { day: '2026-03-05', portion: 'afternoon', leaveType: 'PTO' },
    ];
    expect((await person.get(path)).body.leaveDays).toEqual(days);
    expect((await lead.get(path)).body.leaveDays).toEqual(days);
    expect((await reader.get(path)).body.leaveDays).toEqual(days.map(({ day, portion }) => ({ day, portion })));
  });

  it('is noted where they are told another’s kind of leave, also of the past', async () => {
    const { person, lead } = await team();
    const reader = await company.person({ role: ['read_timesheet'] });
    await company.insert('leave_requests', {
      userId: person.id,
      startDate: '2026-03-03',
      endDate: '2026-03-04',
      leaveType: 'SICK',
      status: 'APPROVED',
    });
    const [{ path, id }, without] = [await sheetOf(person), await sheetOf(person, { periodStart: '2026-04-01', periodEnd: '2026-04-02' })];
    const noted = async () => {
      await server.app.get(Accesses).flush();
      return server.sql(
        `SELECT "targetType", "targetId", "actorUserId" FROM access_logs WHERE action = 'leave_read' AND "userId" = $1 ORDER BY "occurredAt"`,
        [person.id],
      );
    };
    for (const who of [person, reader]) await who.get(path);
    await lead.get(without.path);
    expect(await noted()).toEqual([]);
    const row = { targetType: 'Timesheet', targetId: id, actorUserId: lead.id };
    await lead.get(path);
    expect(await noted()).toEqual([row]);
    await lead.get(`${path}?asOf=${new Date().toISOString()}`);
    expect(await noted()).toEqual([row, row]);
  });
});

describe('the list', () => {
  it('gives the newest period first, page by page, and filters', async () => {
    const person = await company.person();
    const ids: string[] = [];
    for (const month of ['01', '02', '03', '04', '05'])
      ids.unshift((await sheetOf(person, { periodStart: `2026-${month}-01`, periodEnd: `2026-${month}-20` })).id);
    const walk = async (query: string) => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await person.get(`/timesheets?limit=2${query}${cursor && `&cursor=${cursor}`}`);
        found.push(...body.items.map(({ id }: { id: string }) => id));
        cursor = body.nextCursor;
      }
      return found;
    };
    expect(await walk('')).toEqual(ids);
    expect(await walk('&status=DRAFT')).toEqual(ids);
    expect(await walk('&status=APPROVED')).toEqual([]);
    expect(await walk('&from=2026-02-20&to=2026-04-01')).toEqual(ids.slice(1, 4));
    expect(await walk('&from=2026-02-21&to=2026-03-31')).toEqual(ids.slice(2, 3));
    expect(await walk(`&userId=${randomUUID()}`)).toEqual([]);
    expect((await person.get('/timesheets?limit=2')).body.items[0]).not.toHaveProperty('approvals');
    const reversed = await company.admin.get('/timesheets?from=2026-02-02&to=2026-02-01&limit=0');
    expect(pointers(reversed)).toEqual(['/limit', '/to']);
    for (const wrong of ['from=2026-03-02&to=2026-03-01', 'from=2026-02-30', 'status=NEW', 'limit=0', 'unknown=1', 'cursor=abc']) {
      expect({ wrong, status: (await person.get(`/timesheets?${wrong}`)).status }).toEqual({ wrong, status: 400 });
    }
  });

  it('filters by team those who are in it now', async () => {
    const { person, lead } = await team();
    const { id } = await sheetOf(person);
    await sheetOf(lead);
    const { id: teamId } = await company.team({ leads: [], members: [person] });
    expect(await ofTeam(company.admin, teamId)).toEqual([id]);
    expect(await ofTeam(lead, teamId)).toEqual([id]);
    expect(await ofTeam(await company.person(), teamId)).toEqual([]);
    expect(await ofTeam(company.admin, randomUUID())).toEqual([]);
  });
});

describe('changing a timesheet', () => {
  it('moves the version and is told in the history', async () => {
    const person = await company.person();
    const { path } = await sheetOf(person);
    const { status, body, headers } = await person.patch(path, { notes: 'Late', periodEnd: '2026-03-07' }, { 'if-match': '"1"' });
    expect(status).toBe(200);
    expect(headers.etag).toBe('"2"');
    expect(body).toMatchObject({ notes: 'Late', periodStart: '2026-03-02', periodEnd: '2026-03-07', version: 2 });
    const history = await person.get(`${path}/history`);
    expect(history.body.items[0]).toMatchObject({
      action: 'updated',
      actorUserId: person.id,
      diff: { notes: { before: null, after: 'Late' }, periodEnd: { before: '2026-03-08', after: '2026-03-07' } },
    });
    expect((await person.patch(path, { notes: 'Late' })).body.version).toBe(2);
    expect((await person.patch(path, { notes: null })).body).toMatchObject({ notes: null, version: 3 });
  });

  it('answers a stale If-Match with 412, a malformed one with 400', async () => {
    const person = await company.person();
    const { path } = await sheetOf(person);
    await book(person, '2026-03-02');
    expect((await person.patch(path, { notes: 'x' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await person.patch(path, { notes: 'x' }, { 'if-match': 'W/"2"' })).status).toBe(400);
    expect((await person.patch(path, { notes: 'x' }, { 'if-match': '*' })).status).toBe(200);
    expect((await person.delete(path, { 'if-match': '"1"' })).status).toBe(412);
  });

  it('of the period takes in loose entries and lets none fall out', async () => {
    const person = await company.person();
    const { path } = await sheetOf(person);
    const [inside] = [await book(person, '2026-03-08', 30), await book(person, '2026-03-09', 40)];
    expect((await person.patch(path, { periodEnd: '2026-03-09' })).body).toMatchObject({ totalMinutes: 70, version: 3 });
    await person.patch(path, { periodStart: '2026-03-03' });
    const { status, body } = await person.patch(path, { periodStart: '2026-03-09' });
    expect({ status, code: body.code, conflictsWith: body.conflictsWith }).toEqual({
      status: 409,
      code: 'outside_period',
      conflictsWith: [inside.body.id],
    });
    expect((await person.patch(path, { periodEnd: '2026-03-01' })).body.errors[0].pointer).toBe('/periodEnd');
    expect((await person.patch(path, { periodStart: null })).status).toBe(400);
    const next = await sheetOf(person, { periodStart: '2026-03-10', periodEnd: '2026-03-15' });
    expect((await person.patch(path, { periodEnd: '2026-03-10' })).body).toMatchObject({
      code: 'timesheet_period_overlap',
      conflictsWith: [next.id],
    });
  });

  it('is its owner’s, or needs the permission', async () => {
    const { person, lead } = await team();
    const { path } = await sheetOf(person);
    expect((await lead.patch(path, { notes: 'x' })).status).toBe(403);
    expect((await lead.delete(path)).status).toBe(403);
    for (const stranger of [await company.person(), (await server.company()).admin]) {
      expect((await stranger.patch(path, { notes: 'x' })).status).toBe(404);
      expect((await stranger.delete(path)).status).toBe(404);
      expect((await stranger.post(`${path}/submit`)).status).toBe(404);
      expect((await stranger.post(`${path}/approve`, {})).status).toBe(404);
    }
    expect((await person.patch(`/timesheets/${randomUUID()}`, { notes: 'x' })).status).toBe(404);
    const backward = await person.patch(`/timesheets/${randomUUID()}`, { periodStart: '2026-03-08', periodEnd: '2026-03-02' });
    expect([backward.status, backward.body.errors]).toMatchObject([400, [{ pointer: '/periodEnd' }]]);
    expect((await person.patch('/timesheets/mine', { notes: 'x' })).status).toBe(400);
    expect((await (await company.person({ role: ['update_timesheet'] })).patch(path, { notes: 'x' })).status).toBe(200);
    expect((await (await company.person({ role: ['delete_timesheet'] })).delete(path)).status).toBe(204);
  });
});

describe('deleting a timesheet', () => {
  it('leaves its entries, loose, and room for another one', async () => {
    const person = await company.person();
    const { id, path } = await sheetOf(person);
    const entry = await book(person, '2026-03-02');
    expect((await person.delete(path)).status).toBe(204);
    expect((await person.get(path)).status).toBe(404);
    expect((await person.delete(path)).status).toBe(404);
    expect((await person.get(`/timesheet-entries/${entry.body.id}`)).body).toMatchObject({ timesheetId: null, version: 2 });
    const [told] = (await person.get(`/timesheet-history?targetId=${id}`)).body.items;
    expect(told).toMatchObject({ action: 'deleted', diff: { status: { before: 'DRAFT', after: null } } });
    expect((await person.post('/timesheets', WEEK)).body.totalMinutes).toBe(60);
  });
});
