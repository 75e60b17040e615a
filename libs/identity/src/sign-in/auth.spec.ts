import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clock, Problem } from '#core';
import { statuses, twenty } from '../../../../test/answer.js';
import { Client } from '../../../../test/client.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { Passwords } from '../passwords/passwords.js';

const MINUTE = 60_000;
const WRONG = 'a long walk by the lake';

let server: TestServer;
let replica: NestFastifyApplication;
let company: Company;
let mail = 0;

beforeAll(async () => {
  server = await startTestServer();
  replica = await server.secondReplica();
  company = await server.company({ name: 'Lighthouse' });
});
afterAll(() => server.stop());
afterEach(() => clock.reset());

const login = (email: string, password = PASSWORD, more: Record<string, unknown> = {}, client = server.anybody) =>
  client.post('/auth/login', { email, password, ...more });
const newEmail = () => `sign-in-${++mail}@example.com`;
const travel = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));
const audited = async (person: Person): Promise<string[]> =>
  (await server.sql<{ action: string }>('SELECT action FROM audit_logs WHERE "userId" = $1 ORDER BY "occurredAt"', [person.id])).map(
    ({ action }) => action,
  );
/** Lines of the audit log that do not tell where it came from. */
const untraced = (action: string, lines: number) => ({ action, lines, ip: null, requestId: null });
/** Milliseconds of a failing sign-in. */
const timeOf = async (attempt: () => Promise<unknown>): Promise<number> => {
  await forget();
  const start = performance.now();
  await attempt();
  return performance.now() - start;
};
const median = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
const failures = async (): Promise<number[]> =>
  (await server.sql<{ failures: number }>('SELECT failures FROM sign_in_attempts ORDER BY failures DESC')).map((row) => row.failures);
const forget = () => server.sql('DELETE FROM sign_in_attempts');

