import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { pointers } from '../../../test/answer.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

/** Monday to Friday. */
const WEEK = { startDate: '2030-03-04', endDate: '2030-03-08', leaveType: 'PTO' };
const MOVES = { approve: {}, reject: { rejectionReason: 'Nobody else is there' }, cancel: { reason: 'It fell through' } };
type Move = keyof typeof MOVES;

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterEach(() => clock.reset());
afterAll(() => server?.stop());

/** A person with a lead, and a request of theirs. */
async function pending(of = company, leave: object = WEEK): Promise<{ person: Person; lead: Person; id: string; path: string }> {
  const [person, lead] = await Promise.all([of.person(), of.person()]);
  await of.team({ leads: [lead], members: [person] });
  const { status, body } = await person.post('/leave-requests', leave);
  expect(status).toBe(201);
  return { person, lead, id: body.id, path: `/leave-requests/${body.id}` };
}

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => (status === 200 ? 200 : `${status} ${body.code}`);

const move = async (caller: Pick<Person, 'post'>, path: string, name: Move, body: object = MOVES[name], headers = {}) =>
  codeOf(await caller.post(`${path}/${name}`, body, headers));

const byCode = (a: number | string, b: number | string) => Number(String(a) > String(b)) - Number(String(a) < String(b));

const auditOf = (id: string) =>
  server.sql(
    `SELECT action, "actorUserId", "userId", before, after FROM audit_logs
     WHERE "targetType" = 'LeaveRequest' AND "targetId" = $1 AND action <> 'leave_request_created' ORDER BY "occurredAt"`,
    [id],
  );

const daysOf = async (caller: Person, path: string) =>
  (await caller.get(`${path}/days`)).body.items as { counted: number; reason: string }[];
const sum = (days: { counted: number }[]) => days.reduce((total, { counted }) => total + counted, 0);
const hours = (...days: string[]) => Object.fromEntries(days.map((day) => [day, [9, 17]]));

