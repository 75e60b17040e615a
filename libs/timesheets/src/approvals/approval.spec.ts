import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pointers, statuses, twenty } from '../../../../test/answer.js';
import { ApprovalWorld, askedIn, WEEK } from '../../../../test/approval-world.js';
import type { Company, Person } from '../../../../test/factories.js';
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
afterAll(() => server?.stop());

describe('handing in', () => {
  it('asks everybody who may decide, one approval each', async () => {
    const { person, lead, path } = await world.filled();
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
    const sheet = await world.submitted();
    expect((await sheet.person.post(`${sheet.path}/submit`)).body.code).toBe('invalid_transition');
  });

  it('takes no field, wants the version that was read, and is the owner’s or an update_timesheet’s', async () => {
    const { person, lead, path } = await world.filled();
    expect((await person.post(`${path}/submit`, { status: 'APPROVED' })).status).toBe(400);
    expect((await person.post(`${path}/submit`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await lead.post(`${path}/submit`)).status).toBe(403);
    const clerk = await company.person({ role: ['update_timesheet'] });
    expect((await clerk.post(`${path}/submit`, undefined, { 'if-match': '"2"' })).body.submittedByUserId).toBe(clerk.id);
  });

  it('of twenty at once exactly one wins', async () => {
    const { person, path, lead } = await world.filled();
    const answers = await twenty(() => person.post(`${path}/submit`));
    expect(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '200 ',
      ...Array<string>(19).fill('409 invalid_transition'),
    ]);
    expect((await lead.get('/timesheet-approvals')).body.items).toHaveLength(1);
    expect((await world.historyOf('Timesheet', { person, path })).map(({ action }) => action)).toEqual(['created', 'submitted']);
  });
});

describe('withdrawing', () => {
  it('is its owner’s, ends the round and leaves a clean draft', async () => {
    const { person, lead, path } = await world.submitted();
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
    const { person, lead, path } = await world.submitted();
    const answers = await twenty((n) => (n % 2 ? person.post(`${path}/withdraw`) : lead.post(`${path}/approve`, {})));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(409)]);
    expect((await world.historyOf('Timesheet', { person, path })).map(({ action }) => action).slice(2)).toHaveLength(1);
  });
});

