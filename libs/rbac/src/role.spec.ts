import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnitOfWork } from '#core';
import { pointers, statuses, twenty } from '../../../test/answer.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { PERMISSION_NAMES, PERMISSIONS, SYSTEM_ROLES } from './permissions.js';
import { SystemRoles } from './system-roles.js';

let server: TestServer;
let company: Company;
let admin: Person;
let employee: Person;
let stranger: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  admin = company.admin;
  employee = await company.person();
  stranger = (await server.company()).admin;
});
afterAll(() => server.stop());

const newRole = async (permissions: string[] = [], name = `Role ${randomUUID()}`) =>
  (await admin.post('/roles', { name, permissions })).body;
const auditOf = (targetId: string) =>
  server.sql('SELECT action, "actorUserId", before, after FROM audit_logs WHERE "targetId" = $1 ORDER BY "occurredAt"', [targetId]);

const words = (text: string): string[] => text.trim().split(/\s+/).toSorted();

/** Written out: clients are programmed against these names. */
const CATALOGUE = words(`
  update_company update_company_settings
  read_user create_user update_user delete_user change_user_status assign_role revoke_session
  read_role create_role update_role delete_role
  read_team create_team update_team delete_team
  read_leave_request create_leave_request approve_leave_request
  create_action_code update_action_code delete_action_code
  read_timesheet create_timesheet update_timesheet delete_timesheet approve_timesheet
  read_timesheet_history read_report
  create_task update_task delete_task
  manage_api_key
  export_personal_data anonymize_user manage_retention manage_legal_hold read_audit_log read_access_log
`);
const MANAGER = words(`
  read_user read_team read_leave_request approve_leave_request read_timesheet approve_timesheet read_timesheet_history
  read_report create_action_code update_action_code create_task update_task
`);

