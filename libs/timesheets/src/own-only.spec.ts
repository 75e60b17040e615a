import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../../../test/client.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

const WEEK = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };

let server: TestServer;
let company: Company;
let member: Person;
let lead: Person;
let code: string;
/** Of the member: submitted, and waiting for the lead. */
let path: string;
let entryPath: string;
let ownPath: string;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  [member, lead] = await Promise.all([company.person(), company.person()]);
  await company.team({ leads: [lead], members: [member] });
  code = (await company.actionCode()).id;
  ({ path, entryPath } = await submitted(member));
  ownPath = (await submitted(lead, 'draft')).path;
});
afterAll(() => server?.stop());

async function submitted(person: Person, state: 'draft' | 'submitted' = 'submitted', period = WEEK) {
  const { id } = (await person.post('/timesheets', period)).body;
  const booked = await person.post('/timesheet-entries', { day: period.periodStart, durationMin: 60, actionCodeId: code, country: 'DE' });
  if (state === 'submitted') expect((await person.post(`/timesheets/${id}/submit`)).status).toBe(200);
  return { path: `/timesheets/${id}`, entryPath: `/timesheet-entries/${booked.body.id}` };
}

const peopleIn = async (client: Client, list: string): Promise<string[]> => {
  const { status, body } = await client.get(list);
  expect([list, status]).toEqual([list, 200]);
  return [...new Set<string>(body.items.map((item: { userId: string; user?: { id: string } }) => item.userId ?? item.user?.id))].toSorted();
};
const LISTS = [
  '/timesheets',
  '/timesheet-entries',
  '/timesheet-history?targetType=Timesheet',
  '/reports/time?from=2026-03-01&to=2026-03-31&groupBy=user',
];
const waiting = async (client: Client, query: string) => (await client.get(`/timesheet-approvals${query}`)).body.items.length;
const statuses = async (client: Client, paths: string[]) => Promise.all(paths.map(async (one) => (await client.get(one)).status));

describe('a key for own data only', () => {
  it('does not reach the people that its owner leads; one without a list does', async () => {
    const [whole, own] = [await lead.apiKey(), await lead.apiKey([])];
    const both = [lead.id, member.id].toSorted();
    for (const list of LISTS) expect([await peopleIn(whole, list), await peopleIn(own, list)]).toEqual([both, [lead.id]]);
    const theirs = [path, `${path}/entries`, `${path}/history`, entryPath];
    expect([await statuses(whole, theirs), await statuses(own, theirs)]).toEqual([
      [200, 200, 200, 200],
      [404, 404, 404, 404],
    ]);
    for (const query of ['', '?status=PENDING', `?approverId=${lead.id}`])
      expect([query, (await waiting(whole, query)) > 0, await waiting(own, query)]).toEqual([query, true, 0]);
  });

  it('decides nothing: neither as a lead nor as an approver', async () => {
    const own = await lead.apiKey([]);
    for (const move of ['approve', 'reject', 'reopen']) expect((await own.post(`${path}/${move}`, { reason: 'No' })).status).toBe(404);
    const other = await server.company();
    await other.admin.patch('/company/settings', { timesheetApproverPolicy: 'explicit' });
    const [person, approver] = [await other.person(), await other.person()];
    await other.insert('user_approvers', { userId: person.id, approverId: approver.id });
    const code2 = (await other.actionCode()).id;
    const { id } = (await person.post('/timesheets', WEEK)).body;
    await person.post('/timesheet-entries', { day: WEEK.periodStart, durationMin: 60, actionCodeId: code2, country: 'DE' });
    expect((await person.post(`/timesheets/${id}/submit`)).status).toBe(200);
    const [approves, approvesOwn] = [await approver.apiKey(), await approver.apiKey([])];
    expect((await approvesOwn.get(`/timesheets/${id}`)).status).toBe(404);
    expect((await approvesOwn.post(`/timesheets/${id}/approve`)).status).toBe(404);
    expect((await approvesOwn.get('/timesheets')).body.items).toEqual([]);
    expect((await approvesOwn.get('/timesheet-approvals')).body.items).toEqual([]);
    expect((await approves.post(`/timesheets/${id}/approve`)).status).toBe(200);
  });

  it('reads and writes what is its owner’s', async () => {
    const own = await lead.apiKey([]);
    expect(await statuses(own, [ownPath, `${ownPath}/entries`, `${ownPath}/history`, '/me'])).toEqual([200, 200, 200, 200]);
    expect((await own.patch(ownPath, { notes: 'By a program' })).status).toBe(200);
    expect((await own.post(`${ownPath}/submit`)).status).toBe(200);
  });

  it('is told from a key that was cut down to permissions which its owner lost', async () => {
    const key = await lead.apiKey(['read_user']);
    expect((await key.get(path)).status).toBe(200); // still a lead's key
  });
});
