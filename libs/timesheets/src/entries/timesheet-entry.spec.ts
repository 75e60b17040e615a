import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { statuses, twenty } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

const WEEK = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };

const UNKNOWN = randomUUID();

let server: TestServer;
let company: Company;
let code: string;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company({ timezone: 'Europe/Berlin' });
  code = (await company.actionCode()).id;
});
afterAll(() => server?.stop());

const minutes = (day: string, durationMin = 60, more: object = {}) => ({ day, durationMin, actionCodeId: code, country: 'DE', ...more });
const span = (from: string, to: string, more: object = {}) => ({
  startedAt: `2026-03-${from}:00Z`,
  endedAt: `2026-03-${to}:00Z`,
  actionCodeId: code,
  country: 'DE',
  ...more,
});
const add = (person: Person, entry: object) => person.post('/timesheet-entries', entry);

async function task(): Promise<string> {
  const [row] = await server.sql<{ id: string }>(`INSERT INTO tasks ("companyId", title) VALUES ($1, 'Task') RETURNING id`, [company.id]);
  return row!.id;
}

async function sheet(person: Person, period = WEEK): Promise<string> {
  return (await person.post('/timesheets', period)).body.id;
}

async function handIn(person: Person, id: string): Promise<void> {
  expect((await person.post(`/timesheets/${id}/submit`)).status).toBe(200);
}

