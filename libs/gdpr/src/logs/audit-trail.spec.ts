import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cast } from '../../../../test/access-matrix.js';
import type { Answer, Client } from '../../../../test/client.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { until } from '../../../../test/until.js';
import { routesOf } from '../../../../test/whole-app.js';

let server: TestServer;
let cast: Cast;
let company: Company;
let admin: Person;

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
  cast = await Cast.of(server);
  ({ company, admin } = cast);
});
afterAll(() => server.stop());

/** A change that is ready to be made, by whom, and who must then stand in the log. */
interface Change {
  by: Client;
  path: string;
  body?: unknown;
  /** Null: nobody is known. Undefined: the `user` of the answer. */
  actor: string | null | undefined;
  /** The answer does not wait for it. */
  isLater?: boolean;
}

const NEW_PASSWORD = 'a short swim in the lake';
const FIRST_OF_YEAR = { startDate: '2199-01-01', endDate: '2199-01-02', leaveType: 'PTO' };

const byAdmin = (path: string, body?: unknown): Change => ({ by: admin, path, body, actor: admin.id });
const by = (person: Person, path: string, body?: unknown): Change => ({ by: person, path, body, actor: person.id });
const byNobody = (path: string, body: unknown, actor?: string | null): Change => ({ by: server.anybody, path, body, actor });

/** A route on a record that is made for it. */
const on = (table: string, path: string, columns: () => Record<string, unknown>, body?: unknown) => async () =>
  byAdmin(path.replace(':id', await company.insert(table, columns())), body);
/** A route on a user who is made for it. */
const onPerson = (path: string, body?: unknown) => async () => byAdmin(path.replace(':id', (await company.person()).id), body);
const leaveOf = (userId: string, status: string) => ({ userId, status, ...FIRST_OF_YEAR });

async function leave(path: string, status: string, body?: unknown): Promise<Change> {
  const { id } = await company.person();
  return byAdmin(path.replace(':id', await company.insert('leave_requests', leaveOf(id, status))), body);
}

/** A link as it comes by mail. @returns its token */
async function link({ id: userId }: Person, purpose: 'invitation' | 'password_reset'): Promise<string> {
  const id = randomUUID();
  const ids = Buffer.from((company.id + id).replaceAll('-', ''), 'hex');
  const token = Buffer.concat([ids, randomBytes(32)]).toString('base64url');
  const tokenHash = createHash('sha256').update(token).digest('hex');
  await company.insert('one_time_tokens', { id, userId, purpose, tokenHash, expiresAt: '2199-01-01T00:00:00Z' });
  return token;
}

const unique = () => randomUUID().slice(0, 8);
let days = 9; // another number each time: else nothing changes
const newRole = () => ({ name: `Role ${unique()}` });
const newTeam = () => ({ name: `Team ${unique()}` });
const newKey = () => ({ userId: admin.id, name: 'Key', keyHash: randomUUID() });

