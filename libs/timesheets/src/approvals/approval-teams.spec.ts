import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApproverPolicy } from '#companies';
import { clock } from '#core';
import { codes, statuses, twenty } from '../../../../test/answer.js';
import { ApprovalWorld, askedIn, idsOf } from '../../../../test/approval-world.js';
import type { MadeSheet } from '../../../../test/approval-world.js';
import type { Answer, Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

// Open rounds, where a team changes.

let server: TestServer;
let world: ApprovalWorld;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  world = await ApprovalWorld.begin(server);
  ({ company } = world);
});
afterEach(() => clock.reset());
afterAll(() => server?.stop());

/** `asOf` is told to the millisecond. */
const pass = () => clock.travelTo(new Date(clock.now().getTime() + 1000));

const put = (teamId: string, { id }: Person, role: 'member' | 'lead', by: Client = company.admin): Promise<Answer> =>
  by.put(`/teams/${teamId}/members/${id}`, { role });
const takeOut = (teamId: string, { id }: Person): Promise<Answer> => company.admin.delete(`/teams/${teamId}/members/${id}`);
const done = async (change: Promise<Answer>) => expect((await change).status).toBeLessThan(300);

/** As its owner reads it. */
const read = async ({ person, path }: MadeSheet) => (await person.get(path)).body;
const pendingOf = (who: Person) =>
  server.sql(`SELECT id FROM timesheet_approvals WHERE "approverId" = $1 AND status = 'PENDING'`, [who.id]);

