import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import { codes } from '../../../../test/answer.js';
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

const move = (person: Person, code: string, by = admin) => by.post(`/users/${person.id}/status`, { code });

/** Everything that takes an Admin away. */
const take = async (by: Person, from: Person) => [
  await by.delete(`/users/${from.id}`),
  await move(from, 'SUSPENDED', by),
  await move(from, 'TERMINATED', by),
  await by.patch(`/users/${from.id}`, { roleId: await by.company.roleId('Employee') }),
];

describe('status', () => {
  it('moves as the contract says and no other way', async () => {
    const allowed: Record<string, string[]> = {
      INVITED: ['TERMINATED'],
      ACTIVE: ['SUSPENDED', 'TERMINATED'],
      SUSPENDED: ['ACTIVE', 'TERMINATED'],
      TERMINATED: [],
    };
    const all = Object.keys(allowed) as ('INVITED' | 'ACTIVE' | 'SUSPENDED' | 'TERMINATED')[];
    for (const from of all) {
      for (const to of all) {
        const person = await company.person({ status: from });
        const { status, body, headers } = await move(person, to);
        const isAllowed = allowed[from]!.includes(to);
        expect([status, body.code ?? body.status, headers.etag]).toEqual(
          isAllowed ? [200, to, '"2"'] : [409, 'invalid_transition', undefined],
        );
      }
    }
    expect((await move(employee, 'GONE')).status).toBe(400);
    expect((await move(manager, 'SUSPENDED', employee)).status).toBe(403);
  });

  it('takes sessions, keys and links with it, and tells the reason', async () => {
    const person = await company.person();
    const key = await person.apiKey();
    await company.insert('one_time_tokens', {
      userId: person.id,
      purpose: 'password_reset',
      tokenHash: randomUUID(),
      expiresAt: new Date(Date.now() + 3.6e6),
    });
    expect([(await person.get('/me')).status, (await key.get('/me')).status]).toEqual([200, 200]);
    await admin.post(`/users/${person.id}/status`, { code: 'SUSPENDED', reason: 'Sabbatical' });
    expect([(await person.get('/me')).status, (await key.get('/me')).status]).toEqual([401, 401]);
    await move(person, 'ACTIVE');
    expect([(await person.get('/me')).status, (await key.get('/me')).status]).toEqual([401, 401]); // none comes back
    expect(await server.sql('SELECT 1 FROM one_time_tokens WHERE "userId" = $1 AND "deletedAt" IS NULL', [person.id])).toEqual([]);
    const [row] = await server.audits(person.id, 'user_status_changed');
    expect(row).toMatchObject({ before: { status: 'ACTIVE' }, after: { status: 'SUSPENDED', reason: 'Sabbatical' } });
    expect((await admin.post(`/users/${person.id}/status`, { code: 'SUSPENDED' }, { 'if-match': '"1"' })).status).toBe(412);
  });

  it('changes once of twenty at once', async () => {
    const person = await company.person();
    const answers = await Promise.all(Array.from({ length: 20 }, () => move(person, 'SUSPENDED')));
    expect(codes(answers)).toEqual(['200', ...Array(19).fill('409 invalid_transition')]);
    expect(await server.audits(person.id, 'user_status_changed')).toHaveLength(1);
  });
});

describe('deleting', () => {
  it('happens at one instant, in the user, what ends with them and the audit log', async () => {
    const person = await company.person();
    expect((await admin.delete(`/users/${person.id}`)).status).toBe(204);
    const told = await server.sql<{ at: Date }>(
      `SELECT unnest(ARRAY[u."deletedAt", u."updatedAt", s."revokedAt", l."occurredAt"]) AS at FROM users u
       JOIN active_sessions s ON s."userId" = u.id JOIN audit_logs l ON l."userId" = u.id AND l.action = 'user_deleted'
       WHERE u.id = $1`,
      [person.id],
    );
    expect(told).toEqual(Array(4).fill(told[0]));
  });

  it('hides the user, who comes back as before but signed out', async () => {
    const person = await company.person({ role: 'Manager' });
    const key = await person.apiKey();
    expect((await admin.delete(`/users/${person.id}`, { 'if-match': '"7"' })).status).toBe(412);
    expect((await admin.delete(`/users/${person.id}`)).status).toBe(204);
    expect(codes([await admin.delete(`/users/${person.id}`), await admin.get(`/users/${person.id}`)])).toEqual(
      Array(2).fill('404 not_found'),
    );
    expect([(await person.get('/me')).status, (await key.get('/me')).status]).toEqual([401, 401]);
    const restored = await admin.post(`/users/${person.id}/restore`);
    expect([restored.status, restored.body.status, restored.body.role.name]).toEqual([200, 'ACTIVE', 'Manager']);
    expect([(await person.get('/me')).status, (await key.get('/me')).status]).toEqual([401, 401]);
    expect((await person.signIn()).token).toBeTruthy();
    const again = await admin.post(`/users/${person.id}/restore`);
    expect([again.status, again.body.code]).toEqual([409, 'invalid_transition']);
    expect((await admin.post(`/users/${randomUUID()}/restore`)).status).toBe(404);
    expect(
      [await server.audits(person.id, 'user_deleted'), await server.audits(person.id, 'user_restored')].map(({ length }) => length),
    ).toEqual([1, 1]);
  });
});