/** How to make each change once. Whoever adds a route that changes something adds its line here. */
const CHANGES: Record<string, () => Change | Promise<Change>> = {
  'POST /companies': () =>
    byNobody('/companies', {
      name: `Company ${unique()}`,
      owner: { email: `${unique()}@example.com`, password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace' },
    }),
  'PATCH /company': () => byAdmin('/company', { name: `Company ${unique()}` }),
  'PATCH /company/settings': () => byAdmin('/company/settings', { allowedEmailDomains: [`${unique()}.example.com`] }),
  'PUT /gdpr/retention': () =>
    byAdmin('/gdpr/retention', {
      deletedUserYears: 9,
      auditLogYears: 9,
      accessLogMonths: 9,
      sessionDays: ++days,
    }),
  'POST /gdpr/purges': () => byAdmin('/gdpr/purges', { dryRun: false }),

  'POST /auth/login': async () => {
    const { email, id } = await company.person();
    return byNobody('/auth/login', { email, password: PASSWORD }, id);
  },
  'POST /auth/logout': async () => by(await company.person(), '/auth/logout'),
  'POST /auth/logout-all': async () => by(await company.person(), '/auth/logout-all'),
  'POST /auth/password/change': async () =>
    by(await company.person(), '/auth/password/change', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }),
  'POST /auth/password/forgot': async () => ({
    ...byNobody('/auth/password/forgot', { email: (await company.person()).email }, null),
    isLater: true,
  }),
  'POST /auth/password/reset': async () => {
    const person = await company.person();
    return byNobody('/auth/password/reset', { token: await link(person, 'password_reset'), newPassword: NEW_PASSWORD }, person.id);
  },
  'POST /auth/invitations/accept': async () => {
    const person = await company.person({ status: 'INVITED' });
    return byNobody('/auth/invitations/accept', { token: await link(person, 'invitation'), password: NEW_PASSWORD }, person.id);
  },
  'DELETE /auth/sessions/:id': async () => {
    const person = await company.person();
    await person.signIn();
    const sessions = await server.sql<{ id: string }>('SELECT id FROM active_sessions WHERE "userId" = $1 ORDER BY "createdAt"', [
      person.id,
    ]);
    return by(person, `/auth/sessions/${sessions[0]!.id}`);
  },
  'POST /api-keys': () => byAdmin('/api-keys', { name: 'Key' }),
  'DELETE /api-keys/:id': on('api_keys', '/api-keys/:id', newKey),

  'PATCH /me': async () => by(await company.person(), '/me', { firstName: 'Grace' }),
  'POST /users': async () =>
    byAdmin('/users', { email: `${unique()}@example.com`, firstName: 'Ada', lastName: 'L', roleId: await company.roleId('Employee') }),
  'PATCH /users/:id': onPerson('/users/:id', { firstName: 'Grace' }),
  'DELETE /users/:id': onPerson('/users/:id'),
  'POST /users/:id/restore': async () => {
    const { id } = await company.person();
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [id]);
    return byAdmin(`/users/${id}/restore`);
  },
  'POST /users/:id/status': onPerson('/users/:id/status', { code: 'SUSPENDED' }),
  'POST /users/:id/invitation': async () => byAdmin(`/users/${(await company.person({ status: 'INVITED' })).id}/invitation`),
  'PUT /users/:id/approvers': async () => byAdmin(`/users/${(await company.person()).id}/approvers`, { approverIds: [cast.lead.id] }),
  'DELETE /users/:id/sessions': onPerson('/users/:id/sessions'),
  'POST /users/:id/anonymize': onPerson('/users/:id/anonymize'),
  'PUT /users/:id/legal-hold': onPerson('/users/:id/legal-hold', { reason: 'Dispute' }),
  'DELETE /users/:id/legal-hold': async () => {
    const { id } = await company.person();
    await company.insert('legal_holds', { userId: id });
    return byAdmin(`/users/${id}/legal-hold`);
  },

  'POST /roles': () => byAdmin('/roles', newRole()),
  'PATCH /roles/:id': on('roles', '/roles/:id', newRole, { description: 'Other' }),
  'PUT /roles/:id/permissions': on('roles', '/roles/:id/permissions', newRole, { permissions: ['read_user'] }),
  'DELETE /roles/:id': on('roles', '/roles/:id', newRole),
  'POST /teams': () => byAdmin('/teams', newTeam()),
  'PATCH /teams/:id': on('teams', '/teams/:id', newTeam, { name: 'Other' }),
  'DELETE /teams/:id': on('teams', '/teams/:id', newTeam),
  'PUT /teams/:id/members/:userId': async () =>
    byAdmin(`/teams/${cast.ids.team}/members/${(await company.person()).id}`, { role: 'member' }),
  'DELETE /teams/:id/members/:userId': async () => {
    const { id: userId } = await company.person();
    await company.insert('team_members', { teamId: cast.ids.team, userId });
    return byAdmin(`/teams/${cast.ids.team}/members/${userId}`);
  },
  'POST /tasks': () => byAdmin('/tasks', { title: 'Task' }),
  'PATCH /tasks/:id': on('tasks', '/tasks/:id', () => ({ title: 'Task' }), { title: 'Other' }),
  'DELETE /tasks/:id': on('tasks', '/tasks/:id', () => ({ title: 'Task' })),

  'POST /leave-requests': async () => by(await company.person(), '/leave-requests', FIRST_OF_YEAR),
  'PATCH /leave-requests/:id': () => leave('/leave-requests/:id', 'PENDING', { leaveType: 'UNPAID' }),
  'DELETE /leave-requests/:id': () => leave('/leave-requests/:id', 'PENDING'),
  'POST /leave-requests/:id/approve': () => leave('/leave-requests/:id/approve', 'PENDING'),
  'POST /leave-requests/:id/reject': () => leave('/leave-requests/:id/reject', 'PENDING', { rejectionReason: 'No' }),
  'POST /leave-requests/:id/cancel': async () => {
    const person = await company.person();
    return by(person, `/leave-requests/${await company.insert('leave_requests', leaveOf(person.id, 'APPROVED'))}/cancel`);
  },
  'POST /me/calendar-token': async () => by(await company.person(), '/me/calendar-token'),
  'DELETE /me/calendar-token': async () => {
    const person = await company.person();
    await company.insert('calendar_tokens', { userId: person.id, tokenHash: randomUUID() });
    return by(person, '/me/calendar-token');
  },
};