describe('recording time', () => {
  it('as minutes on a day', async () => {
    const person = await company.person();
    const taskId = await task();
    const { status, body, headers } = await add(person, minutes('2026-03-02', 90, { note: 'Export', workMode: 'remote', taskId }));
    expect(status).toBe(201);
    expect(headers.location).toBe(`/api/v1/timesheet-entries/${body.id}`);
    expect(headers.etag).toBe('"1"');
    expect(body).toEqual({
      id: expect.any(String),
      userId: person.id,
      timesheetId: null,
      actionCodeId: code,
      taskId,
      workMode: 'remote',
      country: 'DE',
      startedAt: null,
      endedAt: null,
      timezone: 'Europe/Berlin',
      durationMin: 90,
      day: '2026-03-02',
      note: 'Export',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      version: 1,
    });
    expect((await person.get(`/timesheet-entries/${body.id}`)).body).toEqual(body);
  });

  it('as a span, cut to the minute, on the local day of its start', async () => {
    const person = await company.person();
    const { body } = await add(person, { ...span('01T23:30', '02T00:31'), startedAt: '2026-03-02T00:30:59.999+01:00' });
    expect(body).toMatchObject({
      startedAt: '2026-03-01T23:30:00Z',
      endedAt: '2026-03-02T00:31:00Z',
      durationMin: 61,
      day: '2026-03-02',
      timezone: 'Europe/Berlin',
      workMode: 'office',
    });
    const abroad = await add(person, span('02T01:00', '02T02:00', { timezone: 'America/New_York', country: 'US' }));
    expect(abroad.body).toMatchObject({ day: '2026-03-01', timezone: 'America/New_York' });
  });

  it.each<[object, string[]]>([
    [{ day: '2026-03-02' }, ['/durationMin']],
    [{ durationMin: 60 }, ['/day']],
    [{}, ['/day', '/durationMin']],
    [{ day: '2023-02-30', durationMin: 60 }, ['/day']],
    [{ day: '2026-03-02', durationMin: 1441 }, ['/durationMin']],
    [{ day: '2026-03-02', durationMin: -1 }, ['/durationMin']],
    [{ day: '2026-03-02', durationMin: 1.5 }, ['/durationMin']],
    [{ day: '2026-03-02', durationMin: '60' }, ['/durationMin']],
    [{ startedAt: '2026-03-02T08:00:00Z' }, ['/endedAt']],
    [{ startedAt: '2026-03-02T08:00:00Z', note: 5 }, ['/endedAt', '/note']],
    [{ startedAt: null, endedAt: '2026-03-02T08:00:00Z', country: undefined }, ['/country', '/startedAt']],
    [{ startedAt: 'today', endedAt: null }, ['/endedAt', '/startedAt']],
    [{ startedAt: '2026-03-02T08:00:00', endedAt: '2026-03-02T09:00:00Z' }, ['/startedAt']],
    [{ startedAt: '2026-03-02T09:00:00Z', endedAt: '2026-03-02T09:00:30Z' }, ['/endedAt']],
    [{ startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-03T08:01:00Z' }, ['/endedAt']],
    [{ startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T09:00:00Z', durationMin: 59, day: '2026-03-01' }, ['/day', '/durationMin']],
    [{ day: '2026-03-02', durationMin: 60, timezone: '+01:00' }, ['/timezone']],
    [{ day: '2026-03-02', durationMin: 60, workMode: 'home' }, ['/workMode']],
    [{ day: '2026-03-02', durationMin: 60, version: 7 }, ['/version']],
    [{ day: '2026-03-02', durationMin: 60, country: 'XX' }, ['/country']],
    [{ day: '2026-03-02', durationMin: 60, country: 'de' }, ['/country']],
    [{ day: '2026-03-02', durationMin: 60, country: undefined, actionCodeId: undefined }, ['/actionCodeId', '/country']],
    [{ country: undefined, actionCodeId: undefined }, ['/actionCodeId', '/country', '/day', '/durationMin']],
    [{ country: undefined, startedAt: null, endedAt: null, day: '2026-03-02' }, ['/country', '/durationMin']],
    [{ country: undefined, startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T09:00:00Z' }, ['/country']],
    [{ startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T09:00:00Z', day: null }, ['/day']],
    [{ startedAt: '2026-03-02T09:00:00Z', endedAt: '2026-03-02T08:00:00Z', note: 5 }, ['/endedAt', '/note']],
    [{ startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T09:00:00Z', day: '2026-03-03', note: 5 }, ['/day', '/note']],
    [
      { startedAt: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T09:00:00Z', durationMin: 'x', day: '2026-03-03', actionCodeId: UNKNOWN },
      ['/actionCodeId', '/day', '/durationMin'],
    ],
    [{ day: '2026-03-02', durationMin: 60, timezone: 'x', userId: 'me', timesheetId: UNKNOWN }, ['/timezone', '/userId']],
  ])('refuses %j', async (fields, pointers) => {
    const { status, body } = await add(await company.person(), { actionCodeId: code, country: 'DE', ...fields });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(pointers);
  });

  it.each([
    ['Asia/Kathmandu', '1969-12-31T20:00:30Z', '1970-01-01T02:00:00+05:30', '1970-01-01'],
    ['Pacific/Pago_Pago', '2200-01-01T10:59:00Z', '2200-01-02T10:59:00Z', '2199-12-31'],
    ['Pacific/Pago_Pago', '2200-01-01T10:59:00Z', '2200-01-03T00:59:00+14:00', '2199-12-31'],
  ])('takes a span of the first and last days in %s', async (timezone, startedAt, endedAt, day) => {
    const person = await company.person();
    const { status, body } = await add(person, { startedAt, endedAt, timezone, actionCodeId: code, country: 'DE' });
    expect({ status, day: body.day }).toEqual({ status: 201, day });
    const again = await person.patch(`/timesheet-entries/${body.id}`, { startedAt: body.startedAt, endedAt: body.endedAt });
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body });
  });

  it.each([
    ['UTC', '1969-12-31T20:00:00Z', 'must be on a day from 1970-01-01 to 2199-12-31'],
    ['Pacific/Kiritimati', '2199-12-31T20:00:00Z', 'must be on a day from 1970-01-01 to 2199-12-31'],
    ['UTC', '1950-03-02T08:00:00Z', expect.stringContaining('from 1970-01-01 to 2199-12-31')],
    ['UTC', '2200-03-02T08:00:00Z', expect.stringContaining('from 1970-01-01 to 2199-12-31')],
  ])('says of which days a span may be: in %s not of %s', async (timezone, startedAt, detail) => {
    const endedAt = new Date(Date.parse(startedAt) + 3_600_000).toISOString();
    const { status, body } = await add(await company.person(), { startedAt, endedAt, timezone, actionCodeId: code, country: 'DE' });
    expect({ status, first: body.errors[0] }).toMatchObject({ status: 400, first: { pointer: '/startedAt', detail } });
  });

  it('takes what agrees with the span', async () => {
    expect((await add(await company.person(), span('02T08:00', '02T09:00', { durationMin: 60, day: '2026-03-02' }))).status).toBe(201);
  });

  it('refuses what names nothing here: unknown, foreign and deleted alike', async () => {
    const person = await company.person();
    const foreign = (await (await server.company()).actionCode()).id;
    const [deleted] = await server.sql<{ id: string }>(
      `INSERT INTO action_codes ("companyId", code, name, "deletedAt") VALUES ($1, 'gone', 'Gone', now()) RETURNING id`,
      [company.id],
    );
    const goneTask = await task();
    await server.sql('UPDATE tasks SET "deletedAt" = now() WHERE id = $1', [goneTask]);
    const othersSheet = await sheet(await company.person());
    const wrong: [object, string][] = [
      ...[randomUUID(), foreign, deleted!.id].map((actionCodeId): [object, string] => [{ actionCodeId }, '/actionCodeId']),
      ...[randomUUID(), goneTask].map((taskId): [object, string] => [{ taskId }, '/taskId']),
      ...[randomUUID(), othersSheet].map((timesheetId): [object, string] => [{ timesheetId }, '/timesheetId']),
    ];
    for (const [fields, pointer] of wrong) {
      const { status, body } = await add(person, minutes('2026-03-02', 60, fields));
      expect({ status, code: body.code, pointers: body.errors.map((error: { pointer: string }) => error.pointer) }).toEqual({
        status: 400,
        code: 'unknown_reference',
        pointers: [pointer],
      });
    }
    expect((await person.get('/timesheet-entries')).body.items).toEqual([]);
  });

  it('not on an inactive code', async () => {
    const person = await company.person();
    const { id: actionCodeId } = await company.actionCode({ active: false });
    const { status, body } = await add(person, minutes('2026-03-02', 60, { actionCodeId }));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'action_code_inactive' });
    const entry = await add(person, minutes('2026-03-02'));
    expect((await person.patch(`/timesheet-entries/${entry.body.id}`, { actionCodeId })).body.code).toBe('action_code_inactive');
    await server.sql('UPDATE action_codes SET active = true WHERE id = $1', [actionCodeId]);
    await person.patch(`/timesheet-entries/${entry.body.id}`, { actionCodeId });
    await server.sql('UPDATE action_codes SET active = false WHERE id = $1', [actionCodeId]);
    expect((await person.patch(`/timesheet-entries/${entry.body.id}`, { note: 'kept its code', actionCodeId })).status).toBe(200);
  });

  it.each<[string, string, number, string]>([
    ['action code', 'action_codes SET active = false', 409, 'action_code_inactive'],
    ['action code', 'action_codes SET "deletedAt" = now()', 400, 'unknown_reference'],
    ['task', 'tasks SET "deletedAt" = now()', 400, 'unknown_reference'],
  ])('waits for a change of its %s that is under way: %s', async (_, change, status, problem) => {
    const [person, { id: actionCodeId }, taskId] = [await company.person(), await company.actionCode(), await task()];
    const answer = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(`UPDATE ${change} WHERE id = ANY ($1)`, [[actionCodeId, taskId]]);
      const adding = add(person, minutes('2026-03-02', 60, { actionCodeId, taskId }));
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
      return adding;
    });
    expect([answer.status, answer.body.code]).toEqual([status, problem]);
  });

  it('for another needs the permission', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    expect((await add(lead, minutes('2026-03-02', 60, { userId: person.id }))).status).toBe(403);
    const reversed = await add(lead, span('02T09:00', '02T08:00', { userId: person.id }));
    expect({ status: reversed.status, pointer: reversed.body.errors?.[0].pointer }).toEqual({ status: 400, pointer: '/endedAt' });
    const clerk = await company.person({ role: ['create_timesheet'] });
    const { body } = await add(clerk, minutes('2026-03-02', 60, { userId: person.id.toUpperCase() }));
    expect(body.userId).toBe(person.id);
    expect((await clerk.get(`/timesheet-entries/${body.id}`)).status).toBe(404);
    expect((await add(clerk, minutes('2026-03-02', 60, { userId: randomUUID() }))).body.errors[0].pointer).toBe('/userId');
    const [told] = (await person.get(`/timesheet-history?targetId=${body.id}`)).body.items;
    expect(told).toMatchObject({
      userId: person.id,
      actorUserId: clerk.id,
      action: 'created',
      diff: { durationMin: { before: null, after: 60 } },
    });
    expect(told.diff).not.toHaveProperty('note');
  });
});

describe('what does not go together', () => {
  it('overlaps, told by name; touching is fine', async () => {
    const person = await company.person();
    const { body: first } = await add(person, span('02T08:00', '02T10:00'));
    const { status, body } = await add(person, span('02T09:59', '02T11:00'));
    expect({ status, code: body.code, conflictsWith: body.conflictsWith }).toEqual({
      status: 409,
      code: 'entry_overlap',
      conflictsWith: [first.id],
    });
    expect((await add(person, span('02T10:00', '02T11:00'))).status).toBe(201);
    expect((await add(person, span('02T07:00', '02T08:00'))).status).toBe(201);
    expect((await add(await company.person(), span('02T08:00', '02T10:00'))).status).toBe(201);
    expect((await add(person, minutes('2026-03-02'))).status).toBe(201);
  });

  it('overlaps from days as far apart as zones and lengths allow, told by name too', async () => {
    const person = await company.person();
    const { body: west } = await add(person, span('03T10:30', '04T10:30', { timezone: 'Pacific/Pago_Pago' }));
    const { body } = await add(person, span('04T10:15', '04T11:15', { timezone: 'Pacific/Kiritimati' }));
    expect([west.day, body.code, body.conflictsWith]).toEqual(['2026-03-02', 'entry_overlap', [west.id]]);
    const { body: east } = await add(person, span('04T10:30', '04T11:15', { timezone: 'Pacific/Kiritimati' }));
    expect(east.day).toBe('2026-03-05');
  });

  it('of twenty at once exactly one is made', async () => {
    const person = await company.person();
    const id = await sheet(person);
    const answers = await twenty((n) => add(person, span('02T08:00', `02T09:${String(n + 10)}`)));
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body.code).toBe('entry_overlap');
      expect(body.conflictsWith).toHaveLength(1);
    }
    const made = answers.find(({ status }) => status === 201)!.body;
    expect((await person.get(`/timesheets/${id}`)).body).toMatchObject({ totalMinutes: made.durationMin, version: 2 });
  });

  it('more than 1440 entries on a day, in batches and of twenty at once too', async () => {
    const [person, other] = [await company.person(), await company.person()];
    await server.sql(
      `INSERT INTO timesheet_entries ("companyId", "userId", "actionCodeId", country, timezone, "durationMin", day)
       SELECT $1, $2, $3, 'DE', 'UTC', 0, '2026-03-04' FROM generate_series(1, 1438)`,
      [company.id, person.id, code],
    );
    const nothing = minutes('2026-03-04', 0);
    const full = await person.post('/timesheet-entries/batch', { entries: [nothing, minutes('2026-03-05', 0), nothing, nothing] });
    expect([full.status, full.body.errors]).toMatchObject([409, [{ pointer: '/entries/3/day', code: 'day_full' }]]);
    const { body: made } = await add(person, nothing);
    const answers = await twenty(() => add(person, nothing));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code))).toEqual(new Set(['day_full']));
    expect((await person.patch(`/timesheet-entries/${made.id}`, { note: 'One of the 1440' })).status).toBe(200);
    const { body: elsewhere } = await add(person, minutes('2026-03-05', 0));
    expect((await person.patch(`/timesheet-entries/${elsewhere.id}`, { day: '2026-03-04' })).body.code).toBe('day_full');
    expect((await add(other, nothing)).status).toBe(201);
  });

  it('more than 1440 minutes on a day, also of twenty at once', async () => {
    const person = await company.person();
    const id = await sheet(person);
    const answers = await twenty(() => add(person, minutes('2026-03-02', 240)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(6);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['409 day_full']),
    );
    expect((await person.get(`/timesheets/${id}`)).body).toMatchObject({ totalMinutes: 1440, version: 7 });
    expect((await add(person, minutes('2026-03-02', 0))).status).toBe(201);
    expect((await add(person, minutes('2026-03-03', 1440))).status).toBe(201);
    expect((await add(await company.person(), minutes('2026-03-02', 1440))).status).toBe(201);
  });
});

