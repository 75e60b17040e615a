import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;
let ada: Person;
let ben: Person;
let lead: Person;
const named: Record<string, string> = {};

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  admin = company.admin;
  [ada, ben, lead] = await Promise.all([
    company.person({ firstName: 'Ada', lastName: 'Young' }),
    company.person({ firstName: 'Ben', lastName: 'Abt' }),
    company.person({ firstName: 'Lea', lastName: 'Lead' }),
  ]);
  named.red = (await company.team({ name: 'Red', leads: [lead], members: [ada] })).id;
  named.blue = (await company.team({ name: 'Blue', members: [ada] })).id;
  named.dev = (await company.actionCode({ code: 'DEV', name: 'Development' })).id;
  named.adm = (await company.actionCode({ code: 'ADM', name: 'Admin', type: 'non-billable' })).id;
  named.task = (await company.task({ title: 'Launch' })).id;
  named.sheet = await company.insert('timesheets', {
    userId: ada.id,
    periodStart: '2026-03-02',
    periodEnd: '2026-03-08',
    status: 'SUBMITTED',
  });
  await entry(ada, '2026-03-02', 60, { taskId: named.task, timesheetId: named.sheet });
  await entry(ada, '2026-03-08', 30, { actionCodeId: named.adm, workMode: 'remote', country: 'FR' });
  await entry(ben, '2026-03-09', 15);
  await entry(ben, '2026-03-09', 999, { deletedAt: new Date() });
});
afterAll(() => server.stop());

const entry = (person: Person, day: string, durationMin: number, columns: Record<string, unknown> = {}) =>
  person.company.insert('timesheet_entries', {
    userId: person.id,
    actionCodeId: named.dev,
    country: 'DE',
    timezone: 'UTC',
    durationMin,
    day,
    ...columns,
  });

const time = async (client: Client, groupBy: string, filter = '') => (await client.get(`/reports/time?groupBy=${groupBy}${filter}`)).body;

const csv = (client: Client, query: string, headers = {}) => client.get(`/reports/time?${query}`, headers);
const peopleIn = async (client: Client, filter = '') =>
  (await time(client, 'user', filter)).items.map(({ user }: { user: { id: string } }) => user.id);

/** Each value of a grouping with its minutes. */
const valuesOf = async (grouping: string) =>
  (await time(admin, grouping)).items.map((item: Record<string, unknown>) => [item[grouping], item.totalMinutes]);

async function faultsOf(query: string) {
  const { status, body } = await admin.get(`/reports/time?${query}`);
  return [status, body.errors?.map(({ pointer }: { pointer: string }) => pointer)];
}