describe('signing in', () => {
  it('answers tokens and the user, and is in the audit log', async () => {
    const person = await company.person({ email: 'Mary.Somerville@example.com' });
    const { status, body, headers } = await login('mary.somerville@EXAMPLE.com', PASSWORD, { deviceId: '📱'.repeat(5000) });
    expect(status).toBe(200);
    expect(Object.keys(body).toSorted()).toEqual([
      'accessToken',
      'expiresIn',
      'mustChangePassword',
      'refreshExpiresAt',
      'refreshToken',
      'tokenType',
      'user',
    ]);
    expect(body).toMatchObject({
      tokenType: 'Bearer',
      expiresIn: 600,
      mustChangePassword: false,
      user: { id: person.id, status: 'ACTIVE' },
    });
    expect(body.user.lastLogin).toMatch(/Z$/);
    expect(JSON.stringify(body)).not.toMatch(/passwordHash|tokenHash|nonce/);
    expect(headers['cache-control']).toBe('no-store');
    expect(await audited(person)).toEqual(['signed_in', 'signed_in']);
    const [session] = await server.sql<{ length: number }>(
      'SELECT max(length("deviceId")) AS length FROM active_sessions WHERE "userId" = $1',
      [person.id],
    );
    expect(session!.length).toBe(512);
  });

  it('keeps the first 512 characters of the user agent', async () => {
    const person = await company.person();
    const agent = Array.from({ length: 600 }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');
    const credentials = { email: person.email, password: PASSWORD, companyId: person.companyId };
    const { body } = await server.anybody.post('/auth/login', credentials, { 'user-agent': agent });
    const sessions = (await new Client(server.app, body.accessToken).get('/auth/sessions')).body.items;
    expect(sessions.find(({ current }: { current: boolean }) => current).userAgent).toBe(agent.slice(0, 512));
  });

  it('refuses a wrong e-mail, a wrong password, an unknown company and an invited user alike', async () => {
    const person = await company.person();
    const invited = await company.person({ status: 'INVITED' });
    await server.sql(`UPDATE users SET "passwordHash" = '' WHERE id = $1`, [invited.id]);
    const answers = [
      await login(newEmail()),
      await login(person.email, WRONG),
      await login(person.email, PASSWORD, { companyId: randomUUID() }),
      await login(invited.email),
      await login((await company.person({ status: 'TERMINATED' })).email, WRONG),
    ];
    for (const { status, body } of answers) {
      expect({ status, ...body, requestId: '' }).toEqual({ ...answers[0]!.body, status: 401, code: 'invalid_credentials', requestId: '' });
    }
    expect(await audited(person)).toContain('sign_in_failed');
  });

  it('takes as long whatever is wrong: the password, the e-mail, the company, or the status too, in however many companies', async () => {
    const several = newEmail();
    for (let n = 0; n < 5; n++) await (await server.company()).person({ email: several });
    const [person, suspended] = [await company.person(), await company.person({ status: 'SUSPENDED' })];
    const wrong: Record<string, () => Promise<unknown>> = {
      password: () => login(person.email, WRONG),
      'e-mail': () => login(newEmail(), WRONG),
      company: () => login(person.email, PASSWORD, { companyId: randomUUID() }),
      status: () => login(suspended.email, WRONG),
      companies: () => login(several, WRONG),
    };
    const times = Object.keys(wrong).map((): number[] => []);
    // By turns, so that whatever else the machine does falls on all of them.
    for (let round = 0; round < 15; round++) {
      for (const [kind, attempt] of Object.values(wrong).entries()) times[kind]!.push(await timeOf(attempt));
    }
    const medians = times.map((of) => median(of));
    const [least, most] = [Math.min(...medians), Math.max(...medians)];
    expect(most).toBeLessThan(Math.max(2 * least, least + 8)); // without a hash it would be some 12 ms less
  });

  it.each(['SUSPENDED', 'TERMINATED'] as const)('tells one who proved the password that %s may not sign in', async (status) => {
    const person = await company.person({ status });
    const refused = await login(person.email);
    expect([refused.status, refused.body.code]).toEqual([403, 'account_not_active']);
    expect(await audited(person)).toEqual(['sign_in_failed']);
  });

  it('does not find a deleted user', async () => {
    const person = await company.person();
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [person.id]);
    expect((await login(person.email)).status).toBe(401);
  });

  it.each([
    ['another e-mail', `email = 'new-' || email`, 401, 'invalid_credentials'],
    ['another password', `"passwordHash" = replace("passwordHash", 'wZC', 'xZC')`, 401, 'invalid_credentials'],
    ['another status', `"statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED')`, 403, 'account_not_active'],
    // as a sign-in beside it renews it: an Admin's is of the same password
    [
      'another hash of the password',
      `"passwordHash" = (SELECT "passwordHash" FROM users WHERE email LIKE 'admin-%' LIMIT 1)`,
      200,
      undefined,
    ],
  ])('looks once more at who has %s since the proof', async (_, change, status, code) => {
    const person = await company.person();
    const answer = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(`UPDATE users SET ${change} WHERE id = $1`, [person.id]);
      const entering = login(person.email);
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
      return entering;
    });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('refuses bodies of another form', async () => {
    const { status, body } = await server.anybody.post('/auth/login', { email: 'nobody', companyId: 'x', isAdmin: true });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual([
      '/companyId',
      '/email',
      '/isAdmin',
      '/password',
    ]);
  });
});

