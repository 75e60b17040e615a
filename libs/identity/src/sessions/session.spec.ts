import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clock } from '#core';
import { Client } from '../../../../test/client.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

const DAY = 24 * 3600 * 1000;
const NEW_PASSWORD = 'an evening on the pier';

let server: TestServer;
let replica: NestFastifyApplication;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  replica = await server.secondReplica();
  company = await server.company();
});
afterAll(() => server.stop());
afterEach(() => clock.reset());

const refresh = (refreshToken: string | undefined, client = server.anybody) => client.post('/auth/refresh', { refreshToken });
const travel = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));
const alive = async (accessToken: string) => (await new Client(server.app, accessToken).get('/me')).status;
const audited = async (person: Person): Promise<string[]> =>
  (await server.sql<{ action: string }>('SELECT action FROM audit_logs WHERE "userId" = $1 ORDER BY "occurredAt"', [person.id])).map(
    ({ action }) => action,
  );
const revoked = async (person: Person): Promise<boolean[]> =>
  (
    await server.sql<{ isRevoked: boolean }>(
      'SELECT "revokedAt" IS NOT NULL AS "isRevoked" FROM active_sessions WHERE "userId" = $1 ORDER BY "createdAt"',
      [person.id],
    )
  ).map(({ isRevoked }) => isRevoked);

describe('a session', () => {
  it('that idles out within a second lives as long as it is used, and no longer', async () => {
    const [hasty, person] = [await server.secondReplica({ SESSION_IDLE_TTL: '1s' }), await company.person()];
    const [client, began] = [person.on(hasty), clock.now().getTime()];
    /** So long after the beginning, and for longer than what was read before is gone on with. */
    const at = async (ms: number) => {
      clock.travelTo(new Date(began + ms));
      const { status } = await client.get('/me');
      await sleep(260);
      return status;
    };
    for (let ms = 0; ms < 3000; ms += 250) expect([ms, await at(ms)]).toEqual([ms, 200]);
    expect(await at(4000)).toBe(401);
  });

  it('ends when it is to end, also where it was just asked for', async () => {
    const person = await company.person();
    const client = person.on(replica);
    await server.sql('UPDATE active_sessions SET "expiresAt" = $2 WHERE "userId" = $1', [person.id, new Date(clock.now().getTime() + 600)]);
    expect((await client.get('/me')).status).toBe(200);
    await sleep(600);
    expect((await client.get('/me')).status).toBe(401);
  });
});