describe('deciding a leave request', () => {
  it('approves', async () => {
    const { person, lead, id, path } = await pending();
    const { status, body, headers } = await lead.post(`${path}/approve`, { reason: 'Have fun' }, { 'if-match': '"1"' });
    expect({ status, etag: headers.etag }).toEqual({ status: 200, etag: '"2"' });
    expect(body).toMatchObject({
      status: 'APPROVED',
      decisionReason: 'Have fun',
      rejectionReason: null,
      decidedAt: body.updatedAt,
      decidedByUserId: lead.id,
      workingDays: 5,
      allowedActions: [],
      version: 2,
    });
    expect((await person.get(path)).body).toEqual({ ...body, allowedActions: ['cancel'] });
    expect(await auditOf(id)).toEqual([
      {
        action: 'leave_request_approved',
        actorUserId: lead.id,
        userId: person.id,
        before: { status: 'PENDING', decisionReason: 'changed' },
        after: { status: 'APPROVED', decisionReason: 'changed' },
      },
    ]);
  });

  it('rejects, with a reason', async () => {
    const { lead, path } = await pending();
    for (const body of [{}, { rejectionReason: ' ' }, { rejectionReason: null }, { reason: 'No' }, { rejectionReason: 'x'.repeat(4001) }])
      expect(await move(lead, path, 'reject', body)).toBe('400 validation_failed');
    const { body } = await lead.post(`${path}/reject`, { rejectionReason: 'Busy' });
    expect(body).toMatchObject({ status: 'REJECTED', rejectionReason: 'Busy', decisionReason: null, decidedByUserId: lead.id, version: 2 });
    expect(body.allowedActions).toEqual([]);
  });

  it('is for leads and holders of approve_leave_request', async () => {
    const { person, lead, path } = await pending();
    const otherLead = await company.person();
    await company.team({ leads: [otherLead], members: [await company.person()] });
    const answers: [string, Pick<Person, 'post'>, number | string][] = [
      ['colleague', await company.person(), '404 not_found'],
      ['lead of another team', otherLead, '404 not_found'],
      ['another company', (await server.company()).admin, '404 not_found'],
      ['key of the lead for own data', await lead.apiKey([]), '404 not_found'],
      ['who creates', await company.person({ role: ['create_leave_request'] }), '404 not_found'],
      ['reader', await company.person({ role: ['read_leave_request'] }), '403 forbidden'],
      ['key of the admin for reading', await company.admin.apiKey(['read_leave_request']), '403 forbidden'],
      ['owner', person, '403 self_approval'],
      ['key of the owner for own data', await person.apiKey([]), '403 self_approval'],
      ['holder', await company.person({ role: ['approve_leave_request'] }), 200],
    ];
    for (const [name, caller, due] of answers) {
      for (const decision of ['reject', 'approve'] as const) {
        if (decision === 'reject' && due === 200) continue;
        expect({ name, decision, got: await move(caller, path, decision) }).toEqual({ name, decision, got: due });
      }
    }
    for (const decision of ['approve', 'reject', 'cancel'] as const) {
      expect(await move(lead, `/leave-requests/${randomUUID()}`, decision)).toBe('404 not_found');
      expect(await move(lead, '/leave-requests/mine', decision)).toBe('400 validation_failed');
    }
  });

  it.each([
    ['lead', async ({ lead }: { lead: Person }) => lead],
    ['key of the lead', async ({ lead }: { lead: Person }) => lead.apiKey()],
    ['Manager', async () => company.person({ role: 'Manager' })],
    ['key of the admin', async () => company.admin.apiKey(['approve_leave_request'])],
  ])('is for the %s', async (_, callerOf) => {
    const made = await pending();
    expect(await move(await callerOf(made), made.path, 'approve')).toBe(200);
  });

  it('of one’s own is never one’s own, whatever one holds', async () => {
    const { admin } = company;
    await company.team({ leads: [admin], members: [] });
    const { body } = await admin.post('/leave-requests', WEEK);
    for (const decision of ['approve', 'reject'] as const)
      expect(await move(admin, `/leave-requests/${body.id}`, decision)).toBe('403 self_approval');
    expect(body.allowedActions).toEqual(['edit', 'delete', 'cancel']);
  });

  it('asks first who, then for the version, then for the state', async () => {
    const { person, lead, path } = await pending();
    const stale = { 'if-match': '"9"' };
    for (const decision of ['approve', 'reject'] as const)
      expect(await move(person, path, decision, undefined, stale)).toBe('403 self_approval');
    expect(await move(lead, path, 'approve', {}, stale)).toBe('412 version_mismatch');
    expect(await move(lead, path, 'approve', {}, { 'if-match': 'W/"1"' })).toBe('400 validation_failed');
    expect(await move(person, path, 'cancel', {}, stale)).toBe('412 version_mismatch');
    expect(await move(lead, path, 'approve', {}, { 'if-match': '*' })).toBe(200);
    expect(await move(person, path, 'approve')).toBe('403 self_approval');
    expect(await move(lead, path, 'approve', {}, { 'if-match': '"1"' })).toBe('412 version_mismatch');
    expect(await move(lead, path, 'approve')).toBe('409 invalid_transition');
  });

  it.each([
    ['approve', 'lead'],
    ['reject', 'lead'],
    ['cancel', 'person'],
  ] as const)('wants the version that was read: to %s by the %s', async (name, by) => {
    const made = await pending();
    const { id, path } = made;
    const before = await made[by].get(path);
    for (const stale of ['"2"', '"999"'])
      expect(await move(made[by], path, name, undefined, { 'if-match': stale })).toBe('412 version_mismatch');
    for (const malformed of ['1', 'W/"1"', '"a"', '']) {
      const refused = await made[by].post(`${path}/${name}`, MOVES[name], { 'if-match': malformed });
      expect([malformed, refused.status, pointers(refused)]).toEqual([malformed, 400, ['/If-Match']]);
    }
    expect((await made[by].get(path)).body).toEqual(before.body);
    expect(await auditOf(id)).toEqual([]);
    expect(await move(made[by], path, name, undefined, { 'if-match': before.headers.etag })).toBe(200);
    const { path: other, ...others } = await pending();
    expect(await move(others[by], other, name, undefined, { 'if-match': '*' })).toBe(200);
  });

  it('goes no other ways than these', async () => {
    const ways: [Move | undefined, Partial<Record<Move, number | string>>][] = [
      [undefined, { approve: 200, reject: 200, cancel: 200 }],
      ['approve', { approve: '409 invalid_transition', reject: '409 invalid_transition', cancel: 200 }],
      ['reject', { approve: '409 invalid_transition', reject: '409 invalid_transition', cancel: '409 invalid_transition' }],
      ['cancel', { approve: '409 invalid_transition', reject: '409 invalid_transition', cancel: '409 invalid_transition' }],
    ];
    for (const [first, then] of ways) {
      for (const [second, due] of Object.entries(then) as [Move, number | string][]) {
        const { person, lead, path } = await pending();
        const by = (name: Move) => (name === 'cancel' ? person : lead);
        if (first) await by(first).post(`${path}/${first}`, MOVES[first]);
        const allowed = (await by(second).get(path)).body.allowedActions as string[];
        expect([first, second, allowed.includes(second)]).toEqual([first, second, due === 200]);
        expect([first, second, await move(by(second), path, second)]).toEqual([first, second, due]);
      }
    }
  });

  it.each(['approve', 'reject', 'cancel'] as const)('%s of twenty at once succeeds once, and is told once', async (name) => {
    const { person, lead, id, path } = await pending();
    const caller = name === 'cancel' ? person : lead;
    await Promise.all(Array.from({ length: 20 }, () => caller.get(path))); // open connections: else the first is through alone
    const answers = await Promise.all(Array.from({ length: 20 }, () => move(caller, path, name)));
    expect(answers.toSorted(byCode)).toEqual([200, ...Array<string>(19).fill('409 invalid_transition')]);
    expect(await auditOf(id)).toHaveLength(1);
    expect((await person.get(path)).body.version).toBe(2);
  });

  it('and changing, all at once, ends in one decision of what was seen', async () => {
    const { person, lead, path } = await pending();
    const answers = await Promise.all(
      Array.from({ length: 18 }, (_, n) => {
        if (n % 3 === 0) return lead.post(`${path}/approve`, {}, { 'if-match': '"1"' });
        if (n % 3 === 1) return person.patch(path, { endDate: '2030-03-05' }, { 'if-match': '"1"' });
        return person.delete(path, { 'if-match': '"1"' });
      }),
    );
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    for (const { status } of answers) expect([200, 204, 404, 409, 412]).toContain(status);
  });
});

