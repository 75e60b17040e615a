import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApproverPolicy } from '#companies';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

const WEEK = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(() => server?.stop());

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
const setPolicy = (policy: ApproverPolicy) =>
  server.sql('UPDATE company_settings SET "timesheetApproverPolicy" = $2 WHERE "companyId" = $1', [company.id, policy]);
const suspend = (person: Person) =>
  server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [person.id]);

async function setApprovers(person: Person, approvers: Person[]): Promise<void> {
  await server.sql('DELETE FROM user_approvers WHERE "userId" = $1', [person.id]);
  for (const { id } of approvers)
    await server.sql('INSERT INTO user_approvers ("companyId", "userId", "approverId") VALUES ($1, $2, $3)', [company.id, person.id, id]);
}

/** A person with a lead, and the path of their timesheet of one entry. */
async function filled(): Promise<{ person: Person; lead: Person; path: string; id: string; teamId: string }> {
  const [person, lead] = await Promise.all([company.person(), company.person()]);
  const { id: teamId } = await company.team({ leads: [lead], members: [person] });
  const { body } = await person.post('/timesheets', WEEK);
  const { id: actionCodeId } = await company.actionCode();
  await person.post('/timesheet-entries', { day: '2026-03-02', durationMin: 480, actionCodeId, country: 'DE' });
  return { person, lead, id: body.id, path: `/timesheets/${body.id}`, teamId };
}

async function submitted() {
  const made = await filled();
  const { status, body } = await made.person.post(`${made.path}/submit`);
  expect({ status, code: body.code }).toEqual({ status: 200, code: undefined });
  return made;
}

const statusOf = async ({ person, path }: { person: Person; path: string }) => (await person.get(path)).body.status;

const idsOf = ({ approvals }: { approvals: { id: string }[] }) => approvals.map(({ id }) => id).toSorted();

async function historyOf(
  targetType: string,
  { person, path }: { person: Person; path: string },
): Promise<{ action: string; actorUserId: string; reason: string | null; diff: object }[]> {
  const { body } = await person.get(`${path}/history?limit=200`);
  return body.items.filter((row: { targetType: string }) => row.targetType === targetType).toReversed();
}

/** What is answered to a request that began while a person's suspension was not committed yet. */
const leaving = <T>({ id }: Person, request: () => Promise<T>): Promise<T> =>
  server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query(`UPDATE users SET "statusId" = (SELECT s.id FROM user_statuses s WHERE s.code = 'SUSPENDED') WHERE id = $1`, [id]);
    const answer = request();
    expect(await Promise.race([answer, new Promise((done) => setTimeout(done, 300, 'waits'))])).toBe('waits');
    await client.query('COMMIT');
    return answer;
  });

/** Under `explicit`, with approvers of one's own. */
async function handedIn(count = 2) {
  const made = await filled();
  const approvers = await Promise.all(Array.from({ length: count }, () => company.person()));
  await setApprovers(made.person, [...approvers, made.person]); // the owner never counts
  const { body } = await made.person.post(`${made.path}/submit`);
  expect(body.approvals.map(({ approverId }: { approverId: string }) => approverId).toSorted()).toEqual(
    approvers.map(({ id }) => id).toSorted(),
  );
  return { ...made, first: approvers[0]!, second: approvers[1]! };
}