describe('a refresh token', () => {
  it('is exchanged once, and the family keeps its end', async () => {
    const person = await company.person();
    const first = await refresh(person.refreshToken);
    expect(first.status).toBe(200);
    expect(first.body.refreshToken).not.toBe(person.refreshToken);
    expect(await alive(first.body.accessToken)).toBe(200);
    travel(DAY);
    const second = await refresh(first.body.refreshToken);
    expect(second.body.refreshExpiresAt).toBe(first.body.refreshExpiresAt);
    expect(second.headers['cache-control']).toBe('no-store');
    const [row] = await server.sql<{ tokenHash: string; previousTokenHash: string }>('SELECT * FROM active_sessions WHERE "userId" = $1', [
      person.id,
    ]);
    expect(JSON.stringify(row)).not.toContain(second.body.refreshToken);
  });

  it('tells its end in the form that the list of sessions has, from the sign-in on', async () => {
    const person = await company.person();
    const session = '/auth/sessions?limit=1';
    for (let n = 0; n < 30; n++) {
      const { body } = await server.anybody.post('/auth/login', { email: person.email, password: PASSWORD });
      const [{ expiresAt }] = (await person.get(session)).body.items;
      const renewed = await refresh(body.refreshToken);
      expect([body.refreshExpiresAt, renewed.body.refreshExpiresAt]).toEqual([expiresAt, expiresAt]);
    }
  });

  it('shown again within ten seconds gets the same successor', async () => {
    const person = await company.person();
    const first = await refresh(person.refreshToken);
    travel(9000);
    const again = await refresh(person.refreshToken);
    expect([again.status, again.body.refreshToken]).toEqual([200, first.body.refreshToken]);
    expect(await revoked(person)).toEqual([false]);
  });

  it('shown again later revokes the session, and tells the audit log once', async () => {
    const person = await company.person();
    const first = await refresh(person.refreshToken);
    travel(11_000);
    for (let time = 0; time < 2; time++) {
      const reused = await refresh(person.refreshToken);
      expect([reused.status, reused.body.code]).toEqual([401, 'refresh_token_reused']);
    }
    expect(await alive(first.body.accessToken)).toBe(401);
    expect((await refresh(first.body.refreshToken)).status).toBe(401);
    expect((await audited(person)).filter((action) => action === 'refresh_token_reused')).toHaveLength(1);
  });

  it('of the generation before the last revokes at once', async () => {
    const person = await company.person();
    const first = await refresh(person.refreshToken);
    await refresh(first.body.refreshToken);
    const reused = await refresh(person.refreshToken);
    expect([reused.status, reused.body.code]).toEqual([401, 'refresh_token_reused']);
    expect(await revoked(person)).toEqual([true]);
  });

  it('forged with a real session in it is refused and changes nothing', async () => {
    const person = await company.person();
    const [version, kid, companyPart, session, generation, mac] = person.refreshToken!.split('.');
    const other = (await company.person()).refreshToken!.split('.');
    const forged = [
      [version, kid, companyPart, session, generation, other[5]].join('.'),
      [version, kid, companyPart, session, '0', mac].join('.'),
      [version, kid, companyPart, session, '7', mac].join('.'),
      [version, 'AAAAAAAA', companyPart, session, generation, mac].join('.'),
      [version, kid, other[2], other[3], generation, mac].join('.'),
      `${person.refreshToken}x`,
      'nonsense',
    ];
    for (const token of forged) {
      const { status, body } = await refresh(token);
      expect([status, body.code]).toEqual([401, 'invalid_token']);
    }
    expect(await revoked(person)).toEqual([false]);
    expect((await refresh(person.refreshToken)).status).toBe(200);
  });

  it('newer than its session, as after a restore, is refused', async () => {
    const person = await company.person();
    const { body } = await refresh((await refresh(person.refreshToken)).body.refreshToken);
    await server.sql('UPDATE active_sessions SET generation = 1 WHERE "userId" = $1', [person.id]);
    const refused = await refresh(body.refreshToken);
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_token']);
    expect(await revoked(person)).toEqual([false]);
  });

  it('shown twenty times at once, on two replicas, leaves one live chain', async () => {
    const person = await company.person();
    const clients = [server.anybody, new Client(replica)];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => refresh(person.refreshToken, clients[index % 2])));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect(await revoked(person)).toEqual([false]);
    expect((await refresh(answers[0]!.body.refreshToken)).status).toBe(200);
  });

  it('ends with its family, with idleness, and with its user', async () => {
    const [expired, idle, suspended] = [await company.person(), await company.person(), await company.person()];
    await server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [suspended.id]);
    expect((await refresh(suspended.refreshToken)).status).toBe(401);
    let { refreshToken } = expired;
    for (let day = 6; day < 30; day += 6) {
      travel(6 * DAY);
      refreshToken = (await refresh(refreshToken)).body.refreshToken;
    }
    expect((await refresh(idle.refreshToken)).status).toBe(401);
    travel(6 * DAY);
    expect((await refresh(refreshToken)).status).toBe(401);
  });
});

