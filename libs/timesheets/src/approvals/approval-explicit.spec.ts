import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { statuses, twenty } from '../../../../test/answer.js';
import { ApprovalWorld, askedIn } from '../../../../test/approval-world.js';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let world: ApprovalWorld;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  world = await ApprovalWorld.begin(server);
  ({ company } = world);
});
afterAll(async () => {
  clock.reset();
  await server?.stop();
});

/** `asOf` is told to the millisecond. */
const pass = () => clock.travelTo(new Date(clock.now().getTime() + 1000));

describe('who decides under explicit', () => {
  beforeAll(() => world.setPolicy('explicit'));
  afterAll(() => world.setPolicy('manager_of_user'));

  it('all must approve, and the last one settles it', async () => {
    const sheet = await world.handedIn();
    expect((await company.admin.post(`${sheet.path}/approve`, {})).status).toBe(403);
    expect((await sheet.lead.post(`${sheet.path}/approve`, {})).status).toBe(403);
    const once = await sheet.first.post(`${sheet.path}/approve`, {});
    expect(once.body).toMatchObject({ status: 'SUBMITTED', version: 4, allowedActions: [] });
    expect((await sheet.first.post(`${sheet.path}/approve`, {})).body.code).toBe('invalid_transition');
    expect((await sheet.first.post(`${sheet.path}/reject`, { reason: 'x' })).body.code).toBe('invalid_transition');
    const twice = await sheet.second.post(`${sheet.path}/approve`, {});
    expect(twice.body).toMatchObject({ status: 'APPROVED', approverId: sheet.second.id, version: 5 });
    expect((await world.historyOf('TimesheetApproval', sheet)).map(({ action }) => action)).toEqual(['approved', 'approved']);
    expect((await world.historyOf('Timesheet', sheet)).map(({ action }) => action)).toEqual(['created', 'submitted', 'approved']);
  });

  it('nobody where nobody is listed, or only who hands it in: no holder stands in', async () => {
    const sheet = await world.filled();
    for (const approvers of [[], [sheet.person]]) {
      await world.setApprovers(sheet.person, approvers);
      expect((await sheet.person.get(sheet.path)).body.allowedActions).toEqual(['edit', 'delete']);
      const { status, body } = await sheet.person.post(`${sheet.path}/submit`);
      expect([status, body.code]).toEqual([409, 'no_approver']);
    }
  });

  it('at the same moment both count, each once', async () => {
    const sheet = await world.handedIn();
    const answers = await twenty((n) => (n % 2 ? sheet.first : sheet.second).post(`${sheet.path}/approve`, {}));
    expect(statuses(answers)).toEqual([200, 200, ...Array<number>(18).fill(409)]);
    expect(await world.statusOf(sheet)).toBe('APPROVED');
    expect(await world.historyOf('TimesheetApproval', sheet)).toHaveLength(2);
  });

  it('the first rejection settles it and ends the round', async () => {
    const sheet = await world.handedIn(3);
    await sheet.first.post(`${sheet.path}/approve`, {});
    const { body } = await sheet.second.post(`${sheet.path}/reject`, { reason: 'No' });
    expect(body.status).toBe('REJECTED');
    expect(body.approvals.map(({ status }: { status: string }) => status).toSorted()).toEqual(['APPROVED', 'REJECTED']);
    await sheet.person.post(`${sheet.path}/submit`);
    expect((await sheet.first.get('/timesheet-approvals')).body.items).toHaveLength(1); // a new round asks anew
  });

  it('one who can no longer sign in is not waited for; nothing approves itself', async () => {
    const sheet = await world.handedIn();
    await world.suspend(sheet.second);
    expect(await world.statusOf(sheet)).toBe('SUBMITTED');
    expect((await sheet.first.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
  });

  it('where the last one outstanding leaves after the others approved, one of those says it again', async () => {
    const sheet = await world.handedIn();
    await sheet.first.post(`${sheet.path}/approve`, {});
    await world.suspend(sheet.second);
    expect(await world.statusOf(sheet)).toBe('SUBMITTED');
    expect((await sheet.first.get(sheet.path)).body.allowedActions).toEqual(['approve', 'reject']);
    expect((await sheet.first.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
  });

  it('what is said again leaves in history and past what was said before', async () => {
    const sheet = await world.handedIn();
    const { first, second, person, path } = sheet;
    const decisionOf = ({ approvals }: { approvals: { approverId: string }[] }) =>
      approvals.find(({ approverId }) => approverId === first.id);
    const once = await first.post(`${path}/approve`, { reason: 'Once' });
    expect((await company.admin.post(`/users/${second.id}/status`, { code: 'SUSPENDED' })).status).toBe(200);
    const between = await person.get(path);
    pass();
    const twice = await first.post(`${path}/approve`, { reason: 'Twice' });
    expect(twice.body).toMatchObject({ status: 'APPROVED', approvals: [{ reason: 'Twice' }] });

    const then = await person.get(`${path}?asOf=${between.body.updatedAt}`);
    expect(then.body).toMatchObject({ status: 'SUBMITTED', version: between.body.version });
    expect(decisionOf(then.body)).toEqual(decisionOf(between.body));
    const before = decisionOf(once.body) as unknown as { decidedAt: string };
    expect((await world.historyOf('TimesheetApproval', sheet)).at(-1)?.diff).toEqual({
      reason: { before: 'Once', after: 'Twice' },
      decidedAt: { before: before.decidedAt, after: twice.body.approvedAt },
    });
  });

  it('where none is left, holders of approve_timesheet decide', async () => {
    const sheet = await world.handedIn();
    await world.suspend(sheet.first);
    await world.suspend(sheet.second);
    expect((await sheet.lead.post(`${sheet.path}/approve`, {})).status).toBe(403);
    expect((await company.admin.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
    const next = await world.filled();
    await world.setApprovers(next.person, [sheet.first]);
    const { body } = await next.person.post(`${next.path}/submit`);
    expect(askedIn(body)).toContain(company.admin.id);
  });

  it('what all have approved stays theirs: holders read, and reopen, nothing of it', async () => {
    const sheet = await world.handedIn();
    const [holder, reader] = [
      await company.person({ role: ['approve_timesheet'] }),
      await company.person({ role: ['approve_timesheet', 'read_timesheet'] }),
    ];
    const seen = async () => (await holder.get(`/timesheets?userId=${sheet.person.id}`)).body.items.length;
    const entries = async () => (await holder.get(`/timesheet-entries?userId=${sheet.person.id}`)).body.items.length;
    await sheet.first.post(`${sheet.path}/approve`, {});
    await sheet.second.post(`${sheet.path}/approve`, {});

    expect((await holder.post(`${sheet.path}/reopen`, { reason: 'x' })).status).toBe(404);
    expect((await holder.get(sheet.path)).status).toBe(404);
    expect([await seen(), await entries()]).toEqual([0, 0]);
    expect((await holder.get(`/timesheet-history?userId=${sheet.person.id}`)).body.items).toEqual([]);
    expect((await reader.get(sheet.path)).body.allowedActions).toEqual([]);
    expect((await reader.post(`${sheet.path}/reopen`, { reason: 'x' })).status).toBe(403);
    expect((await sheet.first.get(sheet.path)).body.allowedActions).toEqual(['reopen']);
    expect((await sheet.first.post(`${sheet.path}/reopen`, { reason: 'Wrong code' })).body.status).toBe('DRAFT');
    expect((await holder.get(sheet.path)).status).toBe(404);
    expect(await seen()).toBe(0);
  });

  it('of an approved one whose approvers have all left, holders decide', async () => {
    const sheet = await world.handedIn();
    const holder = await company.person({ role: ['approve_timesheet'] });
    for (const approver of [sheet.first, sheet.second]) await approver.post(`${sheet.path}/approve`, {});
    await world.suspend(sheet.first);
    expect((await holder.get(sheet.path)).status).toBe(404);
    await world.suspend(sheet.second);
    expect((await holder.get(sheet.path)).body.allowedActions).toEqual(['reopen']);
    expect((await holder.get(`/timesheets?userId=${sheet.person.id}`)).body.items).toHaveLength(1);
    expect((await holder.post(`${sheet.path}/reopen`, { reason: 'x' })).body.status).toBe('DRAFT');
  });

  it('a list that changes under way lets holders in only while nobody on it is waited for', async () => {
    const sheet = await world.handedIn();
    const [third, holder] = [await company.person(), await company.person({ role: ['approve_timesheet'] })];
    const actions = async () => (await holder.get(sheet.path)).body.allowedActions;
    const seen = async () => (await holder.get(`/timesheets?userId=${sheet.person.id}`)).body.items.length;
    await sheet.first.post(`${sheet.path}/approve`, {});
    expect([await actions(), await seen()]).toEqual([undefined, 0]);
    await world.setApprovers(sheet.person, [sheet.first]);
    expect([await actions(), await seen()]).toEqual([['approve', 'reject'], 1]);
    await world.setApprovers(sheet.person, [sheet.first, third]);
    expect([await actions(), await seen()]).toEqual([undefined, 0]);
    await third.post(`${sheet.path}/approve`, {});
    expect(await world.statusOf(sheet)).toBe('APPROVED');
    expect([await actions(), await seen()]).toEqual([undefined, 0]);
  });

  it('a change of the list approves nothing and counts at the next decision', async () => {
    const sheet = await world.handedIn();
    const third = await company.person();
    await sheet.first.post(`${sheet.path}/approve`, {});
    await world.setApprovers(sheet.person, [sheet.first, third]);
    expect(await world.statusOf(sheet)).toBe('SUBMITTED');
    expect((await sheet.second.post(`${sheet.path}/approve`, {})).status).toBe(404);
    expect((await third.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
  });
});
