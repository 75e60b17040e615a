import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { ApprovalWorld, askedIn, idsOf } from '../../../../test/approval-world.js';
import type { Answer } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

// A decision, or a submission, at the moment at which those change who decide.

let server: TestServer;
let world: ApprovalWorld;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  world = await ApprovalWorld.begin(server);
  ({ company } = world);
  await world.setPolicy('explicit');
});
afterAll(async () => {
  clock.reset();
  await server?.stop();
});

/** A change of people has asked anew and is not committed; the move begins, and meets it. @returns what the move is answered */
async function during(change: () => Promise<Answer>, move: () => Promise<Answer>): Promise<Answer> {
  let moving: Promise<Answer>;
  const changed = await world.behind('LOCK TABLE audit_logs IN SHARE MODE', [], change, async () => {
    moving = move();
    await server.untilSomebodyWaits(2);
  });
  expect(changed.status).toBe(200);
  return moving!;
}

type Sheet = Awaited<ReturnType<ApprovalWorld['handedIn']>>;

const list = ({ person }: Sheet, approvers: Person[]) =>
  company.admin.put(`/users/${person.id}/approvers`, { approverIds: idsOf(approvers) });
const turn = ({ id }: Person, code: 'SUSPENDED' | 'ACTIVE') => company.admin.post(`/users/${id}/status`, { code });
const approve = (who: Person, { path }: Sheet) => who.post(`${path}/approve`, {});
const said = ({ status, body }: Answer) => `${status} ${body.code ?? body.status}`;

/** An approver who goes, and who comes back. */
const COMES: Record<string, [(sheet: Sheet) => Promise<Answer>, (sheet: Sheet) => Promise<Answer>]> = {
  'is listed': [(sheet) => list(sheet, [sheet.first]), (sheet) => list(sheet, [sheet.first, sheet.second])],
  'becomes ACTIVE': [({ second }) => turn(second, 'SUSPENDED'), ({ second }) => turn(second, 'ACTIVE')],
  'is restored': [
    ({ second }) => company.admin.delete(`/users/${second.id}`),
    ({ second }) => company.admin.post(`/users/${second.id}/restore`),
  ],
};

describe('a submission that meets a change of who decides', () => {
  it.each(Object.keys(COMES))('asks an approver who %s', async (how) => {
    const sheet = await world.drafted();
    const { first, second, person, path } = sheet;
    const [goes, comes] = COMES[how]!;
    await goes(sheet);
    const { status, body } = await during(
      () => comes(sheet),
      () => person.post(`${path}/submit`),
    );
    expect([status, askedIn(body)]).toEqual([200, idsOf([first, second])]);
    expect(await world.waiting(await second.signIn(), sheet)).toBe(1);
  });

  it('asks who is listed since, and nobody who is so no more', async () => {
    const sheet = await world.drafted();
    const { first, second, person, path } = sheet;
    await list(sheet, [first]);
    const { body } = await during(
      () => list(sheet, [second]),
      () => person.post(`${path}/submit`),
    );
    expect(askedIn(body)).toEqual([second.id]);
  });
});