describe('deciding', () => {
  it('an approval settles it, tells what was approved, and writes one row each', async () => {
    const sheet = await world.submitted();
    const { lead, person, path } = sheet;
    const { status, body } = await lead.post(`${path}/approve`, { reason: 'Thank you' }, { 'if-match': '"3"' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'APPROVED', approverId: lead.id, version: 4, allowedActions: ['reopen'] });
    expect(body.approvedAt).toBe(body.updatedAt);
    const [entry] = (await person.get(`${path}/entries?asOf=${body.approvedAt}`)).body.items;
    const line = [entry.id, '2026-03-02', null, null, 'Europe/Berlin', 480, entry.actionCodeId, null, 'office', 'DE'];
    const digest = createHash('sha256')
      .update(`${JSON.stringify(line)}\n`)
      .digest('hex');
    expect(body.approvals).toMatchObject([
      { approverId: lead.id, status: 'APPROVED', reason: 'Thank you', decidedAt: body.approvedAt, digest },
    ]);
    expect(await world.historyOf('TimesheetApproval', sheet)).toMatchObject([
      {
        targetId: body.approvals[0].id,
        action: 'approved',
        actorUserId: lead.id,
        userId: person.id,
        reason: 'Thank you',
        diff: { status: { before: 'PENDING', after: 'APPROVED' } },
      },
    ]);
    const rows = await world.historyOf('Timesheet', sheet);
    expect(rows.map(({ action }) => action)).toEqual(['created', 'submitted', 'approved']);
    expect(rows[2]).toMatchObject({
      actorUserId: lead.id,
      diff: { status: { before: 'SUBMITTED', after: 'APPROVED' }, approverId: { before: null, after: lead.id } },
    });
    expect((await company.admin.get(`/timesheet-approvals?approverId=${lead.id}`)).body.items).toHaveLength(1);
    expect((await lead.get('/timesheet-approvals')).body.items).toEqual([]);
  });

  it('a rejection needs a reason and opens it for its owner', async () => {
    const sheet = await world.submitted();
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
    expect((await world.historyOf('Timesheet', sheet)).map(({ action }) => action)).toEqual([
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
    expect(askedIn(own.body)).not.toContain(boss.id);
    expect((await boss.post(`/timesheets/${body.id}/approve`, {})).body.code).toBe('self_approval');
    await company.admin.post(`/timesheets/${body.id}/approve`, {});
    expect((await boss.get(`/timesheets/${body.id}`)).body.allowedActions).toEqual([]);
  });

  it('is refused to who could never decide before the state is looked at, to others after it', async () => {
    const { person, lead, path } = await world.filled();
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
    const { person, lead, path } = await world.filled();
    const { headers } = await lead.get(path);
    await person.patch(`/timesheet-entries/${(await person.get(`${path}/entries`)).body.items[0].id}`, { durationMin: 600 });
    await person.post(`${path}/submit`);
    expect((await lead.post(`${path}/approve`, {}, { 'if-match': headers.etag! })).status).toBe(412);
  });

  it('wants it still at the moment of the change, whatever moves it meanwhile', async () => {
    const { lead, path, id } = await world.submitted();
    const { headers } = await lead.get(path);
    // as where somebody leaves, without the person’s lock
    const moves = 'UPDATE timesheets SET version = version + 1 WHERE id = $1';
    const answer = await world.behind(moves, [id], () => lead.post(`${path}/approve`, {}, { 'if-match': headers.etag! }));
    expect([answer.status, answer.body.code]).toEqual([412, 'version_mismatch']);
    expect((await lead.get(path)).body.status).toBe('SUBMITTED');
  });

  it('of twenty at once exactly one wins, with one row of history each', async () => {
    const sheet = await world.submitted();
    const managers = await Promise.all(Array.from({ length: 3 }, () => company.person({ role: 'Manager' })));
    const deciders = [sheet.lead, company.admin, ...managers];
    const answers = await twenty((n) => {
      const decider = deciders[n % deciders.length]!;
      return n % 2 ? decider.post(`${sheet.path}/approve`, {}) : decider.post(`${sheet.path}/reject`, { reason: 'x' });
    });
    expect(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`).toSorted()).toEqual([
      '200 ',
      ...Array<string>(19).fill('409 invalid_transition'),
    ]);
    expect(await world.historyOf('TimesheetApproval', sheet)).toHaveLength(1);
    expect(await world.historyOf('Timesheet', sheet)).toHaveLength(3);
    expect((await sheet.person.get(sheet.path)).body.approvals).toHaveLength(1);
  });
});

describe('reopening', () => {
  it('an approved one is for who may decide, with a reason, never for its owner', async () => {
    const sheet = await world.submitted();
    const { lead, person, path } = sheet;
    await lead.post(`${path}/approve`, {});
    const own = await person.post(`${path}/reopen`, { reason: 'x' });
    expect({ status: own.status, code: own.body.code }).toEqual({ status: 403, code: 'self_approval' });
    expect((await lead.post(`${path}/reopen`, {})).status).toBe(400);
    const answers = await twenty(() => lead.post(`${path}/reopen`, { reason: 'Wrong code' }));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(409)]);
    const { body } = await person.get(path);
    expect(body).toMatchObject({
      status: 'DRAFT',
      submittedAt: null,
      approvedAt: null,
      approverId: null,
      allowedActions: ['edit', 'delete', 'submit'],
    });
    expect(body.approvals).toMatchObject([{ status: 'APPROVED' }]);
    expect((await world.historyOf('Timesheet', sheet)).at(-1)).toMatchObject({
      action: 'reopened',
      reason: 'Wrong code',
      diff: { status: { before: 'APPROVED', after: 'DRAFT' } },
    });
  });

  it('a rejected one is for its owner', async () => {
    const { lead, person, path } = await world.submitted();
    await lead.post(`${path}/reject`, { reason: 'x' });
    expect((await lead.post(`${path}/reopen`, { reason: 'x' })).status).toBe(403);
    expect((await person.post(`${path}/reopen`, { reason: 'I see' })).body.status).toBe('DRAFT');
  });
});

describe('a move with If-Match', () => {
  it.each([
    ['submit', 'person', undefined, undefined],
    ['withdraw', 'person', undefined, 'submitted'],
    ['approve', 'lead', {}, 'submitted'],
    ['reject', 'lead', { reason: 'x' }, 'submitted'],
    ['reopen', 'person', { reason: 'x' }, 'reject'],
    ['reopen', 'lead', { reason: 'x' }, 'approve'],
  ] as const)('to %s by the %s goes from the version that was read, and from no other', async (move, by, body, from) => {
    for (const present of [false, true]) {
      const sheet = await (from ? world.submitted() : world.filled());
      if (from && from !== 'submitted') await sheet.lead.post(`${sheet.path}/${from}`, { reason: 'x' });
      const ask = (header: string) => sheet[by].post(`${sheet.path}/${move}`, body, { 'if-match': header });
      const seen = async () => [
        (await sheet[by].get(sheet.path)).body,
        await world.historyOf('Timesheet', sheet),
        await world.historyOf('TimesheetApproval', sheet),
      ];
      const before = await seen();
      const { headers } = await sheet[by].get(sheet.path);
      for (const stale of ['"1"', '"999"']) {
        const { status, body: problem } = await ask(stale);
        expect([stale, status, problem.code]).toEqual([stale, 412, 'version_mismatch']);
      }
      for (const malformed of ['2', `W/${headers.etag}`, '"a"', '']) {
        const refused = await ask(malformed);
        expect([malformed, refused.status, pointers(refused)]).toEqual([malformed, 400, ['/If-Match']]);
      }
      expect(await seen()).toEqual(before);
      const moved = await ask(present ? headers.etag! : '*');
      expect([moved.status, moved.body.version]).toEqual([200, before[0].version + 1]);
    }
  });
});

describe('who decides', () => {
  it('manager_of_user: leads and holders, as they are at the moment', async () => {
    const { person, lead, path, teamId } = await world.submitted();
    const [later, holder] = [await company.person(), await company.person({ role: ['approve_timesheet'] })];
    expect((await holder.get(path)).body.allowedActions).toEqual(['approve', 'reject']);
    await server.sql('UPDATE team_members SET role = $3 WHERE "teamId" = $1 AND "userId" = $2', [teamId, lead.id, 'member']);
    expect((await lead.post(`${path}/approve`, {})).status).toBe(404);
    expect((await lead.get('/timesheet-approvals')).body.items).toEqual([]);
    expect(await world.statusOf({ person, path })).toBe('SUBMITTED');
    await server.sql(`INSERT INTO team_members ("companyId", "teamId", "userId", role) VALUES ($1, $2, $3, 'lead')`, [
      company.id,
      teamId,
      later.id,
    ]);
    expect((await later.post(`${path}/approve`, {})).body.approvals).toMatchObject([{ approverId: later.id, status: 'APPROVED' }]);
  });

  it('role_manager: holders alone; the policy at submission stays with it', async () => {
    await world.setPolicy('role_manager');
    const sheet = await world.submitted();
    await world.setPolicy('manager_of_user');
    expect(askedIn((await sheet.person.get(sheet.path)).body)).not.toContain(sheet.lead.id);
    expect((await sheet.lead.get(sheet.path)).body.allowedActions).toEqual([]);
    expect((await sheet.lead.post(`${sheet.path}/approve`, {})).status).toBe(403);
    const manager = await company.person({ role: 'Manager' });
    expect((await manager.post(`${sheet.path}/approve`, {})).status).toBe(200);
  });
});