describe('summing', () => {
  it('groups by people in several teams once in each, in the total once', async () => {
    const report = await time(admin, 'team,user', '&from=2026-03-01&to=2026-03-31');
    const user = { id: ada.id, name: 'Ada Young' };
    expect(report).toEqual({
      from: '2026-03-01',
      to: '2026-03-31',
      groupBy: ['team', 'user'],
      items: [
        { team: { id: named.blue, name: 'Blue' }, user, entries: 2, totalMinutes: 90 },
        { team: { id: named.red, name: 'Red' }, user, entries: 2, totalMinutes: 90 },
        { team: null, user: { id: ben.id, name: 'Ben Abt' }, entries: 1, totalMinutes: 15 },
      ],
      totalMinutes: 105,
    });
    expect((await time(admin, 'team', `&teamId=${named.blue}`)).items).toEqual([
      { team: { id: named.blue, name: 'Blue' }, entries: 2, totalMinutes: 90 },
    ]);
  });

  it('knows each grouping', async () => {
    expect(await valuesOf('user')).toEqual([
      [{ id: ben.id, name: 'Ben Abt' }, 15],
      [{ id: ada.id, name: 'Ada Young' }, 90],
    ]);
    expect(await valuesOf('actionCode')).toEqual([
      [{ id: named.adm, code: 'ADM', name: 'Admin' }, 30],
      [{ id: named.dev, code: 'DEV', name: 'Development' }, 75],
    ]);
    expect(await valuesOf('actionCodeType')).toEqual([
      ['billable', 75],
      ['non-billable', 30],
    ]);
    expect(await valuesOf('task')).toEqual([
      [{ id: named.task, name: 'Launch' }, 60],
      [null, 45],
    ]);
    expect(await valuesOf('day')).toEqual([
      ['2026-03-02', 60],
      ['2026-03-08', 30],
      ['2026-03-09', 15],
    ]);
    expect(await valuesOf('week')).toEqual([
      ['2026-W10', 90],
      ['2026-W11', 15],
    ]);
    expect(await valuesOf('month')).toEqual([['2026-03', 105]]);
    expect(await valuesOf('workMode')).toEqual([
      ['office', 75],
      ['remote', 30],
    ]);
    expect(await valuesOf('country')).toEqual([
      ['DE', 75],
      ['FR', 30],
    ]);
    expect(await valuesOf('status')).toEqual([
      ['SUBMITTED', 60],
      [null, 45],
    ]);
  });

  it('filters as entries do, and finds nothing for what is foreign', async () => {
    const { admin: stranger } = await server.company();
    const minutes = async (filter: string) => (await time(admin, 'month', `&${filter}`)).totalMinutes;
    expect(await minutes(`userId=${ada.id}`)).toBe(90);
    expect(await minutes(`teamId=${named.red}`)).toBe(90);
    expect(await minutes(`timesheetId=${named.sheet}`)).toBe(60);
    expect(await minutes(`actionCodeId=${named.adm}`)).toBe(30);
    expect(await minutes(`taskId=${named.task}`)).toBe(60);
    expect(await minutes('from=2026-03-08')).toBe(45);
    expect(await minutes('to=2026-03-08')).toBe(90);
    for (const filter of ['userId', 'teamId', 'timesheetId', 'actionCodeId', 'taskId'])
      expect(await minutes(`${filter}=${stranger.id}`)).toBe(0);
    expect(await time(stranger, 'user')).toEqual({ from: null, to: null, groupBy: ['user'], items: [], totalMinutes: 0 });
  });

  it('still names what was deleted', async () => {
    const gone = await server.company();
    const person = await gone.person({ firstName: 'Gus', lastName: 'Gone' });
    const [team, code] = [await gone.team({ name: 'Old', members: [person] }), await gone.actionCode({ code: 'OLD' })];
    await entry(person, '2020-12-31', 60, { actionCodeId: code.id });
    for (const table of ['users', 'teams', 'action_codes']) {
      await server.sql(`UPDATE ${table} SET "deletedAt" = now() WHERE id = ANY ($1)`, [[person.id, team.id, code.id]]);
    }
    const { items } = await time(gone.admin, 'user,team,actionCode,week');
    expect(items).toMatchObject([{ user: { name: 'Gus Gone' }, team: { name: 'Old' }, actionCode: { code: 'OLD' }, week: '2020-W53' }]);
    expect((await time(gone.admin, 'team', `&teamId=${team.id}`)).items).toEqual([]);
  });

  it('never changes a past sum when a user, a team, a task or a code goes', async () => {
    const past = await server.company();
    const boss = past.admin;
    const [leaving, staying] = [await past.person({ lastName: 'Leaving' }), await past.person({ lastName: 'Staying' })];
    const team = await past.team({ name: 'Dissolved', members: [leaving, staying] });
    const [used, free] = [await past.actionCode({ code: 'USED' }), await past.actionCode({ code: 'FREE' })];
    const task = await past.task({ title: 'Done' });
    for (const [person, minutes] of [
      [leaving, 60],
      [staying, 30],
    ] as const) {
      await entry(person, '2026-03-02', minutes, { actionCodeId: used.id, taskId: task.id });
      await entry(person, '2026-03-03', minutes * 2, { actionCodeId: free.id });
    }
    const sums = () =>
      Promise.all(['user', 'team', 'actionCode', 'task', 'team,user,actionCode,task,month'].map((groupBy) => time(boss, groupBy)));
    const before = await sums();
    expect(before.map(({ totalMinutes }) => totalMinutes)).toEqual([270, 270, 270, 270, 270]);
    expect((await boss.delete(`/action-codes/${used.id}`)).body.code).toBe('action_code_in_use');
    await server.sql('UPDATE action_codes SET "deletedAt" = now() WHERE id = $1', [free.id]);
    for (const gone of [`/users/${leaving.id}`, `/teams/${team.id}`, `/tasks/${task.id}`]) {
      expect([gone, (await boss.delete(gone)).status]).toEqual([gone, 204]);
      expect([gone, await sums()]).toEqual([gone, before]);
    }
  });

  it('counts what deleted members worked for their team', async () => {
    const past = await server.company();
    const [leaving, staying] = [await past.person({ lastName: 'Leaving' }), await past.person({ lastName: 'Staying' })];
    const { id: actionCodeId } = await past.actionCode();
    const team = await past.team({ members: [leaving, staying] });
    const [moved, foreign] = [await past.person(), await past.person()];
    await past.insert('team_members', { teamId: team.id, userId: moved.id, deletedAt: new Date() });
    for (const person of [leaving, staying, moved, foreign]) await entry(person, '2026-03-02', 60, { actionCodeId });
    const sums = () => Promise.all(['user', 'team', 'month'].map((groupBy) => time(past.admin, groupBy, `&teamId=${team.id}`)));
    const before = await sums();
    expect(before.map(({ totalMinutes }) => totalMinutes)).toEqual([120, 120, 120]);
    expect((await past.admin.delete(`/users/${leaving.id}`)).status).toBe(204);
    expect(await sums()).toEqual(before);
  });

  it('refuses what it does not know', async () => {
    for (const query of [
      '',
      'groupBy=',
      'groupBy=user,',
      'groupBy=user,user',
      'groupBy=note',
      'groupBy=constructor',
      'groupBy=user&groupBy=day',
    ]) {
      expect(await faultsOf(query)).toEqual([400, ['/groupBy']]);
    }
    expect(await faultsOf('groupBy=user&from=2026-03-02&to=2026-03-01')).toEqual([400, ['/to']]);
    expect(await faultsOf('from=2026-03-02&to=2026-03-01')).toEqual([400, ['/to', '/groupBy']]);
    expect(await faultsOf('groupBy=user&from=2026-02-30&userId=1&format=xml&status=DRAFT')).toEqual([
      400,
      ['/status', '/from', '/userId', '/format'],
    ]);
    expect((await server.anybody.get('/reports/time?groupBy=user')).status).toBe(401);
  });
});