describe('cancelling', () => {
  it('by its owner needs no reason', async () => {
    const { person, lead, path } = await pending();
    await lead.post(`${path}/approve`, { reason: 'Have fun' });
    const { body } = await person.post(`${path}/cancel`, {});
    expect(body).toMatchObject({ status: 'CANCELLED', decisionReason: null, decidedByUserId: person.id, workingDays: 5, version: 3 });
    expect(body.allowedActions).toEqual([]);
  });

  it('is its owner’s until the company’s day on which it starts, afterwards that of who decides', async () => {
    clock.travelTo(new Date('2030-03-03T12:00:00Z'));
    const [early, late] = await Promise.all([
      server.company({ timezone: 'America/New_York' }), // 3 March
      server.company({ timezone: 'Pacific/Apia' }), // 4 March
    ]);
    for (const [where, isStarted] of [
      [early, false],
      [late, true],
    ] as const) {
      for (const isApproved of [false, true]) {
        const { person, lead, path } = await pending(where);
        if (isApproved) await lead.post(`${path}/approve`, {});
        const allowed = async (caller: Person) => (await caller.get(path)).body.allowedActions.includes('cancel');
        expect([await allowed(person), await allowed(lead)]).toEqual([!isStarted, isStarted]);
        const listed = (await lead.get('/leave-requests')).body.items[0].allowedActions.includes('cancel');
        expect(listed).toBe(isStarted);
        const [no, yes] = isStarted ? [person, lead] : [lead, person];
        expect(await move(no, path, 'cancel')).toBe('409 invalid_transition');
        expect(await move(yes, path, 'cancel')).toBe(200);
      }
    }
  });

  it('by who decides needs a reason, before anything else of the record is looked at', async () => {
    const { lead, path } = await pending(company, { ...WEEK, startDate: '2020-03-02', endDate: '2020-03-06' });
    await lead.post(`${path}/approve`, {});
    for (const body of [{}, { reason: null }, { reason: '  ' }]) {
      const answer = await lead.post(`${path}/cancel`, body, { 'if-match': '"1"' });
      expect([answer.status, answer.body.errors]).toEqual([400, [{ pointer: '/reason', detail: 'is required of all but its owner' }]]);
    }
    expect((await lead.post(`${path}/cancel`, { reason: 'Never taken' })).body).toMatchObject({
      status: 'CANCELLED',
      decisionReason: 'Never taken',
      decidedByUserId: lead.id,
      allowedActions: [],
    });
  });

  it('is never for others', async () => {
    const { path } = await pending();
    expect(await move(await company.person(), path, 'cancel')).toBe('404 not_found');
    expect(await move(await company.person({ role: ['read_leave_request'] }), path, 'cancel', {})).toBe('403 forbidden');
    expect(await move((await server.company()).admin, path, 'cancel')).toBe('404 not_found');
  });
});

