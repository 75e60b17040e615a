import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import type { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
});
afterAll(() => server.stop());

const MARCH = 'from=2026-03-01&to=2026-03-31';
const payroll = async (client: Client, range = MARCH) => (await client.get(`/reports/payroll?${range}`)).body;

/** The items by the last name of their person. */
async function byName(client: Client, range = MARCH): Promise<Record<string, Record<string, unknown>>> {
  const { items } = await payroll(client, range);
  return Object.fromEntries(items.map((item: { user: { name: string } }) => [item.user.name.split(' ').at(-1), item]));
}

const leave = (person: { id: string; company: Company }, startDate: string, endDate: string, columns: Record<string, unknown> = {}) =>
  person.company.insert('leave_requests', { userId: person.id, startDate, endDate, leaveType: 'PTO', status: 'APPROVED', ...columns });

async function entry({ id: userId, company }: Person, day: string, durationMin: number, columns: Record<string, unknown> = {}) {
  const { id: actionCodeId } = await company.actionCode();
  await company.insert('timesheet_entries', { userId, actionCodeId, country: 'DE', timezone: 'UTC', durationMin, day, ...columns });
}

/** Of a valid request, and of one that is not. */
const statuses = async (client: Client) => [
  (await client.get(`/reports/payroll?${MARCH}`)).status,
  (await client.get('/reports/payroll')).status,
];

describe('who may read it', () => {
  it('needs both permissions, before the query is looked at', async () => {
    const company = await server.company();
    const holding = (role: ('read_report' | 'read_leave_request')[]) => company.person({ role });
    expect(await statuses(await holding(['read_report', 'read_leave_request']))).toEqual([200, 400]);
    expect(await statuses(company.admin)).toEqual([200, 400]);
    for (const role of [['read_report'], ['read_leave_request'], []] as const) {
      expect(await statuses(await holding([...role]))).toEqual([403, 403]);
    }
    const lead = await company.person();
    await company.team({ leads: [lead], members: [await company.person()] });
    expect(await statuses(lead)).toEqual([403, 403]);
    expect(await statuses(await company.admin.apiKey([]))).toEqual([403, 403]);
    expect(await statuses(await company.admin.apiKey(['read_report']))).toEqual([403, 403]);
    expect(await statuses(server.anybody)).toEqual([401, 401]);
  });

  it('tells of nobody of another company', async () => {
    const [ours, theirs] = [await server.company(), await server.company()];
    await entry(ours.admin, '2026-03-02', 60);
    const { items } = await payroll(theirs.admin);
    expect(items.map(({ user }: { user: { id: string } }) => user.id)).toEqual([theirs.admin.id]);
  });

  it('notes whose leave was read, once a report', async () => {
    const company = await server.company();
    const [sick, well] = [await company.person(), await company.person()];
    await leave(sick, '2026-03-02', '2026-03-02', { leaveType: 'SICK' });
    await leave(sick, '2026-03-09', '2026-03-09');
    await leave(company.admin, '2026-03-02', '2026-03-02'); // one's own
    await leave(well, '2026-04-01', '2026-04-01');
    const noted = async () => {
      await server.app.get(Accesses).flush();
      const text = `SELECT action, "targetType", "targetId", "userId", "actorUserId" FROM access_logs WHERE "companyId" = $1 AND action = 'leave_read'`;
      return server.sql(text, [company.id]);
    };
    const row = { action: 'leave_read', targetType: 'User', targetId: sick.id, userId: sick.id, actorUserId: company.admin.id };
    await payroll(company.admin);
    expect(await noted()).toEqual([row]);
    await company.admin.get(`/reports/payroll?${MARCH}&format=csv`);
    expect(await noted()).toEqual([row, row]);
    await payroll(company.admin, 'from=2026-03-03&to=2026-03-08');
    expect(await noted()).toHaveLength(2);
  });

  it('notes whose number was read, once a report', async () => {
    const company = await server.company();
    const numbered = await company.person();
    await company.person();
    for (const { id } of [numbered, company.admin]) await server.sql(`UPDATE users SET "externalId" = $2 WHERE id = $1`, [id, `P-${id}`]);
    await payroll(company.admin);
    await company.admin.get(`/reports/payroll?${MARCH}&format=csv`);
    await server.app.get(Accesses).flush();
    const rows = await server.sql('SELECT action, "targetId", "userId", "actorUserId" FROM access_logs WHERE "companyId" = $1', [
      company.id,
    ]);
    const row = { action: 'profile_read', targetId: numbered.id, userId: numbered.id, actorUserId: company.admin.id };
    expect(rows).toEqual([row, row]);
  });
});