describe('one e-mail in several companies', () => {
  it('lets the password decide, and asks where it fits several', async () => {
    const email = newEmail();
    const [first, second, third] = [await server.company(), await server.company(), await server.company()];
    const people = [await first.person({ email }), await second.person({ email }), await third.person({ email })];
    await server.sql(`UPDATE users SET "passwordHash" = (SELECT "passwordHash" FROM users WHERE id = $2) WHERE id = $1`, [
      people[2]!.id,
      third.admin.id,
    ]);
    const asked = await login(email);
    expect([asked.status, asked.body.code]).toEqual([409, 'company_required']);
    expect(asked.body.companies).toHaveLength(3); // the Admin's password is the same
    await server.sql(`UPDATE users SET "passwordHash" = '' WHERE id = $1`, [people[2]!.id]);
    const narrowed = await login(email);
    expect(narrowed.body.companies).toEqual(
      expect.arrayContaining([
        { id: first.id, name: first.name },
        { id: second.id, name: second.name },
      ]),
    );
    expect(narrowed.body.companies).toHaveLength(2);
    expect((await login(email, PASSWORD, { companyId: second.id })).body.user.id).toBe(people[1]!.id);
    await server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [
      people[0]!.id,
    ]);
    expect((await login(email)).body.user.id).toBe(people[1]!.id); // of those that may sign in
    expect((await login(email, WRONG)).status).toBe(401);
  });

  it('finds the account that may sign in behind five older ones that may not', async () => {
    const email = newEmail();
    for (let n = 0; n < 5; n++) await (await server.company()).person({ email, status: n % 2 ? 'TERMINATED' : 'SUSPENDED' });
    const person = await company.person({ email });
    expect((await login(email)).body.user.id).toBe(person.id);
  });

  it('finds who has had the e-mail longest before five older accounts that were given it later', async () => {
    const older = [];
    for (let n = 0; n < 5; n++) older.push((await server.company()).admin);
    const person = await (await server.company()).person({ email: newEmail() });
    const otherHash = await server.app.get(Passwords).hash(WRONG);
    await server.sql('UPDATE users SET "passwordHash" = $2 WHERE id = ANY ($1)', [older.map(({ id }) => id), otherHash]);
    for (const owner of older) expect((await owner.patch(`/users/${owner.id}`, { email: person.email })).status).toBe(200);
    expect((await login(person.email)).body.user).toMatchObject({ id: person.id });
    travel(MINUTE);
    const shouted = person.email.toUpperCase();
    expect((await person.company.admin.patch(`/users/${person.id}`, { email: shouted })).status).toBe(200);
    expect((await login(person.email)).body.user).toMatchObject({ id: person.id, email: shouted }); // no other e-mail
  });

  it('is answered by no operator that somebody put into the schema', async () => {
    const person = await company.person();
    const found = await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query(`CREATE FUNCTION planted(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''% was shown'', $1; END'`);
      for (const operator of ['=', '<>'])
        await client.query(`CREATE OPERATOR public.${operator} (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = planted)`);
      return client.query('SELECT * FROM find_sign_in_accounts($1, NULL)', [person.email]);
    });
    expect(found.rows).toMatchObject([{ userId: person.id }]);
  });

  it('tells none where a failed sign-in came from, and those that it could not open nothing, unless one is named', async () => {
    const email = newEmail();
    const [home, mallorys, former] = [await server.company(), await server.company(), await server.company()];
    const people = [await home.person({ email }), await mallorys.person({ email }), await former.person({ email, status: 'TERMINATED' })];
    const told = (since: Date) =>
      Promise.all(
        people.map(({ id }) =>
          server.sql(
            `SELECT action, ip, "requestId", count(*)::int AS lines FROM audit_logs WHERE "userId" = $1 AND "occurredAt" >= $2
             GROUP BY action, ip, "requestId" ORDER BY action`,
            [id, since],
          ),
        ),
      );

    await forget();
    let since = clock.now();
    for (let guess = 0; guess < 10; guess++) expect((await login(email, WRONG)).status).toBe(401);
    const open = [untraced('account_locked', 1), untraced('sign_in_failed', 10)];
    expect(await told(since)).toEqual([open, open, []]);

    await forget();
    since = clock.now();
    await server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE email = $1`, [email]);
    expect((await login(email)).body.code).toBe('account_not_active'); // the password fits everywhere
    expect(await told(since)).toEqual(people.map(() => [untraced('sign_in_failed', 1)]));

    since = clock.now();
    const requestId = randomUUID();
    await server.anybody.post('/auth/login', { email, password: WRONG, companyId: home.id }, { 'x-request-id': requestId });
    expect(await told(since)).toEqual([[{ action: 'sign_in_failed', lines: 1, ip: '127.0.0.1', requestId }], [], []]);
  });

  it('does not forgive guesses because a stranger has the e-mail in a company of their own', async () => {
    await forget();
    const email = newEmail();
    const [victims, strangers] = [await server.company(), await server.company()];
    await victims.person({ email });
    const own = await strangers.person({ email });
    await forget();
    for (let guess = 0; guess < 9; guess++) expect((await login(email, WRONG, { companyId: victims.id })).status).toBe(401);
    expect((await login(email, PASSWORD, { companyId: own.companyId })).status).toBe(200);
    expect((await login(email, WRONG, { companyId: victims.id })).status).toBe(401);
    expect((await login(email, WRONG, { companyId: victims.id })).status).toBe(429);
  });
});

describe('the lock', () => {
  it('closes after ten failures, for the right password too, on every replica, for 15 minutes from the tenth', async () => {
    const person = await company.person();
    await forget();
    for (let guess = 1; guess <= 9; guess++) expect((await login(person.email, WRONG)).status).toBe(401);
    travel(10 * MINUTE);
    expect((await login(person.email.toUpperCase(), WRONG)).status).toBe(401);
    expect(await audited(person)).toContain('account_locked');
    travel(10 * MINUTE);
    const refused = await login(person.email);
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_requests']);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(290);
    expect(seconds).toBeLessThanOrEqual(300); // refused tries do not lengthen it
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'ratelimit-reset': String(seconds) });
    expect((await login(person.email, PASSWORD, {}, new Client(replica))).status).toBe(429);
    travel(5 * MINUTE + 1000);
    expect((await login(person.email)).status).toBe(200);
  });

  it('counts for one account however its e-mail is written', async () => {
    const person = await company.person({ email: 'ΟΔΟΣ@example.com', status: 'SUSPENDED' });
    await forget();
    for (const email of [person.email, 'οδοσ@example.com']) await login(email, WRONG);
    expect((await audited(person)).filter((action) => action === 'sign_in_failed')).toHaveLength(2); // the database finds it by both
    expect(await failures()).toEqual([2, 2]); // account and address
  });

  it('counts a wrong password also when the queue of hashes is full behind it', async () => {
    const person = await company.person();
    await forget();
    const matches = jest.spyOn(server.app.get(Passwords), 'matches');
    matches.mockImplementation((hash) => (hash ? Promise.resolve(false) : Promise.reject(new Problem('service_unavailable'))));
    const refused = await login(person.email, WRONG);
    matches.mockRestore();
    expect(refused.status).toBe(503);
    expect(await failures()).toEqual([1, 1]);
    expect(await audited(person)).toContain('sign_in_failed');
  });

  it('counts no try whose password nobody looked at, whether there is an account or not', async () => {
    const person = await company.person();
    await forget();
    const matches = jest.spyOn(server.app.get(Passwords), 'matches').mockRejectedValue(new Problem('service_unavailable'));
    const answers = [await login(person.email, WRONG), await login(newEmail(), WRONG)];
    matches.mockRestore();
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(await failures()).toEqual([0, 0, 0]); // two accounts and the address
  });

  it('counts a wrong password also when the audit log cannot be written', async () => {
    const person = await company.person();
    await forget();
    await server.sql(`CREATE FUNCTION is_away() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''away'' USING ERRCODE = ''57P03''; END'`);
    await server.sql('CREATE TRIGGER is_away BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION is_away()');
    const answers = [
      await login(person.email, WRONG),
      await person.post('/auth/password/change', { currentPassword: WRONG, newPassword: 'another walk by the sea' }),
    ];
    await server.sql('DROP TRIGGER is_away ON audit_logs');
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(await failures()).toEqual([2, 2]);
  });

  it('forgets the failures before a right password', async () => {
    const person = await company.person();
    await forget();
    for (let round = 0; round < 2; round++) {
      for (let guess = 0; guess < 9; guess++) await login(person.email, WRONG);
      expect((await login(person.email)).status).toBe(200);
    }
  });

  it('lets twenty right ones in at once', async () => {
    const person = await company.person();
    await forget();
    const answers = await twenty(() => login(person.email));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await failures()).toEqual([0]); // the address; of the account nothing is left
  });

  it('counts twenty wrong ones at once exactly, over both replicas', async () => {
    const person = await company.person();
    await forget();
    const clients = [server.anybody, new Client(replica)];
    const answers = await twenty((index) => login(person.email, WRONG, {}, clients[index % 2]));
    expect(statuses(answers)).toEqual([...Array(10).fill(401), ...Array(10).fill(429)]);
    expect((await audited(person)).filter((action) => action === 'account_locked')).toHaveLength(1);
    expect(await failures()).toEqual([10, 10]); // account and address
  });

  it('closes an address after 300 failures in ten minutes', async () => {
    const person = await company.person();
    await forget();
    await login(newEmail(), WRONG);
    const keys = (await server.sql<{ key: string }>('SELECT key FROM sign_in_attempts')).map(({ key }) => key);
    await login(newEmail(), WRONG);
    // The row that both tries share is the address.
    await server.sql('UPDATE sign_in_attempts SET failures = 299 WHERE failures = 2 AND key = ANY ($1)', [keys]);
    expect((await login(newEmail(), WRONG)).status).toBe(401); // the 300th
    const refused = await login(person.email);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(600);
    travel(10 * MINUTE + 1000);
    expect((await login(person.email)).status).toBe(200);
  });
});