/** What the history tells instead; and going on with a session, whose begin is in the log. */
const NOT_HERE = /^(POST|PUT|PATCH|DELETE) \/(timesheets|timesheet-entries|timesheet-approvals|action-codes)\b|^POST \/auth\/refresh$/;

interface AuditRow {
  action: string;
  targetType: string;
  targetId: string | null;
  userId: string | null;
  actorUserId: string | null;
  requestId: string;
  ip: string;
}

const rowsOf = (requestId: string) =>
  server.sql<AuditRow>('SELECT * FROM audit_logs WHERE "requestId" = $1 ORDER BY "occurredAt"', [requestId]);

/** Makes it, under a request id of its own. */
async function make(route: string, { by: client, path, body }: Change): Promise<{ answer: Answer; requestId: string }> {
  const requestId = randomUUID();
  const method = route.split(' ', 1)[0] as 'POST';
  return { answer: await client.send(method, path, body, { 'x-request-id': requestId }), requestId };
}

/** The rows of a request; those that come behind its answer too. */
async function awaited(requestId: string): Promise<AuditRow[]> {
  await until(async () => (await rowsOf(requestId)).length > 0, 'nothing was audited');
  return rowsOf(requestId);
}

/** What is there outside the logs, this company's and how many others. */
const state = async () => JSON.stringify([await cast.rows(), await server.sql('SELECT count(*) FROM companies')]);

/** While nothing can be written to the audit log. */
async function withoutLog<T>(work: () => Promise<T>): Promise<T> {
  await server.sql(`
    CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no log'; END $$;
    CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_audit()`);
  try {
    return await work();
  } finally {
    await server.sql('DROP TRIGGER refuse_audit ON audit_logs; DROP FUNCTION refuse_audit()');
  }
}