describe('a decision that meets a round which asks anew', () => {
  it.each(Object.keys(COMES))('is not the last approval where another approver %s', async (how) => {
    const sheet = await world.handedIn();
    const { first, second, person, path } = sheet;
    const [goes, comes] = COMES[how]!;
    await goes(sheet);
    const once = await during(
      () => comes(sheet),
      () => approve(first, sheet),
    );
    expect(said(once)).toBe('200 SUBMITTED');
    expect(askedIn((await person.get(path)).body)).toEqual(idsOf([first, second]));
    expect(await world.waiting(await second.signIn(), sheet)).toBe(1);
    expect(said(await approve(second, sheet))).toBe('200 APPROVED');
  });

  it.each(['approve', 'reject'])('to %s is not for one who is taken off the list', async (move) => {
    const sheet = await world.handedIn();
    const { first, second, person, path } = sheet;
    const answer = await during(
      () => list(sheet, [second]),
      () => first.post(`${path}/${move}`, { reason: 'x' }),
    );
    expect(said(answer)).toBe('404 not_found');
    expect((await person.get(path)).body).toMatchObject({ status: 'SUBMITTED', approvals: [{ approverId: second.id, status: 'PENDING' }] });
  });

  it.each(['approve', 'reject'])(
    'to %s is not for one who leaves, whose going it waits for before it locks the timesheet',
    async (move) => {
      const sheet = await world.handedIn(1);
      const { first, person, path } = sheet;
      let moving: Promise<Answer>;
      const left = await world.behind(
        'LOCK TABLE api_keys IN SHARE MODE',
        [],
        () => turn(first, 'SUSPENDED'),
        async () => {
          moving = first.post(`${path}/${move}`, { reason: 'x' });
          await server.untilSomebodyWaits(2);
          await server.sql('SELECT 1 FROM timesheets WHERE id = $1 FOR UPDATE NOWAIT', [sheet.id]); // what the one who leaves needs next
        },
      );
      expect([left.status, said(await moving!)]).toEqual([200, '401 not_signed_in']);
      const { body } = await person.get(path);
      expect([body.status, askedIn(body)]).toEqual(['SUBMITTED', [company.admin.id]]);
    },
  );

  it('to withdraw ends the round, with whom it has asked', async () => {
    const sheet = await world.handedIn(1);
    const later = await company.person();
    const answer = await during(
      () => list(sheet, [sheet.first, later]),
      () => sheet.person.post(`${sheet.path}/withdraw`),
    );
    expect(said(answer)).toBe('200 DRAFT');
    expect(answer.body.approvals).toEqual([]);
    expect(await world.waiting(later, sheet)).toBe(0);
  });

  it('to withdraw is the later one, also by a clock behind', async () => {
    const sheet = await world.handedIn();
    const { second, person, path } = sheet;
    const begun = clock.now();
    clock.travelTo(new Date(begun.getTime() + 60_000));
    const { body } = await during(
      () => turn(second, 'SUSPENDED'),
      () => {
        clock.travelTo(begun);
        return person.post(`${path}/withdraw`);
      },
    );
    const [line] = await world.historyOf('TimesheetApproval', sheet);
    expect(line).toMatchObject({ action: 'deleted' });
    expect(Date.parse(line!.occurredAt)).toBeGreaterThan(begun.getTime() + 59_000);
    expect(Date.parse(body.updatedAt)).toBeGreaterThan(Date.parse(line!.occurredAt));
    const then = (await person.get(`${path}?asOf=${line!.occurredAt}`)).body;
    expect(then).toMatchObject({ status: 'SUBMITTED', version: body.version - 1 });
  });

  it('that was made meanwhile stays the earlier one', async () => {
    const sheet = await world.handedIn();
    const { first, second, person, path } = sheet;
    const later = await company.person();
    let once: Answer;
    const locked = 'SELECT 1 FROM users WHERE id = $1 FOR UPDATE';
    await world.behind(
      locked,
      [later.id],
      () => list(sheet, [first, second, later]),
      async () => {
        clock.travelTo(new Date(clock.now().getTime() + 60_000));
        once = await approve(first, sheet);
      },
    );
    const { body } = await person.get(path);
    expect(body.version).toBe(once!.body.version + 1);
    expect(Date.parse(body.updatedAt)).toBeGreaterThan(Date.parse(once!.body.updatedAt));
    const lines = await world.historyOf('TimesheetApproval', sheet);
    expect(lines.map(({ action, occurredAt }) => [action, occurredAt])).toEqual([
      ['approved', once!.body.updatedAt],
      ['created', body.updatedAt],
    ]);
    const then = (await person.get(`${path}?asOf=${once!.body.updatedAt}`)).body;
    expect([then.version, askedIn(then)]).toEqual([once!.body.version, idsOf([first, second])]);
  });
});