describe('the figures', () => {
  it('are of all entries of the range, and of those in approved timesheets', async () => {
    const company = await server.company();
    const person = await company.person({ firstName: 'Ada', lastName: 'Able' });
    await server.sql(`UPDATE users SET "externalId" = 'P-1' WHERE id = $1`, [person.id]);
    const sheet = (periodStart: string, periodEnd: string, status: string) =>
      company.insert('timesheets', { userId: person.id, periodStart, periodEnd, status });
    const [approved, submitted] = [
      await sheet('2026-02-23', '2026-03-08', 'APPROVED'),
      await sheet('2026-03-09', '2026-03-15', 'SUBMITTED'),
    ];
    await entry(person, '2026-02-28', 1, { timesheetId: approved });
    await entry(person, '2026-03-01', 20, { timesheetId: approved });
    await entry(person, '2026-03-02', 300, { timesheetId: approved, deletedAt: new Date() });
    await entry(person, '2026-03-10', 4000 / 10, { timesheetId: submitted });
    await entry(person, '2026-03-31', 500);
    await entry(person, '2026-04-01', 600);
    expect(await payroll(company.admin)).toEqual({
      from: '2026-03-01',
      to: '2026-03-31',
      items: [
        {
          user: { id: person.id, name: 'Ada Able', externalId: 'P-1' },
          workedMinutes: 920,
          approvedMinutes: 20,
          ptoDays: 0,
          sickDays: 0,
          unpaidDays: 0,
        },
        {
          user: { id: company.admin.id, name: 'Ada Admin', externalId: null },
          workedMinutes: 0,
          approvedMinutes: 0,
          ptoDays: 0,
          sickDays: 0,
          unpaidDays: 0,
        },
      ],
    });
  });

  it('are there for who is employed, and for who is not where there is something to pay', async () => {
    const company = await server.company();
    for (const [lastName, status] of [
      ['Active', 'ACTIVE'],
      ['Suspended', 'SUSPENDED'],
      ['Invited', 'INVITED'],
      ['Terminated', 'TERMINATED'],
      ['Gone', 'TERMINATED'],
      ['Away', 'TERMINATED'],
      ['Deleted', 'ACTIVE'],
      ['Erased', 'ACTIVE'],
    ] as const) {
      const person = await company.person({ lastName, status });
      if (lastName === 'Gone' || lastName === 'Deleted') await entry(person, '2026-03-02', 60);
      if (lastName === 'Away') await leave(person, '2026-03-02', '2026-03-02');
      if (lastName === 'Deleted' || lastName === 'Erased')
        await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [person.id]);
    }
    expect(Object.keys(await byName(company.admin))).toEqual(['Active', 'Admin', 'Away', 'Deleted', 'Gone', 'Suspended']);
    expect(Object.keys(await byName(company.admin, 'from=2026-04-01&to=2026-04-30'))).toEqual(['Active', 'Admin', 'Suspended']);
  });

  it('count the working days of approved leave inside the range, halves by half', async () => {
    const company = await server.company();
    await company.admin.patch('/company/settings', { holidayCalendar: 'DE-BY' });
    const away = (lastName: string) => company.person({ lastName });
    const [edge, half, none, open] = [await away('Edge'), await away('Half'), await away('None'), await away('Open')];
    await leave(edge, '2026-02-26', '2026-03-03', { workingDays: 4 }); // Thursday to Tuesday
    await leave(edge, '2026-03-30', '2026-04-08', { leaveType: 'SICK', workingDays: 6 }); // Good Friday and Easter Monday inside
    await leave(half, '2026-03-02', '2026-03-02', { startPortion: 'morning', endPortion: 'morning', workingDays: 0.5 });
    await leave(half, '2026-03-03', '2026-03-05', { startPortion: 'afternoon', endPortion: 'morning', leaveType: 'UNPAID' });
    await leave(none, '2026-03-07', '2026-03-08', { workingDays: 0 }); // a weekend
    for (const status of ['PENDING', 'REJECTED', 'CANCELLED']) await leave(open, '2026-03-02', '2026-03-02', { status });
    await leave(open, '2026-03-03', '2026-03-03', { deletedAt: new Date() });
    const days = async (range: string) =>
      Object.fromEntries(
        Object.entries(await byName(company.admin, range)).map(([name, { ptoDays, sickDays, unpaidDays }]) => [
          name,
          [ptoDays, sickDays, unpaidDays],
        ]),
      );
    expect(await days(MARCH)).toEqual({ Admin: [0, 0, 0], Edge: [2, 2, 0], Half: [0.5, 0, 2], None: [0, 0, 0], Open: [0, 0, 0] });
    expect(await days('from=2026-02-01&to=2026-02-28')).toMatchObject({ Edge: [2, 0, 0] });
    expect(await days('from=2026-04-01&to=2026-04-30')).toMatchObject({ Edge: [0, 4, 0] });
    expect(await days('from=2026-03-04&to=2026-03-05')).toMatchObject({ Half: [0, 0, 1.5] });
  });

  it('stay what they were when work week and holidays change after the approval', async () => {
    const company = await server.company();
    const person = await company.person({ lastName: 'Frozen' });
    const period = { startDate: '2026-03-26', endDate: '2026-04-08', startPortion: 'afternoon', leaveType: 'PTO' };
    const { body: request } = await person.post('/leave-requests', period);
    expect((await company.admin.post(`/leave-requests/${request.id}/approve`)).body.workingDays).toBe(9.5);
    const days = async () => {
      const [march, april, both] = [
        await byName(company.admin),
        await byName(company.admin, 'from=2026-04-01&to=2026-04-30'),
        await byName(company.admin, 'from=2026-03-01&to=2026-04-30'),
      ];
      return [march, april, both].map(({ Frozen }) => Frozen!.ptoDays);
    };
    expect(await days()).toEqual([3.5, 6, 9.5]);
    const settings = { workWeek: { monday: [9, 17], saturday: [9, 17] }, holidayCalendar: 'DE-BY' };
    expect((await company.admin.patch('/company/settings', settings)).status).toBe(200);
    expect(await days()).toEqual([3.5, 6, 9.5]);
  });

  it('add up to what was frozen at the approval, whatever the settings are now, where only the sum was', async () => {
    const company = await server.company();
    const person = await company.person({ lastName: 'Frozen' });
    await leave(person, '2026-02-23', '2026-03-08', { workingDays: 10 }); // ten days, Monday to Friday
    const ptoDays = async (from: string, to: string) => (await byName(company.admin, `from=${from}&to=${to}`)).Frozen!.ptoDays;
    const parts = async () => [await ptoDays('2026-02-01', '2026-02-28'), await ptoDays('2026-03-01', '2026-03-31')];
    expect(await parts()).toEqual([5, 5]);
    for (const [workWeek, expected] of [
      [{ monday: [9, 17] }, [1, 9]],
      [Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((d) => [d, [9, 17]])), [6, 4]],
    ] as const) {
      expect((await company.admin.patch('/company/settings', { workWeek })).status).toBe(200);
      expect(await parts()).toEqual(expected);
      expect(await ptoDays('2026-02-01', '2026-03-31')).toBe(10);
    }
  });

  it('refuses what it does not know', async () => {
    const { admin } = await server.company();
    const pointers = async (query: string) => {
      const { status, body } = await admin.get(`/reports/payroll?${query}`);
      return [status, body.errors?.map(({ pointer }: { pointer: string }) => pointer)];
    };
    expect(await pointers('')).toEqual([400, ['/from', '/to']]);
    expect(await pointers('from=2026-03-02&to=2026-03-01')).toEqual([400, ['/to']]);
    expect(await pointers('from=2026-02-30&to=2026-03-01&format=xml&userId=x')).toEqual([400, ['/userId', '/from', '/format']]);
    expect((await admin.get('/reports/payroll?from=2026-03-02&to=2026-03-01&format=csv')).body.code).toBe('validation_failed');
  });
});