describe('every route that changes something outside timesheets', () => {
  it('is made once below', () => {
    const changing = routesOf(server.app)
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path.replace('/api/v1', '')}`)
      .filter((route) => !NOT_HERE.test(route));
    expect(changing.filter((route) => !(route in CHANGES))).toEqual([]);
    expect(Object.keys(CHANGES).filter((route) => !changing.includes(route))).toEqual([]);
  });

  it.each(Object.keys(CHANGES))('is audited: %s', async (route) => {
    const change = await CHANGES[route]!();
    const { answer, requestId } = await make(route, change);
    expect([answer.status < 300, answer.body]).toEqual([true, answer.body]);
    const rows = await awaited(requestId);
    const actor = change.actor === undefined ? answer.body.user.id : change.actor;
    for (const row of rows) {
      expect(row).toMatchObject({ action: expect.stringMatching(/^[a-z]+(_[a-z]+)+$/), actorUserId: actor, ip: '127.0.0.1' });
      expect([row.targetType, row.targetId]).toEqual([expect.stringMatching(/^[A-Z]\w+$/), expect.any(String)]);
    }
  });

  it.each(Object.keys(CHANGES))('is undone where it cannot be audited: %s', async (route) => {
    const change = await CHANGES[route]!();
    const before = await state();
    const status = await withoutLog(async () => {
      const { answer, requestId } = await make(route, change);
      if (change.isLater) await until(() => server.log.some((line) => line.requestId === requestId && line.code === 'P0001'));
      return answer.status;
    });
    expect([route, status]).toEqual([route, change.isLater ? 202 : 500]);
    expect(await state()).toBe(before);
  });
});

const login = (email: string, password: string, requestId: string) =>
  server.anybody.post('/auth/login', { email, password, companyId: company.id }, { 'x-request-id': requestId });

describe('what is audited besides', () => {
  it('is a sign-in that fails, and the lock that follows', async () => {
    const { email, id } = await company.person();
    const about = { targetType: 'User', targetId: id, userId: id, actorUserId: null, ip: '127.0.0.1' };
    const first = randomUUID();
    expect((await login(email, 'wrong password', first)).status).toBe(401);
    expect(await rowsOf(first)).toMatchObject([{ ...about, action: 'sign_in_failed' }]);
    let last = first;
    for (let tries = 0; tries < 20; tries++) {
      const requestId = randomUUID();
      if ((await login(email, 'wrong password', requestId)).status === 429) break;
      last = requestId;
    }
    expect(await rowsOf(last)).toMatchObject([
      { ...about, action: 'sign_in_failed' },
      { ...about, action: 'account_locked' },
    ]);
  });

  it('is a refused attempt to escalate', async () => {
    const clerk = await company.person({ role: ['update_user', 'assign_role'] });
    const requestId = randomUUID();
    const { status } = await clerk.patch(`/users/${admin.id}`, { firstName: 'Mallory' }, { 'x-request-id': requestId });
    expect(status).toBe(403);
    const about = { targetType: 'User', targetId: admin.id, userId: admin.id, actorUserId: clerk.id, ip: '127.0.0.1' };
    expect(await rowsOf(requestId)).toMatchObject([{ ...about, action: 'privilege_escalation_refused' }]);
  });

  it('is the reuse of a token', async () => {
    const person = await company.person();
    const spent = person.refreshToken;
    for (let times = 0; times < 2; times++) {
      const { body } = await server.anybody.post('/auth/refresh', { refreshToken: person.refreshToken });
      person.refreshToken = body.refreshToken;
    }
    const requestId = randomUUID();
    const { body } = await server.anybody.post('/auth/refresh', { refreshToken: spent }, { 'x-request-id': requestId });
    expect(body.code).toBe('refresh_token_reused');
    expect(await rowsOf(requestId)).toMatchObject([
      { action: 'refresh_token_reused', targetType: 'Session', userId: person.id, ip: '127.0.0.1' },
    ]);
  });

  it('is an export, and nothing else that only reads', async () => {
    const [exported, read] = [randomUUID(), randomUUID()];
    await admin.get(`/users/${cast.member.id}/personal-data`, { 'x-request-id': exported });
    const about = { targetType: 'User', targetId: cast.member.id, userId: cast.member.id, actorUserId: admin.id, ip: '127.0.0.1' };
    expect(await rowsOf(exported)).toMatchObject([{ ...about, action: 'personal_data_exported' }]);
    for (const path of ['/users', '/audit-logs', '/timesheets', '/me']) await admin.get(path, { 'x-request-id': read });
    expect(await rowsOf(read)).toEqual([]);
  });

  it('tells of personal values only that they changed', async () => {
    const person = await company.person();
    const requestId = randomUUID();
    await admin.patch(`/users/${person.id}`, { firstName: 'Secretive', phoneNumber: '+4915112345678' }, { 'x-request-id': requestId });
    const [row] = await rowsOf(requestId);
    expect(row).toMatchObject({
      before: { firstName: 'changed', phoneNumber: 'changed' },
      after: { firstName: 'changed', phoneNumber: 'changed' },
    });
  });
});