describe('handing in', () => {
  it('asks everybody who may decide, one approval each', async () => {
    const { person, lead, path } = await filled();
    const { status, body, headers } = await person.post(`${path}/submit`);
    expect(status).toBe(200);
    expect(headers.etag).toBe('"3"');
    expect(body).toMatchObject({
      status: 'SUBMITTED',
      submittedByUserId: person.id,
      approvedAt: null,
      approverId: null,
      allowedActions: ['withdraw'],
    });
    expect(body.submittedAt).toBe(body.updatedAt);
    expect(
      body.approvals.map(({ approverId, status: state, digest, decidedAt }: Record<string, unknown>) => ({
        approverId,
        state,
        digest,
        decidedAt,
      })),
    ).toEqual(
      expect.arrayContaining([lead, company.admin].map(({ id }) => ({ approverId: id, state: 'PENDING', digest: null, decidedAt: null }))),
    );
    const waiting = await lead.get('/timesheet-approvals');
    expect(waiting.body.items).toMatchObject([{ timesheetId: body.id, approverId: lead.id, status: 'PENDING' }]);
    expect((await person.get('/timesheet-approvals')).body.items).toEqual([]);
  });

  it('needs an entry, an approver, and a draft', async () => {
    const person = await company.person();
    const { body } = await person.post('/timesheets', WEEK);
    expect((await person.post(`/timesheets/${body.id}/submit`)).body.code).toBe('timesheet_empty');
    const alone = await server.company();
    const { id: actionCodeId } = await alone.actionCode();
    const { body: own } = await alone.admin.post('/timesheets', WEEK);
    await alone.admin.post('/timesheet-entries', { day: '2026-03-02', durationMin: 1, actionCodeId, country: 'DE' });
    const { status, body: problem } = await alone.admin.post(`/timesheets/${own.id}/submit`);
    expect({ status, code: problem.code }).toEqual({ status: 409, code: 'no_approver' });
    expect((await alone.admin.get(`/timesheets/${own.id}`)).body).toMatchObject({
      status: 'DRAFT',
      version: 2,
      allowedActions: ['edit', 'delete'],
    });
    const sheet = await submitted();
    expect((await sheet.person.post(`${sheet.path}/submit`)).body.code).toBe('invalid_transition');
  });

  it('takes no field, wants the version that was read, and is the owner’s or an update_timesheet’s', async () => {
    const { person, lead, path } = await filled();
    expect((await person.post(`${path}/submit`, { status: 'APPROVED' })).status).toBe(400);
    expect((await person.post(`${path}/submit`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await lead.post(`${path}/submit`)).status).toBe(403);
    const clerk = await company.person({ role: ['update_timesheet'] });
    expect((await clerk.post(`${path}/submit`, undefined, { 'if-match': '"2"' })).body.submittedByUserId).toBe(clerk.id);
  });

  it('of twenty at once exactly one wins', async () => {
    const { person, path, lead } = await filled();
    const answers = await Promise.all(Array.from({ length: 20 }, () => person.post(`${path}/submit`)));
    expect(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '200 ',
      ...Array<string>(19).fill('409 invalid_transition'),
    ]);
    expect((await lead.get('/timesheet-approvals')).body.items).toHaveLength(1);
    expect((await historyOf('Timesheet', { person, path })).map(({ action }) => action)).toEqual(['created', 'submitted']);
  });
});

describe('withdrawing', () => {
  it('is its owner’s, ends the round and leaves a clean draft', async () => {
    const { person, lead, path } = await submitted();
    expect((await lead.post(`${path}/withdraw`)).status).toBe(403);
    expect((await company.admin.post(`${path}/withdraw`)).status).toBe(403);
    const { status, body } = await person.post(`${path}/withdraw`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'DRAFT',
      submittedAt: null,
      submittedByUserId: null,
      approvedAt: null,
      approverId: null,
      approvals: [],
    });
    expect((await person.post(`${path}/withdraw`)).body.code).toBe('invalid_transition');
    expect((await lead.get('/timesheet-approvals')).body.items).toEqual([]);
    expect((await person.post(`${path}/submit`)).status).toBe(200);
  });

  it('against an approval at the same moment: exactly one of the two wins', async () => {
    const { person, lead, path } = await submitted();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? person.post(`${path}/withdraw`) : lead.post(`${path}/approve`, {}))),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(409)]);
    expect((await historyOf('Timesheet', { person, path })).map(({ action }) => action).slice(2)).toHaveLength(1);
  });
});