describe('sessions', () => {
  it('lists my active ones, newest first, and tells which one asks', async () => {
    const person = await company.person();
    const other = await new Client(server.app).post(
      '/auth/login',
      { email: person.email, password: PASSWORD, deviceId: 'phone' },
      { 'user-agent': 'Spec/1' },
    );
    const { status, body } = await person.get('/auth/sessions');
    expect(status).toBe(200);
    expect(body.items).toHaveLength(2);
    expect(Object.keys(body.items[0]).toSorted()).toEqual([
      'createdAt',
      'current',
      'deviceId',
      'expiresAt',
      'id',
      'ip',
      'lastSeenAt',
      'userAgent',
    ]);
    expect(body.items.map(({ current, deviceId, userAgent }: Record<string, unknown>) => [current, deviceId, userAgent])).toEqual([
      [false, 'phone', 'Spec/1'],
      [true, null, expect.anything()],
    ]);
    const first = await person.get('/auth/sessions?limit=1');
    const rest = await person.get(`/auth/sessions?limit=1&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...rest.body.items]).toEqual(body.items);
    expect((await person.get('/auth/sessions?user=x')).status).toBe(400);
    expect((await new Client(server.app, other.body.accessToken).get('/auth/sessions')).body.items[0].current).toBe(true);
  });

  it('ends one of mine, once, and nobody else’s', async () => {
    const person = await company.person();
    const second = await new Client(server.app).post('/auth/login', { email: person.email, password: PASSWORD });
    const [{ id }] = (await person.get('/auth/sessions')).body.items;
    const stranger = await company.person();
    expect((await stranger.delete(`/auth/sessions/${id}`)).status).toBe(404);
    expect((await person.delete(`/auth/sessions/${id}`)).status).toBe(204);
    expect(await alive(second.body.accessToken)).toBe(401);
    expect((await person.delete(`/auth/sessions/${id}`)).status).toBe(404);
    expect((await person.delete(`/auth/sessions/${randomUUID()}`)).status).toBe(404);
    expect((await person.delete('/auth/sessions/1')).status).toBe(400);
    expect(await audited(person)).toContain('session_revoked');
  });

  it('is no more once it has idled out', async () => {
    const person = await company.person();
    await server.anybody.post('/auth/login', { email: person.email, password: PASSWORD });
    const [{ id }] = (await person.get('/auth/sessions')).body.items;
    await server.sql(`UPDATE active_sessions SET "lastSeenAt" = "lastSeenAt" - interval '8 days' WHERE id = $1`, [id]);
    expect((await person.get('/auth/sessions')).body.items).toHaveLength(1);
    expect((await person.delete(`/auth/sessions/${id}`)).status).toBe(404);
    expect((await person.post('/auth/logout-all')).status).toBe(204);
    expect(await revoked(person)).toEqual([true, true]); // for another SESSION_IDLE_TTL would bring it back
  });

  it('ends this one, or all, at once here and within a second elsewhere', async () => {
    const person = await company.person();
    const second = await new Client(server.app).post('/auth/login', { email: person.email, password: PASSWORD });
    expect((await person.on(replica).get('/me')).status).toBe(200); // kept there from now on
    expect((await person.post('/auth/logout')).status).toBe(204);
    expect((await person.get('/me')).status).toBe(401);
    await sleep(1050); // a timer may be a millisecond early
    expect((await person.on(replica).get('/me')).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    const other = new Client(server.app, second.body.accessToken);
    expect((await other.post('/auth/logout-all')).status).toBe(204);
    expect((await other.get('/me')).status).toBe(401);
    expect(await audited(person)).toEqual(expect.arrayContaining(['signed_out', 'signed_out_everywhere']));
  });

  it('is not for keys', async () => {
    const key = await company.admin.apiKey();
    const answers = [
      await key.get('/auth/sessions'),
      await key.delete(`/auth/sessions/${randomUUID()}`),
      await key.post('/auth/logout'),
      await key.post('/auth/logout-all'),
      await key.post('/auth/password/change', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }),
      await key.get(`/users/${company.admin.id}/sessions`),
      await key.delete(`/users/${company.admin.id}/sessions`),
    ];
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(Array(7).fill('403 forbidden'));
  });

  it('notes when it was seen, at most once a minute, outside the request', async () => {
    const person = await company.person();
    const seen = async () =>
      (await server.sql<{ at: Date }>('SELECT "lastSeenAt" AS at FROM active_sessions WHERE "userId" = $1', [person.id]))[0]!.at.getTime();
    const first = await seen();
    await person.get('/me');
    expect(await seen()).toBe(first);
    await sleep(1050); // until the replica looks again
    travel(5 * 60_000);
    expect((await person.get('/me')).status).toBe(200);
    expect((await seen()) - first).toBeGreaterThan(4 * 60_000);
  });
});

const change = (person: Client, newPassword = NEW_PASSWORD, currentPassword = PASSWORD) =>
  person.post('/auth/password/change', { currentPassword, newPassword });
const login = (person: Person, password: string) => server.anybody.post('/auth/login', { email: person.email, password });

describe('changing the password', () => {
  it('ends the other sessions and keeps this one', async () => {
    const person = await company.person();
    const other = await login(person, PASSWORD);
    expect((await change(person)).status).toBe(204);
    expect((await person.get('/me')).status).toBe(200);
    expect(await alive(other.body.accessToken)).toBe(401);
    expect((await login(person, PASSWORD)).status).toBe(401);
    expect((await login(person, NEW_PASSWORD)).status).toBe(200);
    expect(await audited(person)).toContain('password_changed');
  });

  it('needs the present password, whose guesses count like sign-ins', async () => {
    const person = await company.person();
    await server.sql('DELETE FROM sign_in_attempts');
    for (let guess = 0; guess < 10; guess++) {
      const { status, body } = await change(person, NEW_PASSWORD, `guess number ${guess}`);
      expect([status, body.code]).toEqual([401, 'invalid_credentials']);
    }
    expect((await change(person)).status).toBe(429);
    expect((await login(person, PASSWORD)).status).toBe(429);
    expect(await audited(person)).toEqual(expect.arrayContaining(['password_change_failed', 'account_locked']));
  });

  it('wants a strong and another one', async () => {
    const person = await company.person({ firstName: 'Caroline', lastName: 'Herschel' });
    for (const weak of ['short', 'caroline herschel', PASSWORD]) {
      const { status, body } = await change(person, weak);
      expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'password_too_weak', '/newPassword']);
    }
    expect((await person.post('/auth/password/change', {})).body.errors).toHaveLength(2);
  });

  it.each([
    // as a sign-in beside it renews it: an Admin's is of the same password
    [
      'another hash of the password',
      `"passwordHash" = (SELECT "passwordHash" FROM users WHERE email LIKE 'admin-%' LIMIT 1)`,
      204,
      undefined,
      200,
    ],
    ['another password', `"passwordHash" = replace("passwordHash", 'wZC', 'xZC')`, 401, 'invalid_credentials', 401],
    ['been deleted', '"deletedAt" = now()', 401, 'not_signed_in', 401],
  ])('looks once more at who has %s since the proof', async (_, changed, status, code, signsIn) => {
    const person = await company.person();
    const answer = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(`UPDATE users SET ${changed} WHERE id = $1`, [person.id]);
      const changing = change(person);
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
      return changing;
    });
    expect([answer.status, answer.body?.code]).toEqual([status, code]);
    expect((await login(person, NEW_PASSWORD)).status).toBe(signsIn);
  });

  it('lets one of twenty through', async () => {
    const person = await company.person();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => change(person, `${NEW_PASSWORD} ${index}`)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.every(({ status }) => [204, 401, 429].includes(status))).toBe(true);
    expect(await revoked(person)).toEqual([false]);
  });

  it('is all that is open while it must be changed', async () => {
    const person = await company.person();
    await server.sql('UPDATE users SET "mustChangePasswordAtNextLogin" = true WHERE id = $1', [person.id]);
    await person.signIn();
    const closed = await person.get('/users');
    expect([closed.status, closed.body.code]).toEqual([403, 'password_change_required']);
    expect((await person.get('/auth/sessions')).status).toBe(403);
    expect((await (await person.apiKey()).get('/users')).body.code).toBe('password_change_required');
    expect((await person.get('/me')).body.mustChangePasswordAtNextLogin).toBe(true);
    expect((await person.patch('/me', { firstName: 'New' })).status).toBe(200);
    expect((await refresh(person.refreshToken)).body.mustChangePassword).toBe(true);
    expect((await change(person)).status).toBe(204);
    expect((await person.get('/users')).status).toBe(200);
  });

  it('leaves signing out open while it must be changed', async () => {
    for (const path of ['/auth/logout', '/auth/logout-all']) {
      const person = await company.person();
      await server.sql('UPDATE users SET "mustChangePasswordAtNextLogin" = true WHERE id = $1', [person.id]);
      await person.signIn();
      expect([path, (await person.post(path)).status, await alive(person.token!)]).toEqual([path, 204, 401]);
    }
  });
});
