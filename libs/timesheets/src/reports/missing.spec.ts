import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import type { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  company = await server.company();
});
afterAll(async () => {
  clock.reset();
  await server.stop();
});

const WEEK = 'from=2026-03-02&to=2026-03-08';
const WORKING = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06'];

const sheet = ({ id: userId }: Person, periodStart: string, periodEnd: string, status = 'SUBMITTED', columns = {}) =>
  company.insert('timesheets', { userId, periodStart, periodEnd, status, ...columns });

const leave = ({ id: userId }: Person, startDate: string, endDate: string, columns = {}) =>
  company.insert('leave_requests', { userId, startDate, endDate, leaveType: 'SICK', status: 'APPROVED', ...columns });

interface Item {
  user: { id: string; name: string };
  days: string[];
}

async function items(client: Client, range = WEEK): Promise<Item[]> {
  const { status, body } = await client.get(`/reports/missing?${range}`);
  expect(status).toBe(200);
  return body.items;
}

const daysOf = async (person: Person, range = WEEK) =>
  (await items(company.admin, range)).find(({ user }) => user.id === person.id)?.days ?? [];
const peopleIn = async (client: Client) => (await items(client)).map(({ user }) => user.id);

describe('what is missing', () => {
  it('are the working days that no submitted or approved timesheet covers', async () => {
    const person = await company.person({ firstName: 'Mo', lastName: 'Miss' });
    await sheet(company.admin, '2026-03-01', '2026-03-31', 'APPROVED');
    await sheet(person, '2026-03-02', '2026-03-02', 'APPROVED');
    await sheet(person, '2026-03-03', '2026-03-03', 'SUBMITTED');
    await sheet(person, '2026-03-04', '2026-03-04', 'DRAFT');
    await sheet(person, '2026-03-05', '2026-03-05', 'REJECTED');
    await sheet(person, '2026-03-06', '2026-03-08', 'APPROVED', { deletedAt: new Date() });
    expect((await company.admin.get(`/reports/missing?${WEEK}`)).body).toEqual({
      from: '2026-03-02',
      to: '2026-03-08',
      items: [{ user: { id: person.id, name: 'Mo Miss' }, days: ['2026-03-04', '2026-03-05', '2026-03-06'] }],
    });
    expect(await daysOf(person, 'from=2026-03-01&to=2026-03-03')).toEqual([]);
    expect(await daysOf(person, 'from=2026-03-03&to=2026-03-05')).toEqual(['2026-03-04', '2026-03-05']);
  });

  it('goes by work week and holidays', async () => {
    const person = await company.person();
    expect(await daysOf(person)).toEqual(WORKING);
    await company.admin.patch('/company/settings', {
      workWeek: { friday: [9, 17], saturday: [9, 12], monday: [9, 17] },
      holidayCalendar: 'DE-BY',
    });
    expect(await daysOf(person, 'from=2026-04-01&to=2026-04-13')).toEqual(['2026-04-04', '2026-04-10', '2026-04-11', '2026-04-13']);
    await company.admin.patch('/company/settings', { workWeek: {} });
    expect(await items(company.admin)).toEqual([]);
  });

  it('is no day on which the person was away all day', async () => {
    const person = await company.person();
    await leave(person, '2026-02-27', '2026-03-02');
    await leave(person, '2026-03-03', '2026-03-03', { startPortion: 'morning', endPortion: 'morning' });
    await leave(person, '2026-03-04', '2026-03-04', { startPortion: 'morning', endPortion: 'morning' });
    await leave(person, '2026-03-04', '2026-03-05', { startPortion: 'afternoon', endPortion: 'morning', leaveType: 'PTO' });
    await leave(person, '2026-03-06', '2026-03-06', { status: 'PENDING' });
    expect(await daysOf(person)).toEqual(['2026-03-03', '2026-03-05', '2026-03-06']);
  });

  it('is nothing that is still to come, by the day of the company', async () => {
    await company.admin.patch('/company/settings', { timezone: 'Pacific/Auckland' });
    const person = await company.person();
    clock.travelTo(new Date('2026-03-04T12:00:00Z')); // the 5th in Auckland
    await Promise.all([person.signIn(), company.admin.signIn()]);
    expect(await daysOf(person)).toEqual(WORKING.slice(0, 4));
    expect(await items(company.admin, 'from=2026-03-06&to=2026-03-31')).toEqual([]);
    clock.reset();
  });

  it('is expected of who is employed', async () => {
    const statuses = ['ACTIVE', 'SUSPENDED', 'INVITED', 'TERMINATED'] as const;
    const people = await Promise.all(statuses.map((status) => company.person({ status, lastName: status })));
    const deleted = await company.person();
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [deleted.id]);
    expect(await peopleIn(company.admin)).toEqual([people[0]!.id, company.admin.id, people[1]!.id]);
  });

  it('refuses what it does not know', async () => {
    const pointers = async (query: string) => {
      const { status, body } = await company.admin.get(`/reports/missing?${query}`);
      return [status, body.errors?.map(({ pointer }: { pointer: string }) => pointer)];
    };
    expect(await pointers('')).toEqual([400, ['/from', '/to']]);
    expect(await pointers('from=2026-03-02&to=2026-03-01')).toEqual([400, ['/to']]);
    expect(await pointers('from=2025-01-01&to=2026-01-02')).toEqual([400, ['/to']]);
    expect((await company.admin.get('/reports/missing?from=2024-01-01&to=2024-12-31')).status).toBe(200);
    expect(await pointers('from=2026-02-30&to=2026-03-01&teamId=x')).toEqual([400, ['/teamId', '/from']]);
    expect((await server.anybody.get(`/reports/missing?${WEEK}`)).status).toBe(401);
  });
});