describe('deciding', () => {
  it('an approval settles it, tells what was approved, and writes one row each', async () => {
    const sheet = await submitted();
    const { lead, person, path } = sheet;
    const { status, body } = await lead.post(`${path}/approve`, { reason: 'Thank you' }, { 'if-match': '"3"' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'APPROVED', approverId: lead.id, version: 4, allowedActions: ['reopen'] });
    expect(body.approvedAt).toBe(body.updatedAt);
    const [entry] = (await person.get(`${path}/entries`)).body.items;
    const line = [entry.id, '2026-03-02', null, null, 'Europe/Berlin', 480, entry.actionCodeId, null, 'office', 'DE'];
    const digest = createHash('sha256')
      .update(`${JSON.stringify(line)}\n`)
      .digest('hex');
    expect(body.approvals).toMatchObject([
      { approverId: lead.id, status: 'APPROVED', reason: 'Thank you', decidedAt: body.approvedAt, digest },
    ]);
    expect(await historyOf('TimesheetApproval', sheet)).toMatchObject([
      {
        targetId: body.approvals[0].id,
        action: 'approved',
        actorUserId: lead.id,
        userId: person.id,
        reason: 'Thank you',
        diff: { status: { before: 'PENDING', after: 'APPROVED' } },
      },
    ]);
    const rows = await historyOf('Timesheet', sheet);
    expect(rows.map(({ action }) => action)).toEqual(['created', 'submitted', 'approved']);
    expect(rows[2]).toMatchObject({
      actorUserId: lead.id,
      diff: { status: { before: 'SUBMITTED', after: 'APPROVED' }, approverId: { before: null, after: lead.id } },
    });
    expect((await company.admin.get(`/timesheet-approvals?approverId=${lead.id}`)).body.items).toHaveLength(1);
    expect((await lead.get('/timesheet-approvals')).body.items).toEqual([]);
  });

  it('a rejection needs a reason and opens it for its owner', async () => {
    const sheet = await submitted();
    const { lead, person, path } = sheet;
    for (const body of [{}, { reason: ' ' }, { reason: null }]) expect((await lead.post(`${path}/reject`, body)).status).toBe(400);
    const { body } = await lead.post(`${path}/reject`, { reason: 'Tuesday is missing' });
    expect(body).toMatchObject({ status: 'REJECTED', approvedAt: null, approverId: null });
    expect(body.approvals).toMatchObject([{ status: 'REJECTED', reason: 'Tuesday is missing' }]);
    expect((await person.get(path)).body.allowedActions).toEqual(['edit', 'delete', 'submit', 'reopen']);
    const again = await person.post(`${path}/submit`);
    expect(again.body.approvals.map(({ status }: { status: string }) => status).toSorted()).toEqual(['PENDING', 'PENDING', 'REJECTED']);
    expect((await lead.post(`${path}/approve`, {})).body.approvals.map(({ status }: { status: string }) => status)).toEqual([
      'REJECTED',
      'APPROVED',
    ]);
    expect((await historyOf('Timesheet', sheet)).map(({ action }) => action)).toEqual([
      'created',
      'submitted',
      'rejected',
      'submitted',
      'approved',
    ]);
  });

  it('is refused to its owner, whoever they are, before the state is looked at', async () => {
    const [boss, other] = [await company.person({ role: 'Manager' }), await company.person()];
    await company.team({ leads: [boss], members: [other] });
    const { body } = await boss.post('/timesheets', WEEK);
    for (const move of ['approve', 'reject']) {
      const { status, body: problem } = await boss.post(`/timesheets/${body.id}/${move}`, { reason: 'x' });
      expect({ status, code: problem.code }).toEqual({ status: 403, code: 'self_approval' });
    }
    const { id: actionCodeId } = await company.actionCode();
    await boss.post('/timesheet-entries', { day: '2026-03-02', durationMin: 60, actionCodeId, country: 'DE' });
    const own = await boss.post(`/timesheets/${body.id}/submit`);
    expect(own.body.allowedActions).toEqual(['withdraw']);
    expect(own.body.approvals.map(({ approverId }: { approverId: string }) => approverId)).not.toContain(boss.id);
    expect((await boss.post(`/timesheets/${body.id}/approve`, {})).body.code).toBe('self_approval');
    await company.admin.post(`/timesheets/${body.id}/approve`, {});
    expect((await boss.get(`/timesheets/${body.id}`)).body.allowedActions).toEqual([]);
  });

  it('is refused to who could never decide before the state is looked at, to others after it', async () => {
    const { person, lead, path } = await filled();
    const reader = await company.person({ role: ['read_timesheet'] });
    const moves = (who: Person) =>
      Promise.all(
        ['approve', 'reject', 'reopen', 'withdraw'].map(async (move) => (await who.post(`${path}/${move}`, { reason: 'x' })).status),
      );
    expect((await reader.post(`${path}/approve`, {})).status).toBe(403);
    expect((await reader.post(`${path}/reject`, { reason: 'x' })).status).toBe(403);
    expect((await reader.post(`${path}/reopen`, { reason: 'x' })).status).toBe(403);
    expect((await reader.post(`${path}/withdraw`)).status).toBe(403);
    expect((await lead.post(`${path}/approve`, {})).body.code).toBe('invalid_transition');
    expect((await lead.post(`${path}/reopen`, { reason: 'x' })).body.code).toBe('invalid_transition');
    expect((await person.post(`${path}/withdraw`)).body.code).toBe('invalid_transition');
    expect(await moves(await company.person())).toEqual([404, 404, 404, 400]); // withdraw takes no field
  });

  it('wants the version that was read: the entries count', async () => {
    const { person, lead, path } = await filled();
    const { headers } = await lead.get(path);
    await person.patch(`/timesheet-entries/${(await person.get(`${path}/entries`)).body.items[0].id}`, { durationMin: 600 });
    await person.post(`${path}/submit`);
    expect((await lead.post(`${path}/approve`, {}, { 'if-match': headers.etag! })).status).toBe(412);
  });

  it('wants it still at the moment of the change, whatever moves it meanwhile', async () => {
    const { lead, path, id } = await submitted();
    const { headers } = await lead.get(path);
    const answer = await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('UPDATE timesheets SET version = version + 1 WHERE id = $1', [id]); // as where somebody leaves, without the person’s lock
      const decision = lead.post(`${path}/approve`, {}, { 'if-match': headers.etag! });
      expect(await Promise.race([decision, new Promise((done) => setTimeout(done, 300, 'waits'))])).toBe('waits');
      await client.query('COMMIT');
      return decision;
    });
    expect([answer.status, answer.body.code]).toEqual([412, 'version_mismatch']);
    expect((await lead.get(path)).body.status).toBe('SUBMITTED');
  });

  it('of twenty at once exactly one wins, with one row of history each', async () => {
    const sheet = await submitted();
    const managers = await Promise.all(Array.from({ length: 3 }, () => company.person({ role: 'Manager' })));
    const deciders = [sheet.lead, company.admin, ...managers];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const decider = deciders[n % deciders.length]!;
        return n % 2 ? decider.post(`${sheet.path}/approve`, {}) : decider.post(`${sheet.path}/reject`, { reason: 'x' });
      }),
    );
    expect(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '200 ',
      ...Array<string>(19).fill('409 invalid_transition'),
    ]);
    expect(await historyOf('TimesheetApproval', sheet)).toHaveLength(1);
    expect(await historyOf('Timesheet', sheet)).toHaveLength(3);
    expect((await sheet.person.get(sheet.path)).body.approvals).toHaveLength(1);
  });
});