describe('timesheets and their entries', () => {
  it('an entry joins the timesheet of its day; sum and version follow', async () => {
    const person = await company.person();
    const id = await sheet(person);
    const read = async () => (await person.get(`/timesheets/${id}`)).body;
    const first = await add(person, minutes('2026-03-02', 60));
    expect(first.body.timesheetId).toBe(id);
    expect((await add(person, minutes('2026-03-09'))).body.timesheetId).toBeNull();
    expect(await read()).toMatchObject({ totalMinutes: 60, version: 2 });
    const path = `/timesheet-entries/${first.body.id}`;
    await person.patch(path, { durationMin: 75 });
    expect(await read()).toMatchObject({ totalMinutes: 75, version: 3 });
    await person.patch(path, { note: 'A note moves the version too' });
    expect(await read()).toMatchObject({ totalMinutes: 75, version: 4 });
    await person.patch(path, { durationMin: 75 });
    expect(await read()).toMatchObject({ version: 4 });
    await person.delete(path);
    expect(await read()).toMatchObject({ totalMinutes: 0, version: 5 });
    expect((await person.get(path)).status).toBe(404);
    expect((await person.delete(path)).status).toBe(404);
  });

  it('a moved entry leaves its timesheet and joins the one of its new day', async () => {
    const person = await company.person();
    const [first, second] = [await sheet(person), await sheet(person, { periodStart: '2026-03-09', periodEnd: '2026-03-15' })];
    const { body: entry } = await add(person, minutes('2026-03-02', 60, { timesheetId: first }));
    const path = `/timesheet-entries/${entry.id}`;
    expect((await person.patch(path, { day: '2026-03-09' })).body.timesheetId).toBe(second);
    const totals = await Promise.all([first, second].map(async (id) => (await person.get(`/timesheets/${id}`)).body.totalMinutes));
    expect(totals).toEqual([0, 60]);
    expect((await person.patch(path, { day: '2026-03-20' })).body.timesheetId).toBeNull();
    for (const id of [first, second]) {
      const { body } = await person.get(`/timesheets/${id}/history`);
      expect(
        body.items.filter(({ targetId, action }: { targetId: string; action: string }) => targetId === entry.id && action === 'updated')
          .length,
      ).toBeGreaterThan(0);
    }
  });

  it('one named for a day outside its timesheet is refused', async () => {
    const person = await company.person();
    const id = await sheet(person);
    const { status, body } = await add(person, minutes('2026-03-09', 60, { timesheetId: id }));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'outside_period' });
    const entry = await add(person, minutes('2026-03-02', 60, { timesheetId: id }));
    expect(entry.status).toBe(201);
    expect((await person.patch(`/timesheet-entries/${entry.body.id}`, { day: '2026-03-09', timesheetId: id })).body.code).toBe(
      'outside_period',
    );
    expect((await person.patch(`/timesheet-entries/${entry.body.id}`, { timesheetId: randomUUID() })).status).toBe(400);
  });

  it('a submitted or approved timesheet locks its day', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const id = await sheet(person);
    const [inside, outside] = [await add(person, minutes('2026-03-02')), await add(person, minutes('2026-03-09'))];
    await handIn(person, id);
    for (let round = 0; round < 2; round++) {
      const refused = [
        await add(person, minutes('2026-03-03')),
        await add(person, minutes('2026-03-03', 60, { timesheetId: id })),
        await person.patch(`/timesheet-entries/${inside.body.id}`, { note: 'x' }),
        await person.patch(`/timesheet-entries/${inside.body.id}`, { day: '2026-03-10' }),
        await person.patch(`/timesheet-entries/${outside.body.id}`, { day: '2026-03-03' }),
        await person.delete(`/timesheet-entries/${inside.body.id}`),
        await person.patch(`/timesheets/${id}`, { notes: 'x' }),
        await person.delete(`/timesheets/${id}`),
      ];
      expect(refused.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array<string>(8).fill('409 timesheet_locked'));
      await lead.post(`/timesheets/${id}/approve`, {});
    }
    expect((await person.get(`/timesheet-entries/${inside.body.id}`)).body.version).toBe(1);
  });

  it('a rejected one can be changed', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const id = await sheet(person);
    await add(person, minutes('2026-03-02'));
    await handIn(person, id);
    await lead.post(`/timesheets/${id}/reject`, { reason: 'Tuesday is missing' });
    expect((await add(person, minutes('2026-03-03'))).status).toBe(201);
    expect((await person.get(`/timesheets/${id}`)).body).toMatchObject({ status: 'REJECTED', totalMinutes: 120 });
  });
});

