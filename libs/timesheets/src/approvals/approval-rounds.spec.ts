import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { ApprovalWorld, askedIn, idsOf, WEEK } from '../../../../test/approval-world.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { until } from '../../../../test/until.js';

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

/** Who holds `approve_timesheet` and can sign in. */
const holders = () =>
  server.sql<{ id: string }>(
    `SELECT DISTINCT u.id FROM users u
     JOIN user_statuses s ON s.id = u."statusId" AND s."canLogin"
     JOIN role_permissions r ON r."roleId" = u."roleId"
     JOIN permissions p ON p.id = r."permissionId" AND p.name = 'approve_timesheet'
     WHERE u."companyId" = $1`,
    [company.id],
  );
const moved = async (person: Person, code: 'SUSPENDED' | 'ACTIVE') =>
  expect((await company.admin.post(`/users/${person.id}/status`, { code })).status).toBe(200);
const listed = async (person: Person, approvers: Person[]) =>
  expect((await company.admin.put(`/users/${person.id}/approvers`, { approverIds: approvers.map(({ id }) => id) })).status).toBe(200);

describe('a person who leaves', () => {
  it('is asked no more', async () => {
    const { lead, person, path } = await world.submitted();
    const left = await company.admin.post(`/users/${lead.id}/status`, { code: 'SUSPENDED' });
    expect(left.status).toBe(200);
    const { body } = await person.get(path);
    expect(body.status).toBe('SUBMITTED');
    expect(askedIn(body)).not.toContain(lead.id);
    expect(body.approvals).not.toEqual([]);
  });

  it('moves what they were asked about, and the past tells them only until then', async () => {
    const [sheet, untouched] = [await world.submitted(), await world.submitted()];
    const { lead, person, path } = sheet;
    const before = await person.get(path);
    pass();
    const left = await company.admin.post(`/users/${lead.id}/status`, { code: 'SUSPENDED' });
    expect(left.status).toBe(200);

    const after = await person.get(path, { 'if-none-match': before.headers.etag! });
    expect(after.status).toBe(200);
    expect(after.body).toMatchObject({ status: 'SUBMITTED', version: before.body.version + 1 });
    expect(Date.parse(after.body.updatedAt)).toBeGreaterThan(Date.parse(before.body.updatedAt));
    expect((await company.admin.post(`${path}/approve`, {}, { 'if-match': before.headers.etag! })).status).toBe(412);
    expect((await untouched.person.get(untouched.path)).body.version).toBe(3);

    const asked = before.body.approvals.find(({ approverId }: { approverId: string }) => approverId === lead.id);
    expect(await world.historyOf('TimesheetApproval', sheet)).toMatchObject([
      {
        targetId: asked.id,
        action: 'deleted',
        actorUserId: company.admin.id,
        userId: person.id,
        diff: { status: { before: 'PENDING', after: null } },
      },
    ]);
    for (const { body } of [before, after]) {
      const then = await person.get(`${path}?asOf=${body.updatedAt}`);
      expect(then.body).toMatchObject({ version: body.version, updatedAt: body.updatedAt });
      expect(idsOf(then.body.approvals)).toEqual(idsOf(body.approvals));
    }
  });

  it('at the moment of a decision takes nothing of it', async () => {
    const sheet = await world.submitted();
    const [left, decided] = await Promise.all([
      company.admin.post(`/users/${sheet.lead.id}/status`, { code: 'SUSPENDED' }),
      (await company.person({ role: 'Manager' })).post(`${sheet.path}/approve`, {}),
    ]);
    expect([left.status, decided.status]).toEqual([200, 200]);
    const { body } = await sheet.person.get(sheet.path);
    expect(body).toMatchObject({ status: 'APPROVED', approvals: [{ status: 'APPROVED' }] });
  });

  it('while the timesheet is handed in is waited for, and not asked', async () => {
    const { person, lead, path } = await world.filled();
    const { body } = await world.leaving(lead, () => person.post(`${path}/submit`));
    const asked = askedIn(body);
    expect(asked).toContain(company.admin.id);
    expect(asked).not.toContain(lead.id);
  });

  it('and in whose place one decides who leaves too: both are waited for', async () => {
    const [{ person, path }, approver] = [await world.filled(), await company.person()];
    const holder = await company.person({ role: ['approve_timesheet'] });
    await world.setPolicy('explicit');
    await world.setApprovers(person, [approver]);
    const submit = () => person.post(`${path}/submit`);
    const { status, body } = await world.leaving(
      holder,
      () => world.leaving(approver, submit),
      async () => {
        await until(async () => (await company.admin.get(`/users/${approver.id}`)).body.status === 'SUSPENDED');
        await server.untilSomebodyWaits();
      },
    );
    await world.setPolicy('manager_of_user');
    expect([status, askedIn(body)]).toEqual([200, idsOf(await holders())]);
    expect(askedIn(body)).not.toContain(holder.id);
  });

  it('and was the only one leaves nobody to ask', async () => {
    const small = await server.company();
    const [person, { id: actionCodeId }] = [await small.person(), await small.actionCode()];
    const { body: sheet } = await person.post('/timesheets', WEEK);
    await person.post('/timesheet-entries', { day: '2026-03-02', durationMin: 60, actionCodeId, country: 'DE' });
    const { status, body } = await world.leaving(small.admin, () => person.post(`/timesheets/${sheet.id}/submit`));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'no_approver' });
    expect((await person.get(`/timesheets/${sheet.id}`)).body).toMatchObject({ status: 'DRAFT', approvals: [] });
  });
});

