import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import { codes } from '../../../../test/answer.js';
import type { Answer } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;
let manager: Person;
let employee: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  ({ admin } = company);
  manager = await company.person({ role: 'Manager', firstName: 'Grace', lastName: 'Hopper' });
  employee = await company.person({ firstName: 'Mary', lastName: 'Somerville' });
});
afterAll(() => server.stop());

/** The user's row is held until all of them wait, in this order. @returns what they are answered */
async function behind(userId: string, requests: (() => Promise<Answer>)[]): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  await server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM users WHERE "companyId" = $1 AND id = $2 FOR UPDATE', [company.id, userId]);
    for (const request of requests) {
      answers.push(request());
      await server.untilSomebodyWaits(answers.length);
    }
    await client.query('COMMIT');
  });
  return Promise.all(answers);
}

describe('approvers', () => {
  it('belong to the user', async () => {
    const person = await company.person();
    const path = `/users/${person.id}/approvers`;
    expect((await admin.get(path)).body).toEqual({ approverIds: [] });
    const approverIds = [manager.id, admin.id].toSorted();
    const set = await admin.put(path, { approverIds }, { 'if-match': '"1"' });
    expect([set.status, set.body, set.headers.etag]).toEqual([200, { approverIds }, '"2"']);
    expect((await admin.put(path, { approverIds })).headers.etag).toBe('"2"');
    expect((await person.get(path)).body).toEqual({ approverIds });
    expect((await admin.put(path, { approverIds: [] }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await admin.put(path, { approverIds: [manager.id] })).body).toEqual({ approverIds: [manager.id] });
    expect((await admin.put(path, { approverIds })).body).toEqual({ approverIds });
    expect(await server.audits(person.id, 'user_approvers_changed')).toHaveLength(3);
    expect(
      codes([await employee.get(path), await employee.put(path, { approverIds: [] }), await person.put(path, { approverIds: [] })]),
    ).toEqual(Array(3).fill('403 forbidden'));
  });

  it('are not sent again to whoever has them', async () => {
    const person = await company.person();
    const path = `/users/${person.id}/approvers`;
    const { headers } = await admin.put(path, { approverIds: [manager.id] });
    const known = { 'if-none-match': headers.etag! };
    const same = await person.get(path, known);
    expect([same.status, same.body, same.headers.etag]).toEqual([304, '', headers.etag]);
    await admin.put(path, { approverIds: [admin.id] });
    const changed = await person.get(path, known);
    expect([changed.status, changed.body]).toEqual([200, { approverIds: [admin.id] }]);
    expect((await admin.get(path, { 'if-none-match': changed.headers.etag! })).status).toBe(304);
  });

  it('are sent again when one of them was deleted or has come back', async () => {
    const [person, approver] = [await company.person(), await company.person()];
    const path = `/users/${person.id}/approvers`;
    const { headers } = await admin.put(path, { approverIds: [approver.id] });
    await admin.delete(`/users/${approver.id}`);
    const without = await person.get(path, { 'if-none-match': headers.etag! });
    expect([without.status, without.body]).toEqual([200, { approverIds: [] }]);
    await admin.post(`/users/${approver.id}/restore`);
    const again = await person.get(path, { 'if-none-match': without.headers.etag! });
    expect([again.status, again.body]).toEqual([200, { approverIds: [approver.id] }]);
  });

  it('set without somebody deleted stay without them who comes back', async () => {
    const [person, first, second] = [await company.person(), await company.person(), await company.person()];
    const path = `/users/${person.id}/approvers`;
    await admin.put(path, { approverIds: [first.id, second.id] });
    await admin.delete(`/users/${first.id}`);
    expect((await admin.put(path, { approverIds: [second.id] })).body).toEqual({ approverIds: [second.id] });
    await admin.post(`/users/${first.id}/restore`);
    expect((await admin.get(path)).body).toEqual({ approverIds: [second.id] });
  });

  it('are not those who name themselves, unless they may decide timesheets', async () => {
    const person = await company.person();
    const path = `/users/${person.id}/approvers`;
    const editor = await company.person({ role: ['update_user'] });
    const holder = await company.person({ role: ['update_user', 'approve_timesheet'] });
    const key = await holder.apiKey(['update_user']);
    const refused = [
      await editor.put(path, { approverIds: [manager.id, editor.id] }, { 'if-match': '"99"' }), // before 412
      await (await admin.apiKey(['update_user'])).put(path, { approverIds: [admin.id] }),
      await key.put(path, { approverIds: [holder.id.toUpperCase()] }),
    ];
    expect(codes(refused)).toEqual(Array(3).fill('403 privilege_escalation'));
    expect(await server.audits(person.id, 'privilege_escalation_refused')).toMatchObject(
      [editor, admin, holder].map(({ id }) => ({ after: { permissions: ['approve_timesheet'] }, actorUserId: id })),
    );
    expect((await admin.get(path)).body).toEqual({ approverIds: [] });
    expect((await editor.put(path, { approverIds: [manager.id] })).status).toBe(200);
    expect((await holder.put(path, { approverIds: [holder.id] })).status).toBe(200);
    expect((await key.put(path, { approverIds: [holder.id, manager.id] })).status).toBe(200); // holder is one already
  });

  it('are living users of this company', async () => {
    const deleted = await company.person();
    await admin.delete(`/users/${deleted.id}`);
    const foreign = (await server.company()).admin.id;
    const { status, body } = await admin.put(`/users/${employee.id}/approvers`, {
      approverIds: [manager.id, deleted.id, foreign, randomUUID()],
    });
    expect([status, body.code]).toEqual([400, 'unknown_reference']);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/approverIds/1', '/approverIds/2', '/approverIds/3']);
    const odd = await admin.put(`/users/${employee.id}/approvers`, { approverIds: ['zz', manager.id, manager.id, randomUUID()] });
    expect([odd.status, odd.body.errors]).toEqual([
      400,
      [
        { pointer: '/approverIds/0', detail: 'must be a UUID' },
        { pointer: '/approverIds/2', detail: 'must not be named twice' },
      ],
    ]);
    for (const again of [manager.id, manager.id.toUpperCase()]) {
      const twice = await admin.put(`/users/${employee.id}/approvers`, { approverIds: [manager.id, again] });
      expect([twice.status, twice.body.errors]).toEqual([400, [{ pointer: '/approverIds/1', detail: 'must not be named twice' }]]);
    }
    expect((await admin.put(`/users/${employee.id}/approvers`, { approverIds: [manager.id.toUpperCase()] })).body).toEqual({
      approverIds: [manager.id],
    });
  });

  it('are living users also where one is just being deleted', async () => {
    const [person, listed] = [await company.person(), await company.person()];
    const path = `/users/${person.id}/approvers`;
    await admin.put(path, { approverIds: [listed.id] });
    const [deleted, set] = await behind(person.id, [
      () => admin.delete(`/users/${listed.id}`),
      () => admin.put(path, { approverIds: [listed.id, manager.id] }),
    ]);
    expect([deleted!.status, set!.status, set!.body.errors]).toEqual([
      204,
      400,
      [{ pointer: '/approverIds/0', detail: 'names nothing here' }],
    ]);
    await admin.post(`/users/${listed.id}/restore`);
    expect((await admin.get(path)).body).toEqual({ approverIds: [listed.id] });
  });

  it('are answered as they were set, also where one is deleted next', async () => {
    const [person, listed] = [await company.person(), await company.person()];
    const path = `/users/${person.id}/approvers`;
    const [set, deleted] = await behind(person.id, [
      () => admin.put(path, { approverIds: [listed.id] }),
      () => admin.delete(`/users/${listed.id}`),
    ]);
    expect([set!.status, set!.body, deleted!.status]).toEqual([200, { approverIds: [listed.id] }, 204]);
    expect((await admin.get(path)).body).toEqual({ approverIds: [] });
  });

  it('set twenty times at once are those of one request', async () => {
    const person = await company.person();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        admin.put(`/users/${person.id}/approvers`, { approverIds: [index % 2 ? manager.id : employee.id] }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await admin.get(`/users/${person.id}/approvers`)).body.approverIds).toHaveLength(1);
  });
});

describe('the sessions of a user', () => {
  it('are seen and ended with revoke_session', async () => {
    const person = await company.person();
    const list = await admin.get(`/users/${person.id}/sessions`);
    expect(list.body.items).toHaveLength(1);
    expect(list.body.items[0].current).toBe(false);
    expect(codes([await manager.get(`/users/${person.id}/sessions`), await manager.delete(`/users/${person.id}/sessions`)])).toEqual(
      Array(2).fill('403 forbidden'),
    );
    expect((await person.get(`/users/${person.id}/sessions`)).body.items[0].current).toBe(true);
    expect((await admin.delete(`/users/${person.id}/sessions`)).status).toBe(204);
    expect((await person.get('/me')).status).toBe(401);
    expect(await server.audits(person.id, 'sessions_revoked')).toHaveLength(1);
    expect((await admin.get(`/users/${randomUUID()}/sessions`)).status).toBe(404);
    await server.app.get(Accesses).flush();
    const reads = await server.sql('SELECT action, "actorUserId" FROM access_logs WHERE "userId" = $1', [person.id]);
    expect(reads).toEqual([{ action: 'profile_read', actorUserId: admin.id }]); // their address and device, once; one's own are not noted
  });
});