describe('a change of a team asks the open rounds of its people anew', () => {
  it('a new lead is asked, the version moves, and the past tells who was asked before', async () => {
    const [sheet, later] = [await world.submitted(), await company.person()];
    const before = await read(sheet);
    pass();
    await done(put(sheet.teamId, later, 'lead'));
    const after = await read(sheet);
    expect(after).toMatchObject({ status: 'SUBMITTED', version: before.version + 1 });
    expect(askedIn(after)).toEqual([...askedIn(before), later.id].toSorted());
    expect(await world.waiting(later, sheet)).toBe(1);
    const asked = after.approvals.find(({ approverId }: { approverId: string }) => approverId === later.id);
    expect(await world.historyOf('TimesheetApproval', sheet)).toEqual([
      expect.objectContaining({
        targetId: asked.id,
        action: 'created',
        actorUserId: company.admin.id,
        occurredAt: after.updatedAt,
        diff: { status: { before: null, after: 'PENDING' } },
        metadata: { timesheetId: sheet.id, approverId: later.id },
      }),
    ]);
    for (const body of [before, after]) {
      const then = (await sheet.person.get(`${sheet.path}?asOf=${body.updatedAt}`)).body;
      expect(then).toMatchObject({ version: body.version, updatedAt: body.updatedAt });
      expect(idsOf(then.approvals)).toEqual(idsOf(body.approvals));
    }
    const { status, body } = await later.post(`${sheet.path}/approve`, {});
    expect([status, body.status, body.approvals.length]).toEqual([200, 'APPROVED', 1]);
  });

  it.each<[string, (sheet: MadeSheet) => Promise<Answer>]>([
    ['is taken out', ({ teamId, lead }) => takeOut(teamId, lead)],
    ['is a member from now on', ({ teamId, lead }) => put(teamId, lead, 'member')],
    ['leads a team that is deleted', ({ teamId }) => company.admin.delete(`/teams/${teamId}`)],
    ['leads a team that its member leaves', ({ teamId, person }) => takeOut(teamId, person)],
  ])('a lead who %s is asked no more', async (_, change) => {
    const sheet = await world.submitted();
    const before = await read(sheet);
    pass();
    await done(change(sheet));
    const after = await read(sheet);
    expect(after).toMatchObject({ status: 'SUBMITTED', version: before.version + 1 });
    expect(askedIn(after)).toEqual(askedIn(before).filter((id) => id !== sheet.lead.id));
    expect([await world.waiting(sheet.lead, sheet), await pendingOf(sheet.lead)]).toEqual([0, []]);
    expect(await world.historyOf('TimesheetApproval', sheet)).toMatchObject([
      { action: 'deleted', actorUserId: company.admin.id, diff: { status: { before: 'PENDING', after: null } } },
    ]);
    const then = (await sheet.person.get(`${sheet.path}?asOf=${before.updatedAt}`)).body;
    expect([then.version, idsOf(then.approvals)]).toEqual([before.version, idsOf(before.approvals)]);
  });

  it('of who joins a team its leads are asked, of the others in it nobody else', async () => {
    const [sheet, other] = [await world.submitted(), await world.submitted()];
    const stands = await read(other);
    await done(put(other.teamId, sheet.person, 'member'));
    expect([await world.waiting(other.lead, sheet), await world.waiting(sheet.lead, sheet)]).toEqual([1, 1]);
    expect(await read(other)).toEqual(stands);
    // A lead is led by the others who lead the team with them.
    await done(put(other.teamId, sheet.person, 'lead'));
    expect([await world.waiting(other.lead, sheet), await world.waiting(sheet.person, other)]).toEqual([1, 1]);
    await done(takeOut(other.teamId, sheet.person));
    expect([await world.waiting(other.lead, sheet), await pendingOf(sheet.person)]).toEqual([0, []]);
  });

  it('the owner never counts, and who leads them by another team, or may approve all, stays asked', async () => {
    const [sheet, holder] = [await world.submitted(), await company.person({ role: ['approve_timesheet'] })];
    const { id: second } = await company.team({ leads: [sheet.lead, holder], members: [sheet.person] });
    await done(put(second, await company.person(), 'lead'));
    const stands = await read(sheet);
    expect(askedIn(stands)).toContain(holder.id);
    for (const who of [sheet.lead, holder]) await done(takeOut(second, who));
    await done(put(sheet.teamId, sheet.person, 'lead'));
    expect(await read(sheet)).toEqual(stands);
    expect(await pendingOf(sheet.person)).toEqual([]);
  });

  it('one who cannot sign in is not asked, and of a deleted owner no lead', async () => {
    const [sheet, gone] = [await world.submitted(), await world.submitted()];
    const away = [await company.person({ status: 'SUSPENDED' }), await company.person({ status: 'INVITED' }), await company.person()];
    expect((await company.admin.post(`/users/${away[2]!.id}/anonymize`)).status).toBe(200);
    const stands = await read(sheet);
    for (const who of away) await done(put(sheet.teamId, who, 'lead'));
    expect(await read(sheet)).toEqual(stands);

    await done(company.admin.delete(`/users/${gone.person.id}`));
    await done(company.admin.delete(`/teams/${gone.teamId}`));
    expect(await pendingOf(gone.lead)).toEqual([]);
    await done(company.admin.post(`/users/${gone.person.id}/restore`));
    await gone.person.signIn();
    expect(askedIn(await read(gone))).toEqual(askedIn(stands).filter((id) => id !== sheet.lead.id));
  });

  it('also by an API key; one for own data only is told of nothing that waits', async () => {
    const [sheet, later] = [await world.submitted(), await company.person()];
    await done(put(sheet.teamId, later, 'lead', await company.admin.apiKey(['update_team'])));
    expect((await read(sheet)).approvals).toContainEqual(expect.objectContaining({ approverId: later.id, status: 'PENDING' }));
    expect((await (await later.apiKey()).get('/timesheet-approvals')).body.items).toHaveLength(1);
    expect((await (await later.apiKey([])).get('/timesheet-approvals')).body.items).toEqual([]);
  });

  it('nothing is approved where nobody is left', async () => {
    const small = await server.company();
    const [lead, { id: actionCodeId }] = [await small.person(), await small.actionCode()];
    const { id: teamId } = await small.team({ leads: [lead], members: [small.admin] });
    const { body: sheet } = await small.admin.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    await small.admin.post('/timesheet-entries', { day: '2026-03-02', durationMin: 60, actionCodeId, country: 'DE' });
    await small.admin.post(`/timesheets/${sheet.id}/submit`);
    await done(small.admin.delete(`/teams/${teamId}`));
    expect((await small.admin.get(`/timesheets/${sheet.id}`)).body).toMatchObject({ status: 'SUBMITTED', version: 4, approvals: [] });
    expect((await small.admin.post(`/timesheets/${sheet.id}/withdraw`)).body.status).toBe('DRAFT');
  });
});