describe('working days', () => {
  it('follow week and holidays until they are fixed by the decision', async () => {
    const own = await server.company();
    const settings = (patch: object) => own.admin.patch('/company/settings', patch);
    await settings({ holidayCalendar: 'DE-BY' });
    // Thursday before Easter to the Tuesday after
    const easter = { startDate: '2030-04-18', endDate: '2030-04-23', endPortion: 'morning', leaveType: 'PTO' };
    const made = await Promise.all(
      ['approve', 'reject', 'cancel', undefined].map(async (name) => ({ name, ...(await pending(own, easter)) })),
    );
    const before = [
      { day: '2030-04-18', counted: 1, reason: 'working_day' },
      { day: '2030-04-19', counted: 0, reason: 'Karfreitag' },
      { day: '2030-04-20', counted: 0, reason: 'not_in_work_week' },
      { day: '2030-04-21', counted: 0, reason: 'not_in_work_week' },
      { day: '2030-04-22', counted: 0, reason: 'Ostermontag' },
      { day: '2030-04-23', counted: 0.5, reason: 'working_day' },
    ];
    for (const { person, path } of made) expect(await daysOf(person, path)).toEqual(before);
    const decided = made.flatMap(({ name, ...rest }) => (name ? [{ name: name as Move, ...rest }] : []));
    for (const { name, person, lead, path } of decided) expect(await move(name === 'cancel' ? person : lead, path, name)).toBe(200);

    await settings({ workWeek: hours('tuesday', 'wednesday', 'friday', 'saturday', 'sunday', 'monday'), holidayCalendar: null });
    for (const { name, person, path } of made) {
      const { workingDays } = (await person.get(path)).body;
      const days = await daysOf(person, path);
      expect([name, workingDays, sum(days)]).toEqual(name ? [name, 1.5, 1.5] : [undefined, 4.5, 4.5]);
      expect((await person.get('/leave-requests')).body.items[0].workingDays).toBe(workingDays);
      expect(JSON.stringify(days) === JSON.stringify(before)).toBe(name !== undefined);
    }
    const { person, path } = made[0]!;
    await person.post(`${path}/cancel`, {});
    expect([(await person.get(path)).body.workingDays, await daysOf(person, path)]).toEqual([1.5, before]);
  });

  it.each([
    ['four days', hours('monday', 'tuesday', 'wednesday', 'thursday'), null, 4],
    ['six days', hours('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'), null, 6],
    ['no day', {}, null, 0],
    ['the whole week and a holiday on Sunday', hours('monday', 'saturday', 'sunday'), 'DE-BY', 2],
  ])('of a week with %s', async (_, workWeek, holidayCalendar, due) => {
    const own = await server.company();
    await own.admin.patch('/company/settings', { workWeek, holidayCalendar });
    const week = { startDate: '2034-12-25', endDate: '2034-12-31', leaveType: 'UNPAID' }; // 25 December is a Monday
    const { body } = await own.admin.post('/leave-requests', week);
    expect(body.workingDays).toBe(due);
    expect(sum(await daysOf(own.admin, `/leave-requests/${body.id}`))).toBe(due);
  });
});