describe('changing an entry', () => {
  it('makes minutes of a span and a span of minutes, and tells both', async () => {
    const person = await company.person();
    const { body } = await add(person, span('02T08:00', '02T10:00'));
    const path = `/timesheet-entries/${body.id}`;
    expect((await person.patch(path, { startedAt: null, endedAt: null })).body).toMatchObject({
      startedAt: null,
      endedAt: null,
      durationMin: 120,
      day: '2026-03-02',
      version: 2,
    });
    expect((await person.patch(path, { startedAt: '2026-03-03T08:00:00Z', endedAt: '2026-03-03T09:00:00Z' })).body).toMatchObject({
      durationMin: 60,
      day: '2026-03-03',
    });
    expect((await person.patch(path, { startedAt: null })).body.errors[0].pointer).toBe('/startedAt');
    expect((await person.patch(path, { durationMin: 61 })).body.errors[0].pointer).toBe('/durationMin');
    for (const field of ['day', 'durationMin', 'actionCodeId', 'country', 'workMode', 'timezone']) {
      expect({ field, status: (await person.patch(path, { [field]: null })).status }).toEqual({ field, status: 400 });
    }
    expect((await person.patch(path, { userId: person.id })).status).toBe(400);
    const { body: history } = await person.get(`/timesheet-history?targetId=${body.id}`);
    expect(history.items[0].diff).toEqual({
      startedAt: { before: null, after: '2026-03-03T08:00:00Z' },
      endedAt: { before: null, after: '2026-03-03T09:00:00Z' },
      durationMin: { before: 120, after: 60 },
      day: { before: '2026-03-02', after: '2026-03-03' },
    });
  });

  it('of its note leaves day and timesheet alone, also where the rules of its zone have changed since', async () => {
    const person = await company.person();
    const { body: made } = await add(person, span('08T23:30', '09T00:30', { timezone: 'Africa/Abidjan' }));
    expect(made.day).toBe('2026-03-08');
    const timesheetId = await sheet(person, { periodStart: '2026-03-09', periodEnd: '2026-03-15' });
    await server.sql(`UPDATE timesheet_entries SET day = '2026-03-09', "timesheetId" = $2 WHERE id = $1`, [made.id, timesheetId]);
    const path = `/timesheet-entries/${made.id}`;
    const { body: before } = await person.get(path);
    const { status, body } = await person.patch(path, { note: 'Night shift' });
    expect({ status, body }).toEqual({
      status: 200,
      body: { ...before, note: 'Night shift', version: before.version + 1, updatedAt: expect.any(String) },
    });
    const { startedAt, endedAt, timezone, durationMin, day } = before;
    expect((await person.patch(path, { startedAt, endedAt, timezone, durationMin, day })).body).toEqual(body);
  });

  it('is not in its own way, but in that of others', async () => {
    const person = await company.person();
    const [first, second] = [await add(person, span('02T08:00', '02T10:00')), await add(person, span('02T10:00', '02T12:00'))];
    const path = `/timesheet-entries/${first.body.id}`;
    expect((await person.patch(path, { startedAt: '2026-03-02T07:00:00Z' })).status).toBe(200);
    expect((await person.patch(path, { endedAt: '2026-03-02T10:01:00Z' })).body).toMatchObject({
      code: 'entry_overlap',
      conflictsWith: [second.body.id],
    });
    await add(person, minutes('2026-03-02', 1140));
    expect((await person.patch(path, { endedAt: '2026-03-02T09:00:00Z' })).status).toBe(200);
    await add(person, minutes('2026-03-02', 60));
    expect((await person.patch(path, { endedAt: '2026-03-02T09:01:00Z' })).body.code).toBe('day_full');
  });

  it('is 400 where the body alone is wrong, also of an entry that is not there or not one’s own to change', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { body: entry } = await add(person, minutes('2026-03-02'));
    const [startedAt, endedAt] = ['2026-03-02T10:00:00Z', '2026-03-02T09:00:00Z'];
    const known = { startedAt: endedAt, endedAt: startedAt };
    for (const [fields, ...expected] of [
      [{ startedAt, endedAt }, '/endedAt'],
      [{ startedAt, endedAt: null }, '/endedAt'],
      [{ startedAt: null, endedAt }, '/startedAt'],
      [{ ...known, durationMin: 61 }, '/durationMin'],
      [{ ...known, timezone: 'UTC', day: '2026-03-03' }, '/day'],
      [{ startedAt, endedAt, note: 5 }, '/endedAt', '/note'],
    ] as const) {
      for (const [who, id] of [
        [person, entry.id],
        [lead, entry.id],
        [person, randomUUID()],
      ] as const) {
        const { status, body } = await who.patch(`/timesheet-entries/${id}`, fields);
        expect([status, body.errors?.map((error: { pointer: string }) => error.pointer)]).toEqual([400, expected]);
      }
    }
    for (const fields of [{ ...known, day: '2026-03-03' }, { startedAt }, { startedAt: null, endedAt: null }, known]) {
      expect((await lead.patch(`/timesheet-entries/${entry.id}`, fields)).status).toBe(403);
      expect((await person.patch(`/timesheet-entries/${randomUUID()}`, fields)).status).toBe(404);
    }
  });

  it('wants the version that was read', async () => {
    const person = await company.person();
    const { body } = await add(person, minutes('2026-03-02'));
    const path = `/timesheet-entries/${body.id}`;
    expect((await person.patch(path, { note: 'a' }, { 'if-match': '"1"' })).headers.etag).toBe('"2"');
    expect((await person.patch(path, { note: 'b' }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await person.delete(path, { 'if-match': '"1"' })).status).toBe(412);
    expect((await person.delete(path, { 'if-match': '"2"' })).status).toBe(204);
  });
});