describe('a change of a team leaves alone', () => {
  it('everybody, where it changes nothing or is refused', async () => {
    const sheet = await world.submitted();
    await company.person({ role: ['approve_timesheet'] }); // who would be asked too
    const before = await read(sheet);
    await done(put(sheet.teamId, sheet.person, 'member'));
    await done(put(sheet.teamId, sheet.lead, 'lead'));
    await done(company.admin.patch(`/teams/${sheet.teamId}`, { name: 'Others' }));
    const stale = { 'if-match': '"99"' };
    for (const path of [`/teams/${sheet.teamId}`, `/teams/${sheet.teamId}/members/${sheet.lead.id}`])
      expect((await company.admin.delete(path, stale)).status).toBe(412);
    expect(await read(sheet)).toEqual(before);
  });

  it('whom nobody else leads by it, and what is not submitted', async () => {
    const [sheet, draft, settled] = [await world.submitted(), await world.filled(), await world.submitted()];
    await settled.lead.post(`${settled.path}/reject`, { reason: 'No' });
    const seen = () => Promise.all([sheet, draft, settled].map(read));
    const before = await seen();
    await done(put((await company.team()).id, sheet.person, 'member'));
    for (const { teamId } of [draft, settled]) await done(put(teamId, await company.person(), 'lead'));
    expect(await seen()).toEqual(before);
  });

  it.each<ApproverPolicy>(['explicit', 'role_manager'])('a round under %s', async (policy) => {
    await world.setPolicy(policy);
    const sheet = policy === 'explicit' ? await world.handedIn() : await world.submitted();
    await world.setPolicy('manager_of_user'); // the policy at submission stays
    // Who would be asked too.
    const later = await company.person({ role: ['approve_timesheet'] });
    if (policy === 'explicit') await world.setApprovers(sheet.person, [later]);
    const before = await read(sheet);
    await done(put(sheet.teamId, await company.person(), 'lead'));
    await done(takeOut(sheet.teamId, sheet.lead));
    await done(company.admin.delete(`/teams/${sheet.teamId}`));
    expect(await read(sheet)).toEqual(before);
  });

  it('other teams, and another company', async () => {
    const foreign = await ApprovalWorld.begin(server);
    const [sheet, near, far] = [await world.submitted(), await world.submitted(), await foreign.submitted()];
    const seen = () => Promise.all([near, far].map(read));
    const before = await seen();
    await done(put(sheet.teamId, await company.person(), 'lead'));
    await done(company.admin.delete(`/teams/${sheet.teamId}`));
    for (const who of [sheet.lead, far.lead]) expect((await put(far.teamId, who, 'member')).status).toBe(404);
    expect((await company.admin.delete(`/teams/${far.teamId}`)).status).toBe(404);
    expect(await seen()).toEqual(before);
  });
});

/** The team has changed, and it is not committed; the move begins, and waits for it. @returns what the move is answered */
async function during(change: () => Promise<Answer>, move: () => Promise<Answer>): Promise<Answer> {
  let moving: Promise<Answer>;
  await done(
    world.behind('LOCK TABLE audit_logs IN SHARE MODE', [], change, async () => {
      moving = move();
      await server.untilSomebodyWaits(2);
    }),
  );
  return moving!;
}