describe('of whom', () => {
  it('of oneself, of led people, and with read_report of everybody', async () => {
    const [member, other, lead, reporter, reader] = await Promise.all([
      company.person({ lastName: 'B' }),
      company.person({ lastName: 'C' }),
      company.person({ lastName: 'D' }),
      company.person({ lastName: 'E', role: ['read_report'] }),
      company.person({ lastName: 'F', role: ['read_timesheet', 'approve_timesheet', 'read_leave_request'] }),
    ]);
    const team = await company.team({ leads: [lead], members: [member] });
    await company.team({ leads: [other], members: [lead] });
    expect(await peopleIn(member)).toEqual([member.id]);
    expect(await peopleIn(lead)).toEqual([member.id, lead.id]);
    expect(await peopleIn(reader)).toEqual([reader.id]);
    const all = [company.admin, member, other, lead, reporter, reader].map(({ id }) => id);
    expect(await peopleIn(reporter)).toEqual(all);
    expect(await peopleIn(await lead.apiKey())).toEqual([member.id, lead.id]);
    expect(await peopleIn(await lead.apiKey([]))).toEqual([lead.id]);
    expect(await peopleIn(await company.admin.apiKey([]))).toEqual([company.admin.id]);
    const { admin: stranger } = await server.company();
    expect(await peopleIn(stranger)).toEqual([stranger.id]);
    await server.sql('UPDATE teams SET "deletedAt" = now() WHERE id = $1', [team.id]);
    expect(await peopleIn(lead)).toEqual([lead.id]);
  });

  it('of 5000 people in a year within seconds', async () => {
    await server.sql(
      `INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
       SELECT "companyId", 'p' || n || '@example.com', 'Same', 'Name', '', "roleId", "statusId" FROM users, generate_series(1, 5000) n WHERE id = $1`,
      [company.admin.id],
    );
    await server.sql(
      `INSERT INTO timesheets ("companyId", "userId", "periodStart", "periodEnd", status)
       SELECT "companyId", id, date '2025-01-06' + n * 28, date '2025-02-02' + n * 28, 'APPROVED' FROM users, generate_series(0, 12) n
       WHERE "companyId" = $1 AND "lastName" = 'Name'`,
      [company.id],
    );
    const began = performance.now();
    const found = await items(company.admin, 'from=2025-01-01&to=2025-12-31');
    expect(found).toHaveLength(5001);
    expect(found[1]!.days).toHaveLength(3); // before thirteen timesheets of four weeks
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('of very many', () => {
  it('tells 250,000 days, not more', async () => {
    await server.sql(
      `INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
       SELECT "companyId", 'p' || n || '@example.com', 'Same', 'Name', '', "roleId", "statusId" FROM users, generate_series(1, 4999) n WHERE id = $1`,
      [company.admin.id],
    );
    const told = await items(company.admin, 'from=2025-01-06&to=2025-03-14');
    expect(told.flatMap(({ days }) => days)).toHaveLength(250_000);
    await company.person();
    const refused = await company.admin.get('/reports/missing?from=2025-01-06&to=2025-03-14');
    expect([refused.status, refused.body.code]).toEqual([400, 'report_too_large']);
    expect(await items(company.admin)).toHaveLength(5001);
  });
});