/** Somebody anonymised and deleted, with the path of a role that nobody else has. */
const anonymised = async () => {
  const person = await company.person({ role: ['read_team'] });
  await admin.post(`/users/${person.id}/anonymize`);
  await admin.delete(`/users/${person.id}`);
  const [row] = await server.sql<{ roleId: string }>('SELECT "roleId" FROM users WHERE id = $1', [person.id]);
  return { person, role: `/roles/${row!.roleId}` };
};

describe('restoring an anonymised user', () => {
  it('is refused once the role was deleted', async () => {
    const { person, role } = await anonymised();
    expect((await admin.delete(role)).status).toBe(204);
    const stale = await admin.post(`/users/${person.id}/restore`, undefined, { 'if-match': '"99"' });
    const refused = await admin.post(`/users/${person.id}/restore`);
    expect(codes([stale, refused])).toEqual(['409 conflict', '412 version_mismatch']);
  });

  it('and deleting the role never both succeed', async () => {
    for (const { person, role } of [await anonymised(), await anonymised(), await anonymised(), await anonymised()]) {
      const [restored, deleted] = await Promise.all([admin.post(`/users/${person.id}/restore`), admin.delete(role)]);
      expect([
        [200, 409],
        [409, 204],
      ]).toContainEqual([restored.status, deleted.status]);
    }
  });
});

/** What the access log has of others' profiles that somebody read. */
const noted = async (by: Person) => {
  await server.app.get(Accesses).flush();
  const rows = await server.sql<{ row: string }>(
    `SELECT concat_ws(' ', action, "targetType", "targetId") AS row FROM access_logs WHERE "actorUserId" = $1 AND "userId" = "targetId" ORDER BY "occurredAt"`,
    [by.id],
  );
  return rows.map(({ row }) => row);
};

it('what an act on a user answers is what its caller may read of them, and noted where it is more than the name', async () => {
  const target = await company.person({ firstName: 'Sophie', lastName: 'Germain' });
  const invitee = await company.person({ firstName: 'Sophie', lastName: 'Germain', status: 'INVITED' });
  const acts = async (by: Person) => {
    const answers = [
      await by.post(`/users/${invitee.id}/invitation`),
      await by.post(`/users/${target.id}/status`, { code: 'SUSPENDED' }),
      await by.post(`/users/${target.id}/status`, { code: 'ACTIVE' }),
    ];
    await by.delete(`/users/${target.id}`);
    answers.push(await by.post(`/users/${target.id}/restore`), await by.patch(`/users/${target.id}`, { lastName: `Of ${by.id}` }));
    return answers;
  };
  const permissions = ['create_user', 'change_user_status', 'delete_user', 'update_user'] as const;
  const [blind, seeing] = [await company.person({ role: [...permissions] }), await company.person({ role: [...permissions, 'read_user'] })];
  const names = await acts(blind);
  expect(names.map(({ status }) => status)).toEqual(Array(5).fill(200));
  expect(names.map(({ body }) => Object.keys(body).toSorted().join(' '))).toEqual(Array(5).fill('firstName id lastName'));
  expect(await noted(blind)).toEqual([]);
  expect((await acts(seeing)).map(({ body }) => body.email)).toEqual([invitee.email, ...Array<string>(4).fill(target.email)]);
  expect(await noted(seeing)).toEqual([`profile_read User ${invitee.id}`, ...Array<string>(4).fill(`profile_read User ${target.id}`)]);
});

describe('the last Admin', () => {
  it('stays', async () => {
    const small = await server.company();
    await small.person({ role: 'Admin', status: 'SUSPENDED' });
    await small.person({ role: 'Admin', status: 'INVITED' });
    expect(codes(await take(small.admin, small.admin))).toEqual(Array(4).fill('409 last_admin'));
  });

  it.each(['delete', 'suspend', 'demote'])('stays when two %s each other at the same moment', async (how) => {
    const small = await server.company();
    const other = await small.person({ role: 'Admin' });
    const roleId = await small.roleId('Employee');
    const act = (by: Person, on: Person) =>
      how === 'delete'
        ? by.delete(`/users/${on.id}`)
        : how === 'suspend'
          ? by.post(`/users/${on.id}/status`, { code: 'SUSPENDED' })
          : by.patch(`/users/${on.id}`, { roleId });
    const answers = await Promise.all([act(small.admin, other), act(other, small.admin)]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    const [left] = await server.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM users u JOIN user_statuses t ON t.id = u."statusId" AND t."canLogin"
       JOIN roles r ON r.id = u."roleId" AND r.name = 'Admin' WHERE u."companyId" = $1 AND u."deletedAt" IS NULL`,
      [small.id],
    );
    expect(left!.count).toBe(1);
  });

  it('passes the company on to the Admin of longest standing', async () => {
    const small = await server.company();
    const [suspended, second, third] = [
      await small.person({ role: 'Admin', status: 'SUSPENDED' }),
      await small.person({ role: 'Admin' }),
      await small.person({ role: 'Admin' }),
    ];
    const owner = async () =>
      (await server.sql<{ id: string }>('SELECT "ownerUserId" AS id FROM company_settings WHERE "companyId" = $1', [small.id]))[0]!.id;
    expect((await third.patch(`/users/${small.admin.id}`, { roleId: await small.roleId('Employee') })).status).toBe(200);
    expect(await owner()).toBe(second.id);
    expect((await third.delete(`/users/${suspended.id}`)).status).toBe(204);
    expect(await owner()).toBe(second.id);
    expect((await third.post(`/users/${second.id}/status`, { code: 'TERMINATED' })).status).toBe(200);
    expect(await owner()).toBe(third.id);
    expect(await server.audits(third.id, 'company_owner_changed')).toHaveLength(1);
  });
});