describe('reopening', () => {
  it('an approved one is for who may decide, with a reason, never for its owner', async () => {
    const sheet = await submitted();
    const { lead, person, path } = sheet;
    await lead.post(`${path}/approve`, {});
    const own = await person.post(`${path}/reopen`, { reason: 'x' });
    expect({ status: own.status, code: own.body.code }).toEqual({ status: 403, code: 'self_approval' });
    expect((await lead.post(`${path}/reopen`, {})).status).toBe(400);
    const answers = await Promise.all(Array.from({ length: 20 }, () => lead.post(`${path}/reopen`, { reason: 'Wrong code' })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(409)]);
    const { body } = await person.get(path);
    expect(body).toMatchObject({
      status: 'DRAFT',
      submittedAt: null,
      approvedAt: null,
      approverId: null,
      allowedActions: ['edit', 'delete', 'submit'],
    });
    expect(body.approvals).toMatchObject([{ status: 'APPROVED' }]);
    expect((await historyOf('Timesheet', sheet)).at(-1)).toMatchObject({
      action: 'reopened',
      reason: 'Wrong code',
      diff: { status: { before: 'APPROVED', after: 'DRAFT' } },
    });
  });

  it('a rejected one is for its owner', async () => {
    const { lead, person, path } = await submitted();
    await lead.post(`${path}/reject`, { reason: 'x' });
    expect((await lead.post(`${path}/reopen`, { reason: 'x' })).status).toBe(403);
    expect((await person.post(`${path}/reopen`, { reason: 'I see' })).body.status).toBe('DRAFT');
  });
});