describe('who reads and changes entries', () => {
  it('its owner, leads (read only), holders of permissions; nobody else, in no list', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    await sheet(person);
    const { body } = await add(person, minutes('2026-03-02'));
    const { body: loose } = await add(person, minutes('2026-03-20'));
    const path = `/timesheet-entries/${body.id}`;
    const readers: [string, Person, string[]][] = [
      ['owner', person, [body.id, loose.id]],
      ['lead', lead, [body.id, loose.id]],
      ['reader', await company.person({ role: ['read_timesheet'] }), [body.id, loose.id]],
      ['approver', await company.person({ role: ['approve_timesheet'] }), [body.id]], // what they may decide: the timesheet
      ['colleague', await company.person(), []],
      ['another company', (await server.company()).admin, []],
    ];
    for (const [name, reader, ids] of readers) {
      const list = await reader.get(`/timesheet-entries?userId=${person.id}`);
      expect({ name, ids: list.body.items.map(({ id }: { id: string }) => id) }).toEqual({ name, ids });
      expect({ name, status: (await reader.get(path)).status }).toEqual({ name, status: ids.length > 0 ? 200 : 404 });
      expect({ name, status: (await reader.get(`/timesheet-entries/${loose.id}`)).status }).toEqual({
        name,
        status: ids.length > 1 ? 200 : 404,
      });
      if (name === 'owner') continue;
      expect({ name, status: (await reader.patch(path, { note: 'x' })).status }).toEqual({ name, status: ids.length > 0 ? 403 : 404 });
      expect({ name, status: (await reader.delete(path)).status }).toEqual({ name, status: ids.length > 0 ? 403 : 404 });
    }
    expect((await (await company.person({ role: ['update_timesheet'] })).patch(path, { note: 'x' })).status).toBe(200);
    expect((await (await company.person({ role: ['delete_timesheet'] })).delete(path)).status).toBe(204);
  });

  it('an API key reaches what its permissions reach', async () => {
    const owner = await company.person({ role: ['manage_api_key', 'read_timesheet', 'update_timesheet'] });
    const { body: entry } = await add(await company.person(), minutes('2026-03-02'));
    const withKey = async (permissions: string[]) => {
      const { status, body } = await owner.post('/api-keys', { name: randomUUID(), permissions });
      expect(status).toBe(201);
      return { authorization: `Bearer ${body.key}` };
    };
    const [reader, own] = [await withKey(['read_timesheet']), await withKey([])];
    expect((await server.anybody.get(`/timesheet-entries/${entry.id}`, reader)).status).toBe(200);
    expect((await server.anybody.patch(`/timesheet-entries/${entry.id}`, { note: 'x' }, reader)).status).toBe(403);
    expect((await server.anybody.get(`/timesheet-entries/${entry.id}`, own)).status).toBe(404);
    expect((await server.anybody.post('/timesheet-entries', minutes('2026-03-02'), own)).status).toBe(201);
  });
});

