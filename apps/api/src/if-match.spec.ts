import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApprovalWorld } from '../../../test/approval-world.js';
import type { Client } from '../../../test/client.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;
let world: ApprovalWorld;
let company: Company;
let admin: Person;

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
  world = await ApprovalWorld.begin(server);
  ({ company } = world);
  ({ admin } = company);
});
afterAll(() => server.stop());

/** Who asks for what; the method is that of the route. */
type Request = [caller: Client, path: string, body?: object];

const DAY = '2026-03-02';
const LEAVE = { startDate: '2030-03-04', endDate: '2030-03-08', leaveType: 'PTO' };
const reason = 'x';

/** Setting up must work. */
async function done(answering: ReturnType<Client['post']>): Promise<{ id: string }> {
  const { status, body } = await answering;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

/** A user whose e-mail the company does not take any more. */
async function outsider(status: 'ACTIVE' | 'INVITED'): Promise<[caller: Person, path: string]> {
  const strict = await server.company();
  const { id } = await strict.person({ status });
  await done(strict.admin.patch('/company/settings', { allowedEmailDomains: ['inside.example'], requireCompanyEmail: true }));
  return [strict.admin, `/users/${id}`];
}

const deleted = async (person: Person): Promise<string> => {
  await done(admin.delete(`/users/${person.id}`));
  return `/users/${person.id}`;
};

const leaveOf = async (person: Person, columns = {}): Promise<string> =>
  `/leave-requests/${await company.insert('leave_requests', { userId: person.id, ...LEAVE, ...columns })}`;

const rejectedLeave = async (): Promise<string> => leaveOf(await company.person(), { status: 'REJECTED', rejectionReason: reason });

const lone = async (): Promise<Person> => (await server.company()).admin;

const self = ({ id }: Person): string => `/users/${id}`;

async function anonymised(): Promise<{ user: string; leave: string; sheet: string; entry: string }> {
  const made = await world.filled();
  const leave = await leaveOf(made.person);
  const entry = await firstEntry(made);
  await done(admin.post(`${self(made.person)}/anonymize`));
  return { user: self(made.person), leave, sheet: made.path, entry };
}

const firstEntry = async ({ person, path }: { person: Person; path: string }): Promise<string> =>
  `/timesheet-entries/${(await person.get(`${path}/entries`)).body.items[0].id}`;

async function entryOf(person: Person, more: object): Promise<string> {
  const { id: actionCodeId } = await company.actionCode();
  return `/timesheet-entries/${(await done(person.post('/timesheet-entries', { actionCodeId, country: 'DE', ...more }))).id}`;
}

const span = (from: number, to: number) => ({ startedAt: `${DAY}T0${from}:00:00Z`, endedAt: `${DAY}T0${to}:00:00Z` });

async function approved() {
  const made = await world.submitted();
  await done(made.lead.post(`${made.path}/approve`, {}));
  return made;
}

/** For each route that looks at If-Match and each of its 409s: a request that the present state forbids. */
const REFUSED: Record<string, () => Promise<Request>> = {
  'PATCH /roles/{id} role_name_taken': async () => {
    await company.role([], 'Taken');
    return [admin, `/roles/${await company.role([])}`, { name: 'Taken' }];
  },
  'PATCH /roles/{id} system_role': async () => [admin, `/roles/${await company.roleId('Employee')}`, { name: 'Staff' }],
  'DELETE /roles/{id} role_in_use': async () => {
    const { id } = await company.person({ role: [] });
    return [admin, `/roles/${(await admin.get(`/users/${id}`)).body.role.id}`];
  },
  'DELETE /roles/{id} system_role': async () => [admin, `/roles/${await company.roleId('Employee')}`],
  'PUT /roles/{id}/permissions system_role': async () => [
    admin,
    `/roles/${await company.roleId('Employee')}/permissions`,
    { permissions: ['read_user'] },
  ],

  'POST /users/{id}/invitation email_domain_not_allowed': async () => {
    const [caller, path] = await outsider('INVITED');
    return [caller, `${path}/invitation`];
  },
  'POST /users/{id}/invitation invalid_transition': async () => [admin, `${self(await company.person())}/invitation`],
  'PATCH /users/{id} email_taken': async () => [admin, self(await company.person()), { email: (await company.person()).email }],
  'PATCH /users/{id} external_id_taken': async () => {
    await done(admin.patch(self(await company.person()), { externalId: 'P-1' }));
    return [admin, self(await company.person()), { externalId: 'P-1' }];
  },
  'PATCH /users/{id} email_domain_not_allowed': async () => [...(await outsider('ACTIVE')), { email: 'new@outside.example' }],
  'PATCH /users/{id} last_admin': async () => {
    const caller = await lone();
    return [caller, self(caller), { roleId: await caller.company.roleId('Employee') }];
  },
  'PATCH /users/{id} conflict': async () => [admin, (await anonymised()).user, { phoneNumber: '+4915112345678' }],
  'DELETE /users/{id} last_admin': async () => {
    const caller = await lone();
    return [caller, self(caller)];
  },
  'POST /users/{id}/restore email_taken': async () => {
    const person = await company.person();
    const path = await deleted(person);
    await company.person({ email: person.email });
    return [admin, `${path}/restore`];
  },
  'POST /users/{id}/restore external_id_taken': async () => {
    const person = await company.person();
    await done(admin.patch(self(person), { externalId: 'P-2' }));
    const path = await deleted(person);
    await done(admin.patch(self(await company.person()), { externalId: 'P-2' }));
    return [admin, `${path}/restore`];
  },
  'POST /users/{id}/restore invalid_transition': async () => [admin, `${self(await company.person())}/restore`],
  'POST /users/{id}/restore conflict': async () => {
    const person = await company.person({ role: [] });
    const { role } = (await admin.get(self(person))).body;
    const path = await deleted(person);
    await done(admin.post(`${path}/anonymize`));
    await done(admin.delete(`/roles/${role.id}`));
    return [admin, `${path}/restore`];
  },
  'POST /users/{id}/status last_admin': async () => {
    const caller = await lone();
    return [caller, `${self(caller)}/status`, { code: 'SUSPENDED' }];
  },
  'POST /users/{id}/status invalid_transition': async () => [admin, `${self(await company.person())}/status`, { code: 'ACTIVE' }],
  'POST /users/{id}/anonymize last_admin': async () => {
    const caller = await lone();
    return [caller, `${self(caller)}/anonymize`];
  },
  'POST /users/{id}/anonymize legal_hold': async () => {
    const person = await company.person();
    await done(admin.put(`${self(person)}/legal-hold`, {}));
    return [admin, `${self(person)}/anonymize`];
  },
  'PATCH /company company_name_taken': async () => [admin, '/company', { name: (await server.company()).name }],

  'PATCH /leave-requests/{id} leave_overlap': async () => {
    const person = await company.person();
    await leaveOf(person);
    return [person, await leaveOf(person, { startDate: '2030-03-11', endDate: '2030-03-12' }), LEAVE];
  },
  'PATCH /leave-requests/{id} leave_locked': async () => [admin, await rejectedLeave(), { reason }],
  'PATCH /leave-requests/{id} conflict': async () => [admin, (await anonymised()).leave, { reason }],
  'DELETE /leave-requests/{id} leave_locked': async () => [admin, await rejectedLeave()],
  'POST /leave-requests/{id}/approve invalid_transition': async () => [admin, `${await rejectedLeave()}/approve`, {}],
  'POST /leave-requests/{id}/reject invalid_transition': async () => [
    admin,
    `${await rejectedLeave()}/reject`,
    { rejectionReason: reason },
  ],
  'POST /leave-requests/{id}/cancel invalid_transition': async () => [admin, `${await rejectedLeave()}/cancel`, { reason }],

  'PATCH /action-codes/{id} action_code_taken': async () => {
    const { code } = await company.actionCode();
    return [admin, `/action-codes/${(await company.actionCode()).id}`, { code }];
  },
  'DELETE /action-codes/{id} action_code_in_use': async () => {
    const { actionCodeId } = (await admin.get(await entryOf(await company.person(), { day: DAY, durationMin: 1 }))).body;
    return [admin, `/action-codes/${actionCodeId}`];
  },
  'PATCH /timesheets/{id} timesheet_period_overlap': async () => {
    const { person, path } = await world.filled();
    await done(person.post('/timesheets', { periodStart: '2026-03-09', periodEnd: '2026-03-15' }));
    return [person, path, { periodEnd: '2026-03-09' }];
  },
  'PATCH /timesheets/{id} timesheet_locked': async () => [admin, (await world.submitted()).path, { notes: reason }],
  'PATCH /timesheets/{id} outside_period': async () => [admin, (await world.filled()).path, { periodStart: '2026-03-03' }],
  'PATCH /timesheets/{id} conflict': async () => [admin, (await anonymised()).sheet, { notes: reason }],
  'DELETE /timesheets/{id} timesheet_locked': async () => [admin, (await world.submitted()).path],
  'PATCH /timesheet-entries/{id} action_code_inactive': async () => {
    const { id } = await company.actionCode({ active: false });
    return [admin, await firstEntry(await world.filled()), { actionCodeId: id }];
  },
  'PATCH /timesheet-entries/{id} timesheet_locked': async () => [admin, await firstEntry(await world.submitted()), { durationMin: 1 }],
  'PATCH /timesheet-entries/{id} outside_period': async () => {
    const made = await world.filled();
    return [admin, await firstEntry(made), { timesheetId: made.id, day: '2026-03-09' }];
  },
  'PATCH /timesheet-entries/{id} entry_overlap': async () => {
    const person = await company.person();
    await entryOf(person, span(6, 7));
    return [person, await entryOf(person, span(7, 8)), span(6, 8)];
  },
  'PATCH /timesheet-entries/{id} day_full': async () => {
    const person = await company.person();
    await entryOf(person, { day: DAY, durationMin: 1440 });
    return [person, await entryOf(person, { day: DAY, durationMin: 0 }), { durationMin: 1 }];
  },
  'PATCH /timesheet-entries/{id} conflict': async () => [admin, (await anonymised()).entry, { note: reason }],
  'DELETE /timesheet-entries/{id} timesheet_locked': async () => [admin, await firstEntry(await world.submitted())],

  'POST /timesheets/{id}/submit invalid_transition': async () => [admin, `${(await world.submitted()).path}/submit`],
  'POST /timesheets/{id}/submit timesheet_empty': async () => {
    const person = await company.person();
    const { id } = await done(person.post('/timesheets', { periodStart: DAY, periodEnd: DAY }));
    return [person, `/timesheets/${id}/submit`];
  },
  'POST /timesheets/{id}/submit no_approver': async () => {
    const caller = await lone();
    const { id } = await done(caller.post('/timesheets', { periodStart: DAY, periodEnd: DAY }));
    const { id: actionCodeId } = await caller.company.actionCode();
    await done(caller.post('/timesheet-entries', { day: DAY, durationMin: 1, actionCodeId, country: 'DE' }));
    return [caller, `/timesheets/${id}/submit`];
  },
  'POST /timesheets/{id}/withdraw invalid_transition': async () => {
    const { person, path } = await world.filled();
    return [person, `${path}/withdraw`];
  },
  'POST /timesheets/{id}/approve invalid_transition': async () => [admin, `${(await approved()).path}/approve`, {}],
  'POST /timesheets/{id}/reject invalid_transition': async () => [admin, `${(await approved()).path}/reject`, { reason }],
  'POST /timesheets/{id}/reopen invalid_transition': async () => [admin, `${(await world.submitted()).path}/reopen`, { reason }],
};

interface Operation {
  parameters?: { name: string }[];
  responses: Record<string, { content: Record<string, { examples: object }> }>;
}

describe('a stale If-Match', () => {
  it('has an example below for every 409 of every route that looks at it', async () => {
    const { paths } = (await server.anybody.get('/openapi.json')).body as { paths: Record<string, Record<string, Operation>> };
    const due = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { parameters, responses }]) => {
        if (!parameters?.some(({ name }) => name === 'If-Match')) return [];
        const codes = Object.keys(responses['409']?.content['application/problem+json']?.examples ?? {});
        return codes.map((code) => `${method.toUpperCase()} ${path.replace('/api/v1', '')} ${code}`);
      }),
    );
    // of a safe repeat, before any record is looked at
    expect(Object.keys(REFUSED).toSorted()).toEqual(due.filter((name) => !name.endsWith(' idempotency_in_progress')).toSorted());
  });

  it.each(Object.keys(REFUSED))('is 412 before the 409 of %s', async (name) => {
    const [method, , code] = name.split(' ');
    const [caller, path, body] = await REFUSED[name]!();
    const said = async (headers = {}) => {
      const { status, body: problem } = await caller.send(method as 'POST', path, body, headers);
      return `${status} ${problem.code}`;
    };
    expect(await said({ 'if-match': '"999"' })).toBe('412 version_mismatch');
    expect(await said()).toBe(`409 ${code}`);
  });
});