describe('seeing roles', () => {
  it('shows those that come with the company, by name, with their permissions in order', async () => {
    const { status, body } = await (await server.company()).admin.get('/roles');
    expect(status).toBe(200);
    expect(body.nextCursor).toBeNull();
    expect(body.items.map((role: { name: string }) => role.name)).toEqual(['Admin', 'Employee', 'Manager']);
    expect(body.items[2]).toEqual({
      id: expect.any(String),
      name: 'Manager',
      description: SYSTEM_ROLES.Manager.description,
      system: true,
      permissions: [...SYSTEM_ROLES.Manager.permissions].toSorted(),
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    expect(body.items[0].permissions).toEqual(PERMISSION_NAMES.toSorted());
  });

  it('has the catalogue and the roles that are promised', async () => {
    const { body: catalogue } = await admin.get('/permissions?limit=200');
    expect(catalogue.items.map(({ name }: { name: string }) => name)).toEqual(CATALOGUE);
    const { body: roles } = await (await server.company()).admin.get('/roles');
    const held = roles.items.map(({ name, permissions }: { name: string; permissions: string[] }) => [name, permissions.toSorted()]);
    expect(held).toEqual([
      ['Admin', CATALOGUE],
      ['Employee', []],
      ['Manager', MANAGER],
    ]);
  });

  it('goes through all of them in pages', async () => {
    await newRole();
    const all = (await admin.get('/roles?limit=200')).body.items;
    const paged = [];
    for (let cursor = ''; ;) {
      const { body } = await admin.get(`/roles?limit=2${cursor && `&cursor=${cursor}`}`);
      paged.push(...body.items);
      if (!body.nextCursor) break;
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(all);
    expect((await admin.get('/roles?sort=name')).status).toBe(400);
  });

  it('tells what each permission is for', async () => {
    const { body } = await admin.get('/permissions?limit=200');
    expect(body.items).toEqual(PERMISSION_NAMES.toSorted().map((name) => ({ name, description: PERMISSIONS[name] })));
    expect(body.nextCursor).toBeNull();
  });

  it('needs read_role, also of an API key', async () => {
    const { id } = await newRole();
    const reader = await company.person({ role: ['read_role'] });
    for (const path of ['/roles', `/roles/${id}`, '/permissions']) {
      expect((await server.anybody.get(path)).status).toBe(401);
      expect((await employee.get(path)).status).toBe(403);
      expect((await (await admin.apiKey(['read_team'])).get(path)).status).toBe(403);
      expect((await (await admin.apiKey(['read_role'])).get(path)).status).toBe(200);
      expect((await reader.get(path)).status).toBe(200);
    }
    expect((await reader.post('/roles', { name: 'Mine' })).status).toBe(403);
    expect((await reader.patch(`/roles/${id}`, { name: 'Mine' })).status).toBe(403);
    expect((await reader.put(`/roles/${id}/permissions`, { permissions: [] })).status).toBe(403);
    expect((await reader.delete(`/roles/${id}`)).status).toBe(403);
  });

  it('is over at the border of the company', async () => {
    const { id } = await newRole();
    const unknown = randomUUID();
    for (const act of [
      (role: string) => stranger.get(`/roles/${role}`),
      (role: string) => stranger.patch(`/roles/${role}`, { name: 'Ours' }),
      (role: string) => stranger.put(`/roles/${role}/permissions`, { permissions: [] }),
      (role: string) => stranger.delete(`/roles/${role}`),
    ]) {
      const [foreign, missing] = [await act(id), await act(unknown)];
      expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found']);
      const { instance: _, requestId: __, ...rest } = foreign.body;
      expect(missing.body).toMatchObject(rest);
    }
    expect((await admin.get('/roles/42')).status).toBe(400);
    expect((await admin.get(`/roles/${id}`)).body.version).toBe(1);
  });
});

describe('making and changing a role', () => {
  it('answers with the record and tells the audit log', async () => {
    const made = await admin.post('/roles', { name: 'Payroll', description: 'Runs reports', permissions: ['read_user', 'read_report'] });
    expect(made.status).toBe(201);
    expect(made.headers.etag).toBe('"1"');
    expect(made.headers.location).toBe(`/api/v1/roles/${made.body.id}`);
    expect(made.body).toMatchObject({
      name: 'Payroll',
      description: 'Runs reports',
      system: false,
      permissions: ['read_report', 'read_user'],
      version: 1,
    });
    expect((await admin.get(`/roles/${made.body.id}`)).body).toEqual(made.body);

    const changed = await admin.patch(`/roles/${made.body.id}`, { description: null });
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).toBe('"2"');
    expect(changed.body).toMatchObject({ name: 'Payroll', description: null, permissions: ['read_report', 'read_user'], version: 2 });
    expect((await admin.patch(`/roles/${made.body.id}`, { description: null })).body.version).toBe(2);

    const given = await admin.put(`/roles/${made.body.id}/permissions`, { permissions: ['read_report', 'read_team'] });
    expect(given.status).toBe(200);
    expect(given.headers.etag).toBe('"3"');
    expect(given.body.permissions).toEqual(['read_report', 'read_team']);
    expect((await admin.put(`/roles/${made.body.id}/permissions`, { permissions: ['read_team', 'read_report'] })).body.version).toBe(3);

    expect((await admin.delete(`/roles/${made.body.id}`)).status).toBe(204);
    expect((await admin.delete(`/roles/${made.body.id}`)).status).toBe(404);
    expect((await admin.get(`/roles/${made.body.id}`)).status).toBe(404);
    const actorUserId = admin.id;
    expect(await auditOf(made.body.id)).toEqual([
      {
        action: 'role_created',
        actorUserId,
        before: null,
        after: { name: 'Payroll', description: 'Runs reports', permissions: ['read_report', 'read_user'] },
      },
      { action: 'role_updated', actorUserId, before: { description: 'Runs reports' }, after: { description: null } },
      {
        action: 'role_permissions_changed',
        actorUserId,
        before: { permissions: ['read_report', 'read_user'] },
        after: { permissions: ['read_report', 'read_team'] },
      },
      {
        action: 'role_deleted',
        actorUserId,
        before: { name: 'Payroll', description: null, permissions: ['read_report', 'read_team'] },
        after: null,
      },
    ]);
  });

  it('names every fault by its pointer', async () => {
    const bad = await admin.post('/roles', {
      description: 7,
      permissions: ['read_role', 'fly'],
      system: true,
      companyId: stranger.companyId,
    });
    expect(bad.status).toBe(400);
    expect(pointers(bad)).toEqual(['/companyId', '/description', '/name', '/permissions/1', '/system']);
    const names = await admin.post('/roles', { name: 'Odd', permissions: ['zz', 'read_user', 'read_user', 7] });
    expect(names.body.errors).toEqual([
      { pointer: '/permissions/0', detail: 'is no permission' },
      { pointer: '/permissions/2', detail: 'must not be named twice' },
      { pointer: '/permissions/3', detail: 'must be a text of 1 to 255 characters' },
    ]);
    const { id } = await newRole();
    for (const body of [{ name: null }, { name: ' ' }, { name: 'x'.repeat(256) }, { permissions: [] }, { version: 1 }]) {
      expect((await admin.patch(`/roles/${id}`, body)).status).toBe(400);
    }
    for (const body of [
      {},
      { permissions: null },
      { permissions: 'read_role' },
      { permissions: ['read_role', 'read_role'] },
      { permissions: [7] },
    ]) {
      expect((await admin.put(`/roles/${id}/permissions`, body)).status).toBe(400);
    }
  });

  it('takes a name once, of twenty at once exactly one', async () => {
    const answers = await twenty(() => admin.post('/roles', { name: 'Race' }));
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    expect(answers.find(({ status }) => status === 409)!.body.code).toBe('role_name_taken');
    const { id } = await newRole();
    expect((await admin.patch(`/roles/${id}`, { name: 'Race' })).body.code).toBe('role_name_taken');
    expect((await admin.post('/roles', { name: 'Admin' })).body.code).toBe('role_name_taken');
    expect((await stranger.post('/roles', { name: 'Race' })).status).toBe(201);
  });

  it('gives a name free again with the role', async () => {
    const { id } = await newRole([], 'Once');
    await admin.delete(`/roles/${id}`);
    expect((await admin.post('/roles', { name: 'Once' })).status).toBe(201);
  });

  it('leaves the roles that come with the company alone', async () => {
    for (const name of ['Admin', 'Manager', 'Employee'] as const) {
      const id = await company.roleId(name);
      for (const answer of [
        await admin.patch(`/roles/${id}`, { name: 'Boss' }),
        await admin.put(`/roles/${id}/permissions`, { permissions: [] }),
        await admin.delete(`/roles/${id}`),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([409, 'system_role']);
      }
      const stale = await admin.patch(`/roles/${id}`, { name: 'Boss' }, { 'if-match': '"9"' });
      expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    }
  });

  it('answers 412 to who saw another version, and lets one of twenty win', async () => {
    const { id } = await newRole();
    await admin.put(`/roles/${id}/permissions`, { permissions: ['read_role'] });
    for (const headers of [{ 'if-match': '"1"' }, { 'if-match': '"99"' }]) {
      expect((await admin.patch(`/roles/${id}`, { name: 'Stale' }, headers)).body.code).toBe('version_mismatch');
      expect((await admin.put(`/roles/${id}/permissions`, { permissions: [] }, headers)).body.code).toBe('version_mismatch');
      expect((await admin.delete(`/roles/${id}`, headers)).body.code).toBe('version_mismatch');
    }
    expect((await admin.patch(`/roles/${id}`, { name: 'Bad' }, { 'if-match': '2' })).status).toBe(400);
    const answers = await twenty((index) => admin.patch(`/roles/${id}`, { name: `Won ${index}` }, { 'if-match': '"2"' }));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    expect((await admin.get(`/roles/${id}`)).body.version).toBe(3);
  });

  it('sets the same permissions twenty times at once as if once', async () => {
    const { id } = await newRole(['read_user']);
    const answers = await twenty(() => admin.put(`/roles/${id}/permissions`, { permissions: ['read_team', 'read_report'] }));
    expect(statuses(answers)).toEqual(Array(20).fill(200));
    expect((await admin.get(`/roles/${id}`)).body).toMatchObject({ permissions: ['read_report', 'read_team'], version: 2 });
    const rows = await server.sql('SELECT 1 FROM role_permissions WHERE "roleId" = $1 AND "deletedAt" IS NULL', [id]);
    expect(rows).toHaveLength(2);
  });
});

describe('handing out', () => {
  it('stops at what one holds, and the attempt stays in the audit log', async () => {
    const clerk = await company.person({ role: ['read_role', 'create_role', 'update_role', 'read_report'] });
    const { id } = await newRole(['manage_retention', 'read_report']);
    const refused = await clerk.put(`/roles/${id}/permissions`, { permissions: ['manage_retention', 'anonymize_user', 'read_role'] });
    expect([refused.status, refused.body.code]).toEqual([403, 'privilege_escalation']);
    expect((await clerk.get(`/roles/${id}`)).body).toMatchObject({ permissions: ['manage_retention', 'read_report'], version: 1 });
    expect((await auditOf(id)).at(-1)).toEqual({
      action: 'privilege_escalation_refused',
      actorUserId: clerk.id,
      before: null,
      after: { permissions: ['anonymize_user'] },
    });
    const made = await clerk.post('/roles', { name: 'Backdoor', permissions: ['read_role', 'delete_user'] });
    expect([made.status, made.body.code]).toEqual([403, 'privilege_escalation']);
    expect(await server.sql(`SELECT 1 FROM roles WHERE name = 'Backdoor'`)).toEqual([]);
    const attempts = await server.sql(`SELECT 1 FROM audit_logs WHERE "actorUserId" = $1 AND action = 'privilege_escalation_refused'`, [
      clerk.id,
    ]);
    expect(attempts).toHaveLength(2);
  });

  it('may keep and take away what one does not hold', async () => {
    const clerk = await company.person({ role: ['update_role', 'read_report'] });
    const { id } = await newRole(['manage_retention', 'read_user']);
    const kept = await clerk.put(`/roles/${id}/permissions`, { permissions: ['manage_retention', 'read_report'] });
    expect([kept.status, kept.body.permissions]).toEqual([200, ['manage_retention', 'read_report']]);
  });

  it('counts what the API key holds, not its owner', async () => {
    const key = await admin.apiKey(['update_role', 'create_role']);
    const { id } = await newRole();
    expect((await key.put(`/roles/${id}/permissions`, { permissions: ['read_user'] })).body.code).toBe('privilege_escalation');
    expect((await key.post('/roles', { name: 'By key', permissions: ['create_role'] })).status).toBe(201);
  });

  it('is refused before versions and states are looked at, and after what is not valid or not there', async () => {
    const clerk = await company.person({ role: ['update_role'] });
    const managers = await company.roleId('Manager');
    const ask = (id: string, permissions: string[], headers = {}) => clerk.put(`/roles/${id}/permissions`, { permissions }, headers);
    expect((await ask(managers, ['anonymize_user'], { 'if-match': '"9"' })).body.code).toBe('privilege_escalation');
    expect((await ask(managers, ['fly'])).status).toBe(400);
    expect((await ask(randomUUID(), ['anonymize_user'])).status).toBe(404);
    expect((await ask(managers, [], { 'if-match': '"9"' })).body.code).toBe('version_mismatch');
    expect((await ask(managers, [])).body.code).toBe('system_role');
  });

  it('counts by the version of the role, which also moves when the catalogue of a running company grows', async () => {
    const growing = await server.company();
    const versions = () =>
      server.sql<{ version: number }>(`SELECT version FROM roles WHERE "companyId" = $1 AND name = 'Admin'`, [growing.id]);
    const [before] = await versions();
    // As if the permission came with a newer version of the product, of which the database knows nothing yet.
    await server.sql(
      `DELETE FROM role_permissions WHERE "companyId" = $1 AND "permissionId" IN (SELECT p.id FROM permissions p WHERE p.name = 'read_audit_log')`,
      [growing.id],
    );
    expect((await growing.admin.get('/audit-logs')).status).toBe(403);
    await server.app.get(UnitOfWork).within({ companyId: growing.id, userId: null }, () => server.app.get(SystemRoles).make());
    expect(await versions()).toEqual([{ version: before!.version + 1 }]);
    await sleep(1050); // it came from elsewhere
    expect((await growing.admin.get('/audit-logs')).status).toBe(200);
  });

  it('gives nobody a name that the catalogue does not know any more, which is in nobody’s way either', async () => {
    const aged = await server.company();
    const [person, roleId] = [await aged.person(), await aged.role(['read_team'])];
    const permissionId = await aged.insert('permissions', { name: 'fly', description: 'Fly.' });
    await aged.insert('role_permissions', { roleId, permissionId });
    expect((await aged.admin.patch(`/users/${person.id}`, { roleId })).status).toBe(200);
    expect((await person.get('/me')).body.permissions).toEqual(['read_team']);
  });

  it('counts at the next request on this replica, within a second on the others', async () => {
    const replica = await server.secondReplica();
    const reader = await company.person({ role: ['read_role'] });
    const [{ id } = { id: '' }] = await server.sql<{ id: string }>('SELECT "roleId" AS id FROM users WHERE id = $1', [reader.id]);
    const elsewhere = reader.on(replica);
    expect((await reader.get('/roles')).status).toBe(200);
    expect((await elsewhere.get('/roles')).status).toBe(200);
    await admin.put(`/roles/${id}/permissions`, { permissions: [] });
    expect((await reader.get('/roles')).status).toBe(403);
    await sleep(1050); // a timer may be a millisecond early
    expect((await elsewhere.get('/roles')).status).toBe(403);
    await admin.put(`/roles/${id}/permissions`, { permissions: ['read_role'] });
    expect((await reader.get('/roles')).status).toBe(200);
  });
});

describe('deleting a role', () => {
  it('waits until nobody has it, also nobody who could be restored with it', async () => {
    const person = await company.person({ role: ['read_team'] });
    const [{ id } = { id: '' }] = await server.sql<{ id: string }>('SELECT "roleId" AS id FROM users WHERE id = $1', [person.id]);
    const inUse = await admin.delete(`/roles/${id}`);
    expect([inUse.status, inUse.body.code]).toEqual([409, 'role_in_use']);
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [person.id]);
    expect((await admin.delete(`/roles/${id}`)).body.code).toBe('role_in_use');
    await server.sql('UPDATE users SET "isAnonymized" = true WHERE id = $1', [person.id]);
    expect((await admin.delete(`/roles/${id}`)).status).toBe(204);
  });

  it('takes its permissions away, and leaves the rows of those that it had as they ended', async () => {
    const { id } = await newRole(['read_team']);
    for (const permissions of [[], ['read_team']]) await admin.put(`/roles/${id}/permissions`, { permissions });
    const rows = () => server.sql('SELECT version, "deletedAt" FROM role_permissions WHERE "roleId" = $1 ORDER BY "createdAt"', [id]);
    const [first, second] = await rows();
    expect([first, second]).toEqual([
      { version: 2, deletedAt: expect.any(Date) },
      { version: 1, deletedAt: null },
    ]);
    expect((await admin.delete(`/roles/${id}`)).status).toBe(204);
    expect(await rows()).toEqual([first, { version: 2, deletedAt: expect.any(Date) }]);
  });

  it('succeeds once of twenty at once', async () => {
    const { id } = await newRole(['read_team']);
    const answers = await twenty(() => admin.delete(`/roles/${id}`));
    expect(statuses(answers)).toEqual([204, ...Array<number>(19).fill(404)]);
  });

  it('waits for whoever is giving it to somebody', async () => {
    const { id } = await newRole();
    const deleted = await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('UPDATE users SET "roleId" = $3 WHERE "companyId" = $1 AND id = $2', [company.id, employee.id, id]);
      const deleting = admin.delete(`/roles/${id}`);
      await server.untilSomebodyWaits();
      await client.query('COMMIT');
      return deleting;
    });
    expect([deleted.status, deleted.body.code]).toEqual([409, 'role_in_use']);
  });

  it('and giving it to somebody never both succeed', async () => {
    const roles = await Promise.all(Array.from({ length: 10 }, () => newRole()));
    for (const { id } of roles) {
      const [deleted, given] = await Promise.all([admin.delete(`/roles/${id}`), admin.patch(`/users/${employee.id}`, { roleId: id })]);
      expect([
        [204, 400],
        [409, 200],
      ]).toContainEqual([deleted.status, given.status]);
    }
  });
});