describe('who decides', () => {
  it('manager_of_user: leads and holders, as they are at the moment', async () => {
    const { person, lead, path, teamId } = await submitted();
    const [later, holder] = [await company.person(), await company.person({ role: ['approve_timesheet'] })];
    expect((await holder.get(path)).body.allowedActions).toEqual(['approve', 'reject']);
    await server.sql('UPDATE team_members SET role = $3 WHERE "teamId" = $1 AND "userId" = $2', [teamId, lead.id, 'member']);
    expect((await lead.post(`${path}/approve`, {})).status).toBe(404);
    expect((await lead.get('/timesheet-approvals')).body.items).toEqual([]);
    expect(await statusOf({ person, path })).toBe('SUBMITTED');
    await server.sql(`INSERT INTO team_members ("companyId", "teamId", "userId", role) VALUES ($1, $2, $3, 'lead')`, [
      company.id,
      teamId,
      later.id,
    ]);
    expect((await later.post(`${path}/approve`, {})).body.approvals).toMatchObject([{ approverId: later.id, status: 'APPROVED' }]);
  });

  it('role_manager: holders alone; the policy at submission stays with it', async () => {
    await setPolicy('role_manager');
    const sheet = await submitted();
    await setPolicy('manager_of_user');
    expect((await sheet.person.get(sheet.path)).body.approvals.map(({ approverId }: { approverId: string }) => approverId)).not.toContain(
      sheet.lead.id,
    );
    expect((await sheet.lead.get(sheet.path)).body.allowedActions).toEqual([]);
    expect((await sheet.lead.post(`${sheet.path}/approve`, {})).status).toBe(403);
    const manager = await company.person({ role: 'Manager' });
    expect((await manager.post(`${sheet.path}/approve`, {})).status).toBe(200);
  });

  describe('explicit', () => {
    beforeAll(() => setPolicy('explicit'));
    afterAll(() => setPolicy('manager_of_user'));

    it('all must approve, and the last one settles it', async () => {
      const sheet = await handedIn();
      expect((await company.admin.post(`${sheet.path}/approve`, {})).status).toBe(403);
      expect((await sheet.lead.post(`${sheet.path}/approve`, {})).status).toBe(403);
      const once = await sheet.first.post(`${sheet.path}/approve`, {});
      expect(once.body).toMatchObject({ status: 'SUBMITTED', version: 4, allowedActions: [] });
      expect((await sheet.first.post(`${sheet.path}/approve`, {})).body.code).toBe('invalid_transition');
      expect((await sheet.first.post(`${sheet.path}/reject`, { reason: 'x' })).body.code).toBe('invalid_transition');
      const twice = await sheet.second.post(`${sheet.path}/approve`, {});
      expect(twice.body).toMatchObject({ status: 'APPROVED', approverId: sheet.second.id, version: 5 });
      expect((await historyOf('TimesheetApproval', sheet)).map(({ action }) => action)).toEqual(['approved', 'approved']);
      expect((await historyOf('Timesheet', sheet)).map(({ action }) => action)).toEqual(['created', 'submitted', 'approved']);
    });

    it('at the same moment both count, each once', async () => {
      const sheet = await handedIn();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? sheet.first : sheet.second).post(`${sheet.path}/approve`, {})),
      );
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, ...Array<number>(18).fill(409)]);
      expect(await statusOf(sheet)).toBe('APPROVED');
      expect(await historyOf('TimesheetApproval', sheet)).toHaveLength(2);
    });

    it('the first rejection settles it and ends the round', async () => {
      const sheet = await handedIn(3);
      await sheet.first.post(`${sheet.path}/approve`, {});
      const { body } = await sheet.second.post(`${sheet.path}/reject`, { reason: 'No' });
      expect(body.status).toBe('REJECTED');
      expect(body.approvals.map(({ status }: { status: string }) => status).toSorted()).toEqual(['APPROVED', 'REJECTED']);
      await sheet.person.post(`${sheet.path}/submit`);
      expect((await sheet.first.get('/timesheet-approvals')).body.items).toHaveLength(1); // a new round asks anew
    });

    it('one who can no longer sign in is not waited for; nothing approves itself', async () => {
      const sheet = await handedIn();
      await suspend(sheet.second);
      expect(await statusOf(sheet)).toBe('SUBMITTED');
      expect((await sheet.first.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
    });

    it('where the last one outstanding leaves after the others approved, one of those says it again', async () => {
      const sheet = await handedIn();
      await sheet.first.post(`${sheet.path}/approve`, {});
      await suspend(sheet.second);
      expect(await statusOf(sheet)).toBe('SUBMITTED');
      expect((await sheet.first.get(sheet.path)).body.allowedActions).toEqual(['approve', 'reject']);
      expect((await sheet.first.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
    });

    it('what is said again leaves in history and past what was said before', async () => {
      const sheet = await handedIn();
      const { first, second, person, path } = sheet;
      const decisionOf = ({ approvals }: { approvals: { approverId: string }[] }) =>
        approvals.find(({ approverId }) => approverId === first.id);
      const once = await first.post(`${path}/approve`, { reason: 'Once' });
      expect((await company.admin.post(`/users/${second.id}/status`, { code: 'SUSPENDED' })).status).toBe(200);
      const between = await person.get(path);
      await new Promise((done) => setTimeout(done, 5)); // asOf is told to the millisecond
      const twice = await first.post(`${path}/approve`, { reason: 'Twice' });
      expect(twice.body).toMatchObject({ status: 'APPROVED', approvals: [{ reason: 'Twice' }] });

      const then = await person.get(`${path}?asOf=${between.body.updatedAt}`);
      expect(then.body).toMatchObject({ status: 'SUBMITTED', version: between.body.version });
      expect(decisionOf(then.body)).toEqual(decisionOf(between.body));
      const before = decisionOf(once.body) as unknown as { decidedAt: string };
      expect((await historyOf('TimesheetApproval', sheet)).at(-1)?.diff).toEqual({
        reason: { before: 'Once', after: 'Twice' },
        decidedAt: { before: before.decidedAt, after: twice.body.approvedAt },
      });
    });

    it('where none is left, holders of approve_timesheet decide', async () => {
      const sheet = await handedIn();
      await suspend(sheet.first);
      await suspend(sheet.second);
      expect((await sheet.lead.post(`${sheet.path}/approve`, {})).status).toBe(403);
      expect((await company.admin.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
      const next = await filled();
      await setApprovers(next.person, [sheet.first]);
      const { body } = await next.person.post(`${next.path}/submit`);
      expect(body.approvals.map(({ approverId }: { approverId: string }) => approverId)).toContain(company.admin.id);
    });

    it('what all have approved stays theirs: holders read, and reopen, nothing of it', async () => {
      const sheet = await handedIn();
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
      const sheet = await handedIn();
      const holder = await company.person({ role: ['approve_timesheet'] });
      for (const approver of [sheet.first, sheet.second]) await approver.post(`${sheet.path}/approve`, {});
      await suspend(sheet.first);
      expect((await holder.get(sheet.path)).status).toBe(404);
      await suspend(sheet.second);
      expect((await holder.get(sheet.path)).body.allowedActions).toEqual(['reopen']);
      expect((await holder.get(`/timesheets?userId=${sheet.person.id}`)).body.items).toHaveLength(1);
      expect((await holder.post(`${sheet.path}/reopen`, { reason: 'x' })).body.status).toBe('DRAFT');
    });

    it('a list that changes under way lets holders in only while nobody on it is waited for', async () => {
      const sheet = await handedIn();
      const [third, holder] = [await company.person(), await company.person({ role: ['approve_timesheet'] })];
      const actions = async () => (await holder.get(sheet.path)).body.allowedActions;
      const seen = async () => (await holder.get(`/timesheets?userId=${sheet.person.id}`)).body.items.length;
      await sheet.first.post(`${sheet.path}/approve`, {});
      expect([await actions(), await seen()]).toEqual([undefined, 0]);
      await setApprovers(sheet.person, [sheet.first]);
      expect([await actions(), await seen()]).toEqual([['approve', 'reject'], 1]);
      await setApprovers(sheet.person, [sheet.first, third]);
      expect([await actions(), await seen()]).toEqual([undefined, 0]);
      await third.post(`${sheet.path}/approve`, {});
      expect(await statusOf(sheet)).toBe('APPROVED');
      expect([await actions(), await seen()]).toEqual([undefined, 0]);
    });

    it('a change of the list approves nothing and counts at the next decision', async () => {
      const sheet = await handedIn();
      const third = await company.person();
      await sheet.first.post(`${sheet.path}/approve`, {});
      await setApprovers(sheet.person, [sheet.first, third]);
      expect(await statusOf(sheet)).toBe('SUBMITTED');
      expect((await sheet.second.post(`${sheet.path}/approve`, {})).status).toBe(404);
      expect((await third.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
    });
  });
});

describe('a person who leaves', () => {
  it('is asked no more', async () => {
    const { lead, person, path } = await submitted();
    const left = await company.admin.post(`/users/${lead.id}/status`, { code: 'SUSPENDED' });
    expect(left.status).toBe(200);
    const { body } = await person.get(path);
    expect(body.status).toBe('SUBMITTED');
    expect(body.approvals.map(({ approverId }: { approverId: string }) => approverId)).not.toContain(lead.id);
    expect(body.approvals).not.toEqual([]);
  });

  it('moves what they were asked about, and the past tells them only until then', async () => {
    const [sheet, untouched] = [await submitted(), await submitted()];
    const { lead, person, path } = sheet;
    const before = await person.get(path);
    await new Promise((done) => setTimeout(done, 5)); // asOf is told to the millisecond
    const left = await company.admin.post(`/users/${lead.id}/status`, { code: 'SUSPENDED' });
    expect(left.status).toBe(200);

    const after = await person.get(path, { 'if-none-match': before.headers.etag! });
    expect(after.status).toBe(200);
    expect(after.body).toMatchObject({ status: 'SUBMITTED', version: before.body.version + 1 });
    expect(Date.parse(after.body.updatedAt)).toBeGreaterThan(Date.parse(before.body.updatedAt));
    expect((await company.admin.post(`${path}/approve`, {}, { 'if-match': before.headers.etag! })).status).toBe(412);
    expect((await untouched.person.get(untouched.path)).body.version).toBe(3);

    const asked = before.body.approvals.find(({ approverId }: { approverId: string }) => approverId === lead.id);
    expect(await historyOf('TimesheetApproval', sheet)).toMatchObject([
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
      expect(idsOf(then.body)).toEqual(idsOf(body));
    }
  });

  it('at the moment of a decision takes nothing of it', async () => {
    const sheet = await submitted();
    const [left, decided] = await Promise.all([
      company.admin.post(`/users/${sheet.lead.id}/status`, { code: 'SUSPENDED' }),
      (await company.person({ role: 'Manager' })).post(`${sheet.path}/approve`, {}),
    ]);
    expect([left.status, decided.status]).toEqual([200, 200]);
    const { body } = await sheet.person.get(sheet.path);
    expect(body).toMatchObject({ status: 'APPROVED', approvals: [{ status: 'APPROVED' }] });
  });

  it('while the timesheet is handed in is waited for, and not asked', async () => {
    const { person, lead, path } = await filled();
    const { body } = await leaving(lead, () => person.post(`${path}/submit`));
    const asked = body.approvals.map(({ approverId }: { approverId: string }) => approverId);
    expect(asked).toContain(company.admin.id);
    expect(asked).not.toContain(lead.id);
  });

  it('and was the only one leaves nobody to ask', async () => {
    const small = await server.company();
    const [person, { id: actionCodeId }] = [await small.person(), await small.actionCode()];
    const { body: sheet } = await person.post('/timesheets', WEEK);
    await person.post('/timesheet-entries', { day: '2026-03-02', durationMin: 60, actionCodeId, country: 'DE' });
    const { status, body } = await leaving(small.admin, () => person.post(`/timesheets/${sheet.id}/submit`));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'no_approver' });
    expect((await person.get(`/timesheets/${sheet.id}`)).body).toMatchObject({ status: 'DRAFT', approvals: [] });
  });
});

const waiting = async (who: Person, { id }: { id: string }) =>
  (await who.get('/timesheet-approvals?limit=200')).body.items.filter(({ timesheetId }: { timesheetId: string }) => timesheetId === id)
    .length;
const moved = async (person: Person, code: 'SUSPENDED' | 'ACTIVE') =>
  expect((await company.admin.post(`/users/${person.id}/status`, { code })).status).toBe(200);
const listed = async (person: Person, approvers: Person[]) =>
  expect((await company.admin.put(`/users/${person.id}/approvers`, { approverIds: approvers.map(({ id }) => id) })).status).toBe(200);

describe('what waits for me, where who decides has changed', () => {
  it('a holder who comes back is not asked about all of the company, but where nobody is asked', async () => {
    await setPolicy('role_manager');
    const holder = await company.person({ role: ['approve_timesheet', 'read_timesheet'] });
    const [sheet, alone] = [await submitted(), await submitted()];
    await moved(holder, 'SUSPENDED');
    await server.sql('DELETE FROM timesheet_approvals WHERE "timesheetId" = $1', [alone.id]);
    const before = [(await sheet.person.get(sheet.path)).body, (await alone.person.get(alone.path)).body];
    await moved(holder, 'ACTIVE');
    const after = [(await sheet.person.get(sheet.path)).body, (await alone.person.get(alone.path)).body];
    await setPolicy('manager_of_user');
    expect(after[0]).toEqual(before[0]);
    expect(after[1].approvals.map(({ approverId }: { approverId: string }) => approverId)).toContain(holder.id);
    expect(after[1].version).toBe(before[1].version + 1);
  });

  it('a new lead is asked when another one leaves, and a lead who comes back is asked again', async () => {
    const sheet = await submitted();
    const later = await company.person();
    await company.admin.put(`/teams/${sheet.teamId}/members/${later.id}`, { role: 'lead' });
    expect(await waiting(later, sheet)).toBe(0);
    await moved(sheet.lead, 'SUSPENDED');
    expect(await waiting(later, sheet)).toBe(1);
    await moved(sheet.lead, 'ACTIVE');
    expect(await waiting(await sheet.lead.signIn(), sheet)).toBe(1);
    const { status, body } = await sheet.lead.post(`${sheet.path}/approve`, {});
    expect([status, body.status, body.approvals.length]).toEqual([200, 'APPROVED', 1]);
  });

  describe('explicit', () => {
    beforeAll(() => setPolicy('explicit'));
    afterAll(() => setPolicy('manager_of_user'));

    it('where none is left holders are asked, until one comes back; each time the version moves, and the past tells it', async () => {
      const sheet = await handedIn(1);
      const { first, person, path } = sheet;
      const stands = async (who: { id: string }[]) => {
        const { body } = await person.get(path);
        expect(body.approvals.map(({ approverId }: { approverId: string }) => approverId).toSorted()).toEqual(
          who.map(({ id }) => id).toSorted(),
        );
        await new Promise((done) => setTimeout(done, 5)); // asOf is told to the millisecond
        return body;
      };
      const deciders = await holders();
      const past = [await stands([first])];
      await moved(first, 'SUSPENDED');
      past.push(await stands(deciders));
      expect(await waiting(company.admin, sheet)).toBe(1);
      await moved(first, 'ACTIVE');
      past.push(await stands([first]));
      expect([await waiting(company.admin, sheet), await waiting(await first.signIn(), sheet)]).toEqual([0, 1]);
      expect(past.map(({ version }) => version)).toEqual([3, 4, 5]);
      for (const body of past) {
        const then = (await person.get(`${path}?asOf=${body.updatedAt}`)).body;
        expect(then).toMatchObject({ version: body.version, updatedAt: body.updatedAt });
        expect(new Set(then.approvals)).toEqual(new Set(body.approvals));
      }
      const lines = await historyOf('TimesheetApproval', sheet);
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
      const sheet = await handedIn();
      await sheet.first.post(`${sheet.path}/approve`, {});
      expect(await waiting(sheet.first, sheet)).toBe(0);
      await moved(sheet.second, 'SUSPENDED');
      expect(await waiting(sheet.first, sheet)).toBe(1);
      await moved(sheet.second, 'ACTIVE');
      expect([await waiting(sheet.first, sheet), await waiting(await sheet.second.signIn(), sheet)]).toEqual([0, 1]);
      expect((await sheet.second.post(`${sheet.path}/approve`, {})).body.status).toBe('APPROVED');
      expect([await waiting(sheet.first, sheet), await waiting(sheet.second, sheet)]).toEqual([0, 0]);
    });

    it('where those leave too who approved, holders are asked', async () => {
      const sheet = await handedIn();
      await sheet.first.post(`${sheet.path}/approve`, {});
      await moved(sheet.second, 'SUSPENDED');
      expect(await waiting(company.admin, sheet)).toBe(0);
      await moved(sheet.first, 'SUSPENDED');
      expect(await waiting(company.admin, sheet)).toBe(1);
    });

    it('a changed list asks who is on it now, and nobody else', async () => {
      const [sheet, third] = [await handedIn(), await company.person()];
      const before = await sheet.person.get(sheet.path);
      await listed(sheet.person, [sheet.first, third]);
      const after = await sheet.person.get(sheet.path);
      expect(after.body).toMatchObject({ status: 'SUBMITTED', version: before.body.version + 1 });
      expect([await waiting(sheet.first, sheet), await waiting(sheet.second, sheet), await waiting(third, sheet)]).toEqual([1, 0, 1]);
      await listed(sheet.person, [third, sheet.first]);
      expect((await sheet.person.get(sheet.path)).body.version).toBe(after.body.version);
      await sheet.first.post(`${sheet.path}/approve`, {});
      await listed(sheet.person, []);
      expect([await waiting(third, sheet), await waiting(company.admin, sheet)]).toEqual([0, 1]);
      expect(await statusOf(sheet)).toBe('SUBMITTED');
    });

    it('one who is deleted is asked no more, and again once restored', async () => {
      const sheet = await handedIn();
      expect((await company.admin.delete(`/users/${sheet.second.id}`)).status).toBe(204);
      expect((await sheet.person.get(sheet.path)).body.approvals).toMatchObject([{ approverId: sheet.first.id }]);
      expect((await company.admin.post(`/users/${sheet.second.id}/restore`)).status).toBe(200);
      expect(await waiting(await sheet.second.signIn(), sheet)).toBe(1);
    });
  });
});

describe('the list of approvals', () => {
  it('gives the newest period first, page by page', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { id: actionCodeId } = await company.actionCode();
    const ids: string[] = [];
    for (const month of ['02', '04', '03']) {
      const { body } = await person.post('/timesheets', { periodStart: `2026-${month}-01`, periodEnd: `2026-${month}-07` });
      await person.post('/timesheet-entries', { day: `2026-${month}-02`, durationMin: 60, actionCodeId, country: 'DE' });
      await person.post(`/timesheets/${body.id}/submit`);
      ids.push(body.id);
    }
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await lead.get(`/timesheet-approvals?limit=1${cursor && `&cursor=${cursor}`}`);
      found.push(...body.items.map(({ timesheetId }: { timesheetId: string }) => timesheetId));
      cursor = body.nextCursor;
    }
    expect(found).toEqual([ids[1], ids[2], ids[0]]);
    expect((await lead.get('/timesheet-approvals')).body.items[0]).not.toHaveProperty('periodStart');
  });

  it('shows those of readable timesheets only', async () => {
    const { lead, person, path, id } = await submitted();
    const of = async (who: Person, query: string) =>
      (await who.get(`/timesheet-approvals?limit=200&${query}`)).body.items.filter(
        (item: { timesheetId: string }) => item.timesheetId === id,
      );
    expect(await of(person, 'status=PENDING')).not.toEqual([]);
    expect(await of(await company.person(), 'status=PENDING')).toEqual([]);
    expect(await of((await server.company()).admin, 'status=PENDING')).toEqual([]);
    expect(await of(person, `approverId=${lead.id}`)).toHaveLength(1);
    expect((await lead.get('/timesheet-approvals?status=NEW')).status).toBe(400);
    await person.post(`${path}/withdraw`);
    expect(await of(person, 'status=PENDING')).toEqual([]);
  });
});