describe('as CSV', () => {
  it('has one line a person, and no formula in it', async () => {
    const company = await server.company();
    const person = await company.person({ firstName: '=1+1', lastName: 'A, "B"' });
    await server.sql(`UPDATE users SET "externalId" = '@SUM(A1)' WHERE id = $1`, [person.id]);
    await entry(person, '2026-03-02', 90);
    await leave(person, '2026-03-03', '2026-03-04', { startPortion: 'afternoon', leaveType: 'SICK' });
    const expected = [
      'userId,userName,externalId,workedMinutes,approvedMinutes,ptoDays,sickDays,unpaidDays',
      `${person.id},"'=1+1 A, ""B""",'@SUM(A1),90,0,0,1.5,0`,
      `${company.admin.id},Ada Admin,,0,0,0,0,0`,
      '',
    ].join('\r\n');
    const asked = await company.admin.get(`/reports/payroll?${MARCH}`, { accept: 'text/csv' });
    expect(asked.body).toBe(expected);
    expect(asked.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="payroll.csv"',
      'cache-control': 'no-store',
    });
    expect((await company.admin.get(`/reports/payroll?${MARCH}&format=csv`, { accept: 'application/json' })).body).toBe(expected);
    expect((await company.admin.get(`/reports/payroll?${MARCH}&format=json`, { accept: 'text/csv' })).headers['content-type']).toMatch(
      /json/,
    );
  });

  it('goes on where JSON is too large, page by page, without a gap or a repeat', async () => {
    const company = await server.company();
    const fill = (count: number) =>
      server.sql(
        `INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
         SELECT "companyId", gen_random_uuid() || '@example.com', 'Same', 'Name', '', "roleId", "statusId" FROM users, generate_series(1, ${count}) n WHERE id = $1`,
        [company.admin.id],
      );
    const idsOf = async () => {
      const { body } = await company.admin.get(`/reports/payroll?${MARCH}&format=csv`);
      return body
        .trimEnd()
        .split('\r\n')
        .slice(1)
        .map((line: string) => line.split(',', 1)[0]);
    };
    await fill(9999);
    const { items } = await payroll(company.admin);
    expect(await idsOf()).toEqual(items.map(({ user }: { user: { id: string } }) => user.id));
    await fill(1);
    await leave(company.admin, '2026-03-02', '2026-03-02');
    const refused = await company.admin.get(`/reports/payroll?${MARCH}`);
    expect([refused.status, refused.body.code]).toEqual([400, 'report_too_large']);
    expect(new Set(await idsOf()).size).toBe(10_001);
  });
});