describe('what waits for me, where who decides has changed', () => {
  it('a holder who comes back is not asked about all of the company, but where nobody is asked', async () => {
    await world.setPolicy('role_manager');
    const holder = await company.person({ role: ['approve_timesheet', 'read_timesheet'] });
    const [sheet, alone] = [await world.submitted(), await world.submitted()];
    await moved(holder, 'SUSPENDED');
    await server.sql('DELETE FROM timesheet_approvals WHERE "timesheetId" = $1', [alone.id]);
    const before = [(await sheet.person.get(sheet.path)).body, (await alone.person.get(alone.path)).body];
    await moved(holder, 'ACTIVE');
    const after = [(await sheet.person.get(sheet.path)).body, (await alone.person.get(alone.path)).body];
    await world.setPolicy('manager_of_user');
    expect(after[0]).toEqual(before[0]);
    expect(askedIn(after[1])).toContain(holder.id);
    expect(after[1].version).toBe(before[1].version + 1);
  });

  it('a new lead is asked at once, stays so when another one leaves, and a lead who comes back is asked again', async () => {
    const sheet = await world.submitted();
    const later = await company.person();
    await company.admin.put(`/teams/${sheet.teamId}/members/${later.id}`, { role: 'lead' });
    expect(await world.waiting(later, sheet)).toBe(1);
    await moved(sheet.lead, 'SUSPENDED');
    expect(await world.waiting(later, sheet)).toBe(1);
    await moved(sheet.lead, 'ACTIVE');
    expect(await world.waiting(await sheet.lead.signIn(), sheet)).toBe(1);
    const { status, body } = await sheet.lead.post(`${sheet.path}/approve`, {});
    expect([status, body.status, body.approvals.length]).toEqual([200, 'APPROVED', 1]);
  });

  it('of a deleted owner no lead is asked, who could not see it; restored, the round asks them too', async () => {
    const sheet = await world.filled();
    const clerk = await company.person({ role: ['update_timesheet'] });
    expect((await company.admin.delete(`/users/${sheet.person.id}`)).status).toBe(204);
    const { status, body } = await clerk.post(`${sheet.path}/submit`);
    expect([status, askedIn(body)]).toEqual([200, idsOf(await holders())]);
    expect((await company.admin.post(`/users/${sheet.person.id}/restore`)).status).toBe(200);
    expect(await world.waiting(sheet.lead, sheet)).toBe(1);
    const after = (await (await sheet.person.signIn()).get(sheet.path)).body;
    expect([after.version, askedIn(after)]).toEqual([body.version + 1, idsOf([sheet.lead, ...(await holders())])]);
  });

  describe('explicit', () => {
    beforeAll(() => world.setPolicy('explicit'));
    afterAll(() => world.setPolicy('manager_of_user'));

    it('where none is left holders are asked, until one comes back; each time the version moves, and the past tells it', async () => {
      const sheet = await world.handedIn(1);
      const { first, person, path } = sheet;
      const stands = async (who: { id: string }[]) => {
        const { body } = await person.get(path);
        expect(askedIn(body)).toEqual(idsOf(who));
        pass();
        return body;
      };
      const deciders = await holders();
      const past = [await stands([first])];
      await moved(first, 'SUSPENDED');
      past.push(await stands(deciders));
      expect(await world.waiting(company.admin, sheet)).toBe(1);
      await moved(first, 'ACTIVE');
      past.push(await stands([first]));
      expect([await world.waiting(company.admin, sheet), await world.waiting(await first.signIn(), sheet)]).toEqual([0, 1]);
      expect(past.map(({ version }) => version)).toEqual([3, 4, 5]);
      for (const body of past) {
        const then = (await person.get(`${path}?asOf=${body.updatedAt}`)).body;
        expect(then).toMatchObject({ version: body.version, updatedAt: body.updatedAt });
        expect(new Set(then.approvals)).toEqual(new Set(body.approvals));
      }
      const lines = await world.historyOf('TimesheetApproval', sheet);
      const asked = past[2].approvals[0];
      expect(lines.filter(({ action }) => action === 'created')).toHaveLength(deciders.length + 1);
      expect(lines.filter(({ action }) => action === 'deleted')).toHaveLength(deciders.length + 1);
      expect(lines).toContainEqual(
        expect.objectContaining({
          targetId: asked.id,
          action: 'created',
          actorUserId: company.admin.id,
          diff: { status: { before: null, after: 'PENDING' } },
          metadata: { timesheetId: sheet.id, approverId: first.id },
        }),
      );
    });

    it('where the last one outstanding leaves, those who approved', async () => {
      const sheet = await world.handedIn();
      await sheet.first.post(`${sheet.path}/approve`, {});
      expect(await world.waiting(sheet.first, sheet)).toBe(0);
      await moved(sheet.second, 'SUSPENDED');
      expect(await world.waiting(sheet.first, sheet)).toBe(1);
      await moved(sheet.second, 'ACTIVE');
      expect([await world.waiting(sheet.first, sheet), await world.waiting(await sheet.second.signIn(), sheet)]).toEqual([0, 1]);
      expect((await sheet.second.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
      expect([await world.waiting(sheet.first, sheet), await world.waiting(sheet.second, sheet)]).toEqual([0, 0]);
    });

    it('where those leave too who approved, holders are asked', async () => {
      const sheet = await world.handedIn();
      await sheet.first.post(`${sheet.path}/approve`, {});
      await moved(sheet.second, 'SUSPENDED');
      expect(await world.waiting(company.admin, sheet)).toBe(0);
      await moved(sheet.first, 'SUSPENDED');
      expect(await world.waiting(company.admin, sheet)).toBe(1);
    });

    it('what those decided who leave stays, of this round and of the ones before', async () => {
      const { first, second, person, path } = await world.handedIn();
      await second.post(`${path}/reject`, { reason: 'No' });
      await person.post(`${path}/submit`);
      await first.post(`${path}/approve`, {});
      for (const approver of [first, second]) await moved(approver, 'SUSPENDED');
      const { approvals }: { approvals: { approverId: string; status: string }[] } = (await person.get(path)).body;
      const decided = approvals.filter(({ status }) => status !== 'PENDING').map(({ approverId, status }) => `${status} ${approverId}`);
      expect(decided).toEqual([`REJECTED ${second.id}`, `APPROVED ${first.id}`]);
    });

    it('of those who approved in this round and in one before, only this one waits', async () => {
      const sheet = await world.handedIn();
      const { first, second, person, path } = sheet;
      await first.post(`${path}/approve`, {});
      await second.post(`${path}/reject`, { reason: 'No' });
      await person.post(`${path}/submit`);
      await first.post(`${path}/approve`, {});
      await moved(second, 'SUSPENDED');
      expect(await world.waiting(first, sheet)).toBe(1);
    });

    it('a changed list asks who is on it now, and nobody else', async () => {
      const [sheet, third] = [await world.handedIn(), await company.person()];
      const before = await sheet.person.get(sheet.path);
      await listed(sheet.person, [sheet.first, third]);
      const after = await sheet.person.get(sheet.path);
      expect(after.body).toMatchObject({ status: 'SUBMITTED', version: before.body.version + 1 });
      expect([
        await world.waiting(sheet.first, sheet),
        await world.waiting(sheet.second, sheet),
        await world.waiting(third, sheet),
      ]).toEqual([1, 0, 1]);
      await listed(sheet.person, [third, sheet.first]);
      expect((await sheet.person.get(sheet.path)).body.version).toBe(after.body.version);
      await sheet.first.post(`${sheet.path}/approve`, {});
      await listed(sheet.person, []);
      expect([await world.waiting(third, sheet), await world.waiting(company.admin, sheet)]).toEqual([0, 1]);
      expect(await world.statusOf(sheet)).toBe('SUBMITTED');
    });

    it('one who is deleted is asked no more, and again once restored', async () => {
      const sheet = await world.handedIn();
      expect((await company.admin.delete(`/users/${sheet.second.id}`)).status).toBe(204);
      expect((await sheet.person.get(sheet.path)).body.approvals).toMatchObject([{ approverId: sheet.first.id }]);
      expect((await company.admin.post(`/users/${sheet.second.id}/restore`)).status).toBe(200);
      expect(await world.waiting(await sheet.second.signIn(), sheet)).toBe(1);
    });
  });
});