describe('whose time', () => {
  it('is one’s own, that of led people, and with read_report everybody’s', async () => {
    const reporter = await company.person({ role: ['read_report'] });
    const reader = await company.person({ role: ['read_timesheet', 'approve_timesheet'] });
    expect(await peopleIn(ada)).toEqual([ada.id]);
    expect(await peopleIn(lead)).toEqual([ada.id]);
    expect(await peopleIn(reporter)).toEqual([ben.id, ada.id]);
    expect(await peopleIn(reader)).toEqual([]);
    expect(await peopleIn(await reporter.apiKey([]))).toEqual([]);
    for (const client of [ada, lead, await admin.apiKey([])]) expect(await peopleIn(client, `&userId=${ben.id}`)).toEqual([]);
    expect(await peopleIn(lead, `&teamId=${named.blue}`)).toEqual([ada.id]); // led in another team
  });
});

describe('as CSV', () => {
  it('comes by Accept or by format, which goes first', async () => {
    const type = async (format: string, accept?: string) =>
      (await csv(admin, `groupBy=user${format}`, accept ? { accept } : {})).headers['content-type'];
    expect(await type('', 'text/csv')).toMatch(/^text\/csv; charset=utf-8/);
    expect(await type('', 'text/csv, */*;q=0.1')).toMatch(/^text\/csv/);
    expect(await type('&format=csv', 'application/json')).toMatch(/^text\/csv/);
    for (const accept of [undefined, '*/*', 'application/json', 'text/csv;q=0.5, application/json', 'text/html'])
      expect(await type('', accept)).toMatch(/^application\/json/);
    expect(await type('&format=json', 'text/csv')).toMatch(/^application\/json/);
    expect(await csv(admin, 'groupBy=user&from=2026-03-02&to=2026-03-01&format=csv')).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });

  it('has a column for each part of a grouping', async () => {
    const { body, headers } = await csv(admin, 'groupBy=user,actionCode,task,status&format=csv');
    expect(headers['content-disposition']).toMatch(/^attachment; filename="/);
    expect(headers['cache-control']).toBe('no-store');
    expect(body.split('\r\n')).toEqual([
      'userId,userName,actionCodeId,actionCodeCode,actionCodeName,taskId,taskName,status,entries,totalMinutes',
      `${ben.id},Ben Abt,${named.dev},DEV,Development,,,,1,15`,
      `${ada.id},Ada Young,${named.adm},ADM,Admin,,,,1,30`,
      `${ada.id},Ada Young,${named.dev},DEV,Development,${named.task},Launch,SUBMITTED,1,60`,
      '',
    ]);
    expect((await csv(ben, 'groupBy=user&format=csv')).body).toBe(`userId,userName,entries,totalMinutes\r\n${ben.id},Ben Abt,1,15\r\n`);
  });

  it('holds no formula', async () => {
    const { admin: boss } = await server.company();
    const code = await boss.post('/action-codes', { code: '=1+1', name: '  @SUM(A1)\n"x",y' });
    await entry(boss, '2026-03-02', 1, { actionCodeId: code.body.id });
    const { body } = await csv(boss, 'groupBy=actionCode&format=csv');
    expect(body).toBe(
      `actionCodeId,actionCodeCode,actionCodeName,entries,totalMinutes\r\n${code.body.id},'=1+1,"'  @SUM(A1)\n""x"",y",1,1\r\n`,
    );
  });

  it('goes on where JSON is too large, without a gap or a repeat', async () => {
    const { admin: boss } = await server.company();
    const { body: code } = await boss.post('/action-codes', { code: 'X', name: 'X' });
    await server.sql(
      `WITH k AS (INSERT INTO tasks ("companyId", title) SELECT $1, 'Same' FROM generate_series(1, 100) RETURNING id)
       INSERT INTO timesheet_entries ("companyId", "userId", "actionCodeId", "taskId", country, timezone, "durationMin", day)
       SELECT $1, $2, $3, id, 'DE', 'UTC', 1, date '2026-01-01' + n FROM (SELECT id FROM k UNION ALL SELECT NULL) t, generate_series(0, 219) n`,
      [boss.companyId, boss.id, code.id],
    );
    expect((await boss.get('/reports/time?groupBy=task,day')).body).toMatchObject({ status: 400, code: 'report_too_large' });
    expect((await time(boss, 'task,day', '&to=2026-04-09')).items).toHaveLength(101 * 99);
    const { body } = await csv(boss, 'groupBy=task,day&format=csv');
    const lines = body.trimEnd().split('\r\n').slice(1);
    expect(lines).toHaveLength(101 * 220);
    expect(new Set(lines).size).toBe(101 * 220);
    expect(lines.slice(-220).every((line: string) => line.startsWith(',,2026-'))).toBe(true);
  });
});
