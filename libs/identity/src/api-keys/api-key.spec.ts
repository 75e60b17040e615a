import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { codes } from '../../../../test/answer.js';
import { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  ({ admin } = company);
});
afterAll(() => server.stop());
afterEach(() => clock.reset());

const make = (by: Client, body: object = {}) => by.post('/api-keys', { name: 'Payroll', ...body });
const using = (key: string) => new Client(server.app, key);
const permissions = async (key: Client) => (await key.get('/me')).body.permissions;
const travel = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));

describe('an API key', () => {
  it('is shown once and stored as a hash', async () => {
    const made = await make(admin);
    expect(made.status).toBe(201);
    expect(made.headers.location).toBe(`/api/v1/api-keys/${made.body.id}`);
    const { key, ...shown } = made.body;
    expect(key).toMatch(/^ncy8_[\w-]{65}[\da-f]{8}$/);
    expect(shown).toMatchObject({ userId: admin.id, name: 'Payroll', permissions: null, expiresAt: null, lastUsedAt: null, version: 1 });
    expect((await admin.get(`/api-keys/${shown.id}`)).body).toEqual(shown);
    expect((await admin.get('/api-keys')).body.items).toContainEqual(shown);
    expect(JSON.stringify(await server.sql('SELECT * FROM api_keys'))).not.toContain(key);
    expect(JSON.stringify(await server.sql('SELECT * FROM audit_logs'))).not.toContain(key);
  });

  it('is never kept for a safe repeat', async () => {
    const [first, second] = [
      await admin.post('/api-keys', { name: 'A' }, { 'idempotency-key': 'k' }),
      await admin.post('/api-keys', { name: 'A' }, { 'idempotency-key': 'k' }),
    ];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.key).not.toBe(first.body.key);
  });

  it('acts as its owner with at most the owner’s present permissions', async () => {
    const owner = await company.person({ role: ['manage_api_key', 'read_user', 'read_role'] });
    const whole = using((await make(owner)).body.key);
    const some = using((await make(owner, { permissions: ['read_user'] })).body.key);
    const none = using((await make(owner, { permissions: [] })).body.key);
    expect(await Promise.all([whole, some, none].map(permissions))).toEqual([
      ['manage_api_key', 'read_role', 'read_user'],
      ['read_user'],
      [],
    ]);
    expect([(await some.get('/users?status=ACTIVE')).status, (await none.get('/users?status=ACTIVE')).status]).toEqual([200, 403]);
    await admin.patch(`/users/${owner.id}`, { roleId: await company.role(['read_role']) });
    expect(await Promise.all([whole, some, none].map(permissions))).toEqual([['read_role'], [], []]);
  });

  it('gets no permission that its maker does not hold', async () => {
    const owner = await company.person({ role: ['manage_api_key'] });
    const refused = await make(owner, { permissions: ['manage_api_key', 'read_user'] });
    expect([refused.status, refused.body.code]).toEqual([403, 'privilege_escalation']);
    const rows = await server.sql(`SELECT 1 FROM audit_logs WHERE "actorUserId" = $1 AND action = 'privilege_escalation_refused'`, [
      owner.id,
    ]);
    expect(rows).toHaveLength(1);
    const unknown = await make(owner, { permissions: ['manage_api_key', 'fly'], expiresAt: '2020-01-01T00:00:00Z' });
    expect([unknown.status, unknown.body.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
      400,
      ['/permissions/1', '/expiresAt'],
    ]);
    for (const body of [{ name: ' ' }, { expiresAt: '2030-02-30T00:00:00Z' }, { permissions: 'all' }, { userId: admin.id }])
      expect((await make(owner, body)).status).toBe(400);
  });

  it('is made for nobody who is suspended at the same moment', async () => {
    const owner = await company.person({ role: ['manage_api_key'] });
    const { status, body } = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [owner.id]);
      const making = make(owner);
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
      return making;
    });
    expect([status, body.code]).toEqual([401, 'not_signed_in']);
  });

  it('acts on its owner, beyond the own profile, only when it holds all that the owner holds', async () => {
    const second = await company.person({ role: 'Admin' });
    const narrow = await second.apiKey(['read_user', 'update_user', 'assign_role', 'change_user_status', 'delete_user', 'anonymize_user']);
    const path = `/users/${second.id}`;
    const refused = [
      await narrow.patch(path, { email: 'taken-over@example.com' }),
      await narrow.patch(path, { firstName: 'Key', externalId: 'P-9' }),
      await narrow.patch(path, { roleId: await company.roleId('Employee') }),
      await narrow.post(`${path}/status`, { code: 'SUSPENDED' }),
      await narrow.delete(path),
      await narrow.put(`${path}/approvers`, { approverIds: [] }),
      await narrow.post(`${path}/anonymize`),
    ];
    expect(refused.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(7).fill('403 privilege_escalation'));
    const seen = await second.get('/me'); // still signed in
    expect(seen.body).toMatchObject({ email: second.email, firstName: 'Pat', role: { name: 'Admin' }, version: 1 });
    for (const key of [narrow, await second.apiKey([])]) {
      expect((await key.patch(path, { firstName: 'Key', lastName: 'Owner', phoneNumber: null })).status).toBe(200);
      expect((await key.patch('/me', { firstName: 'Pat' })).status).toBe(200);
    }
    expect((await (await second.apiKey()).patch(path, { externalId: 'P-9' })).status).toBe(200);
    const owner = await company.person({ role: ['update_user'] });
    expect((await (await owner.apiKey(['update_user'])).patch(`/users/${owner.id}`, { externalId: 'P-10' })).status).toBe(200);
  });

  it('needs manage_api_key and a session', async () => {
    const employee = await company.person();
    const key = await admin.apiKey();
    for (const client of [employee, key]) {
      const id = randomUUID();
      const answers = [
        await client.get('/api-keys'),
        await make(client),
        await client.get(`/api-keys/${id}`),
        await client.delete(`/api-keys/${id}`),
      ];
      expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(4).fill('403 forbidden'));
    }
  });

  it('notes its use at most once a minute, even when what it asks is refused', async () => {
    const { id, key } = (await make(admin, { permissions: [] })).body;
    const used = async () => Date.parse((await admin.get(`/api-keys/${id}`)).body.lastUsedAt);
    const before = clock.now().getTime();
    expect((await using(key).get('/users?status=ACTIVE')).status).toBe(403);
    const after = clock.now().getTime();
    const first = await used();
    expect([first >= before, first <= after]).toEqual([true, true]);
    travel(30_000);
    await using(key).get('/me');
    expect(await used()).toBe(first);
    travel(31_000);
    await using(key).get('/me');
    expect(await used()).toBeGreaterThan(first);
  });

  it('notes one of twenty uses at once, and waits for nobody who holds its row', async () => {
    const { id, key } = (await make(admin)).body;
    const used = async () => (await admin.get(`/api-keys/${id}`)).body.lastUsedAt;
    const twenty = async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => using(key).get('/me')));
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    };
    await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query('SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
      await twenty();
      await other.query('ROLLBACK');
    });
    expect(await used()).toBeNull();
    await server.sql('CREATE SEQUENCE uses');
    await server.sql(`CREATE FUNCTION count_use() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN PERFORM nextval(''uses''); RETURN NULL; END'`);
    await server.sql('CREATE TRIGGER count_use AFTER UPDATE ON api_keys FOR EACH ROW EXECUTE FUNCTION count_use()');
    await twenty();
    expect(await used()).not.toBeNull();
    expect(await server.sql('SELECT last_value::int, is_called FROM uses')).toEqual([{ last_value: 1, is_called: true }]);
    await server.sql('DROP TRIGGER count_use ON api_keys');
  });

  it('ends by its time, by its revocation, and with its owner', async () => {
    const timed = (await make(admin, { expiresAt: new Date(Date.now() + 60_000).toISOString() })).body;
    expect((await using(timed.key).get('/me')).status).toBe(200);
    travel(61_000);
    expect((await using(timed.key).get('/me')).status).toBe(401);
    clock.reset();
    const owner = await company.person({ role: ['manage_api_key'] });
    const granted = { permissions: ['manage_api_key'], expiresAt: '2199-12-31T00:00:00Z' };
    const { id, key } = (await make(owner, granted)).body;
    expect((await admin.delete(`/api-keys/${id}`, { 'if-match': '"9"' })).status).toBe(412);
    expect((await admin.delete(`/api-keys/${id}`)).status).toBe(204);
    expect((await using(key).get('/me')).status).toBe(401);
    expect([(await admin.delete(`/api-keys/${id}`)).status, (await admin.get(`/api-keys/${id}`)).status]).toEqual([404, 404]);
    const rows = await server.sql(
      `SELECT action, "userId", before, after FROM audit_logs WHERE "targetType" = 'ApiKey' AND "targetId" = $1 ORDER BY "occurredAt"`,
      [id],
    );
    expect(rows).toEqual([
      { action: 'api_key_created', userId: owner.id, before: null, after: { name: 'changed', ...granted } },
      { action: 'api_key_revoked', userId: owner.id, before: granted, after: null },
    ]);
    const second = (await make(owner)).body.key;
    await admin.post(`/users/${owner.id}/status`, { code: 'SUSPENDED' });
    expect((await using(second).get('/me')).status).toBe(401);
  });

  it('is revoked once of two at once', async () => {
    const { id } = (await make(admin)).body;
    const answers = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query('SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
      const both = [admin.delete(`/api-keys/${id}`), admin.delete(`/api-keys/${id}`)];
      await server.untilSomebodyWaits(2);
      await other.query('COMMIT');
      return Promise.all(both);
    });
    expect(codes(answers)).toEqual(['204', '404 not_found']);
    expect(await server.sql(`SELECT 1 FROM audit_logs WHERE "targetId" = $1 AND action = 'api_key_revoked'`, [id])).toHaveLength(1);
  });

  it('is no other text', async () => {
    const { key } = (await make(admin)).body;
    const swapped = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    for (const other of [swapped, key.slice(0, -1), `${key}0`, 'ncy8_', `ncy8_${'A'.repeat(73)}`])
      expect((await using(other).get('/me')).status).toBe(401);
  });

  it('of another company is not there', async () => {
    const foreign = await server.company();
    const { id } = (await make(foreign.admin)).body;
    expect([(await admin.get(`/api-keys/${id}`)).status, (await admin.delete(`/api-keys/${id}`)).status]).toEqual([404, 404]);
    expect((await foreign.admin.get('/api-keys')).body.items).toHaveLength(1);
    expect((await foreign.admin.get(`/api-keys?userId=${admin.id}`)).body.items).toEqual([]);
  });

  it('is listed newest first', async () => {
    const owner = await company.person({ role: ['manage_api_key'] });
    for (const name of ['first', 'second', 'third']) await make(owner, { name });
    const page = await admin.get(`/api-keys?userId=${owner.id}&limit=2`);
    const rest = await admin.get(`/api-keys?userId=${owner.id}&limit=2&cursor=${page.body.nextCursor}`);
    expect([...page.body.items, ...rest.body.items].map(({ name }) => name)).toEqual(['third', 'second', 'first']);
    expect(rest.body.nextCursor).toBeNull();
  });
});