describe('a change of a team at the moment', () => {
  it('at which a timesheet is handed in is waited for, and its leads are asked', async () => {
    const [sheet, later] = [await world.filled(), await company.person()];
    const { body } = await during(
      () => put(sheet.teamId, later, 'lead'),
      () => sheet.person.post(`${sheet.path}/submit`),
    );
    expect([body.status, askedIn(body)]).toEqual(['SUBMITTED', expect.arrayContaining([later.id, sheet.lead.id])]);
  });

  it('waits for a timesheet that is being handed in, and asks it anew', async () => {
    const [sheet, later] = [await world.filled(), await company.person()];
    let changing: Promise<Answer>;
    const { status } = await world.behind(
      'SELECT 1 FROM timesheets WHERE id = $1 FOR UPDATE',
      [sheet.id],
      () => sheet.person.post(`${sheet.path}/submit`),
      async () => {
        changing = put(sheet.teamId, later, 'lead');
        await server.untilSomebodyWaits(2);
      },
    );
    expect(status).toBe(200);
    await done(changing!);
    expect(await world.waiting(later, sheet)).toBe(1);
  });

  it.each(['approve', 'reject'])('at which a lead who is no more tries to %s is waited for', async (move) => {
    const sheet = await world.submitted();
    const { status } = await during(
      () => takeOut(sheet.teamId, sheet.lead),
      () => sheet.lead.post(`${sheet.path}/${move}`, { reason: 'x' }),
    );
    expect([status, await world.statusOf(sheet)]).toEqual([404, 'SUBMITTED']);
  });

  // It locks the timesheets that wait for its user first, and their teams last.
  it('at which one of its people is deleted waits before it locks the team', async () => {
    const sheet = await world.submitted();
    let changing: Promise<Answer>;
    const deleted = await world.behind(
      'LOCK TABLE api_keys IN SHARE MODE',
      [],
      () => company.admin.delete(`/users/${sheet.lead.id}`),
      async () => {
        changing = company.admin.delete(`/teams/${sheet.teamId}`);
        await server.untilSomebodyWaits(2);
        await server.sql('SELECT 1 FROM teams WHERE id = $1 FOR UPDATE NOWAIT', [sheet.teamId]);
      },
    );
    expect([deleted.status, (await changing!).status]).toEqual([204, 204]);
    expect(await pendingOf(sheet.lead)).toEqual([]);
  });

  it('twenty at once, beside people who hand in, decide, leave and are deleted: one decision each, and who leads is asked', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => world.submitted()));
    const [decided, open] = [made.slice(0, 5), made.slice(5)];
    const drafts = await Promise.all(Array.from({ length: 3 }, () => world.filled()));
    const leads = await Promise.all(Array.from({ length: 10 }, () => company.person()));
    const { id: shared } = await company.team({ members: [...drafts.slice(1), ...decided, ...open].map(({ person }) => person) });
    const { id: other } = await company.team({ leads: [leads[0]!] });
    await server.sql('ANALYZE'); // with no statistics a plan goes through all people for each timesheet
    const [changes, approvals, moves] = await Promise.all([
      twenty((index) => (index < 10 ? put(shared, leads[index]!, 'lead') : put(other, made[index - 10]!.person, 'member'))),
      Promise.all(decided.flatMap(({ lead, path }) => [lead, company.admin].map((who) => who.post(`${path}/approve`, {})))),
      Promise.all([
        ...drafts.map(({ person, path }) => person.post(`${path}/submit`)),
        company.admin.post(`/users/${leads[9]!.id}/status`, { code: 'SUSPENDED' }),
        company.admin.delete(`/users/${open[0]!.lead.id}`),
        company.admin.delete(`/teams/${open[1]!.teamId}`),
      ]),
    ]);
    expect([statuses(changes), statuses(moves)]).toEqual([Array(20).fill(200), [200, 200, 200, 200, 204, 204]]);
    expect(codes(approvals)).toEqual([...Array<string>(5).fill('200'), ...Array<string>(5).fill('409 invalid_transition')]);
    for (const sheet of decided) expect(await read(sheet)).toMatchObject({ status: 'APPROVED', approvals: [{ status: 'APPROVED' }] });
    const active = idsOf(leads.slice(0, 9));
    for (const sheet of [...open, ...drafts.slice(1)]) {
      const body = await read(sheet);
      const asked = askedIn(body);
      expect([body.status, asked.filter((id) => idsOf(leads).includes(id))]).toEqual(['SUBMITTED', active]);
      expect(asked.includes(sheet.lead.id)).toBe(sheet !== open[0] && sheet !== open[1]);
    }
    expect(askedIn(await read(drafts[0]!))).toContain(drafts[0]!.lead.id);
  });
});