describe('the list of entries', () => {
  it('tells with `expand=actionCode` what each code is called, page by page, and nothing else changes', async () => {
    const person = await company.person();
    const other = await company.actionCode();
    await add(person, minutes('2026-03-02'));
    await add(person, minutes('2026-03-03', 30, { actionCodeId: other.id }));
    await company.admin.patch(`/action-codes/${other.id}`, { active: false });
    const { items } = (await person.get('/timesheet-entries')).body;
    expect((await person.get(`/timesheet-entries?userId=${person.id}`)).body.items).toEqual(items);
    const first = (await person.get('/timesheet-entries?limit=1&expand=actionCode')).body;
    const second = (await person.get(`/timesheet-entries?limit=1&expand=actionCode&cursor=${first.nextCursor}`)).body;
    const named = [...first.items, ...second.items];
    const codes = await Promise.all(named.map(({ actionCodeId }) => person.get(`/action-codes/${actionCodeId}`)));
    expect(named).toEqual(
      items.map((entry: object, place: number) => {
        const { id, code: short, name } = codes[place]!.body;
        return { ...entry, actionCode: { id, code: short, name } };
      }),
    );
    expect(named.map(({ actionCodeId }) => actionCodeId)).toEqual([code, other.id]);
    expect((await person.get('/timesheet-entries?expand=task')).status).toBe(400);
  });

  it('finds by the ids of a person and a task that were deleted since', async () => {
    const [person, { id: taskId }] = [await company.person(), await company.task()];
    const { id } = (await add(person, { ...minutes('2026-03-03', 5), taskId })).body;
    for (const path of [`/users/${person.id}`, `/tasks/${taskId}`]) expect((await company.admin.delete(path)).status).toBe(204);
    for (const filter of [`userId=${person.id}`, `taskId=${taskId}`])
      expect((await company.admin.get(`/timesheet-entries?${filter}`)).body.items).toMatchObject([{ id }]);
  });

  it('goes by day, start and id, spans before minutes, page by page', async () => {
    const person = await company.person();
    await add(person, minutes('2026-03-03', 5));
    await add(person, minutes('2026-03-03', 6));
    await add(person, span('03T10:00', '03T11:00'));
    await add(person, span('03T08:00', '03T09:00'));
    await add(person, minutes('2026-03-02', 7));
    await add(person, minutes('2026-03-04', 8));
    const walk = async (query: string, limit: number) => {
      const found: { id: string; day: string; startedAt: string | null }[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await person.get(`/timesheet-entries?limit=${limit}${query}${cursor && `&cursor=${cursor}`}`);
        found.push(...body.items);
        cursor = body.nextCursor;
      }
      return found;
    };
    const all = await walk('', 200);
    expect(all.map(({ day, startedAt }) => `${day} ${startedAt?.slice(11, 16) ?? '-'}`)).toEqual([
      '2026-03-02 -',
      '2026-03-03 08:00',
      '2026-03-03 10:00',
      '2026-03-03 -',
      '2026-03-03 -',
      '2026-03-04 -',
    ]);
    for (const limit of [1, 2, 3, 4]) expect(await walk('', limit)).toEqual(all);
    expect(await walk('&from=2026-03-03&to=2026-03-03', 2)).toEqual(all.slice(1, 5));
    expect(await walk(`&actionCodeId=${randomUUID()}`, 2)).toEqual([]);
    expect(await walk(`&timesheetId=${randomUUID()}&taskId=${randomUUID()}`, 2)).toEqual([]);
    const { body } = await person.get('/timesheet-entries?limit=1');
    expect((await person.get(`/timesheet-entries?limit=1&from=2026-03-02&cursor=${body.nextCursor}`)).status).toBe(400);
  });
});
