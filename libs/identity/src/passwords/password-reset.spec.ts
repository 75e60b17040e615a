import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock, MailSender, UnitOfWork } from '#core';
import { statuses } from '../../../../test/answer.js';
import { Client } from '../../../../test/client.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company, Person } from '../../../../test/factories.js';
import { behindNewPasswords } from '../../../../test/hash-places.js';
import { Mailbox } from '../../../../test/mailbox.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { OneTimeLinks } from '../one-time-links.js';

const NEW = 'another walk, through the hills';
const MINUTE = 60_000;

/** How the unit of work bounds the connections of a company. */
interface Places {
  take(companyId: string): Promise<void> | undefined;
  giveBack(companyId: string): void;
}

let mailbox: Mailbox;
let server: TestServer;
let company: Company;

beforeAll(async () => {
  mailbox = await Mailbox.open();
  server = await startTestServer({ SMTP_URL: mailbox.url, PUBLIC_URL: 'https://time.example.org' });
  company = await server.company();
});
afterAll(async () => {
  await server.stop();
  await mailbox.stop();
});
afterEach(() => clock.reset());

const forgot = (email: string, companyId?: string) => server.anybody.post('/auth/password/forgot', { email, companyId });
const reset = (token: string, newPassword = NEW) => server.anybody.post('/auth/password/reset', { token, newPassword });
const login = ({ email, companyId }: Person, password: string) => server.anybody.post('/auth/login', { email, password, companyId });
const pass = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));

/** All that was asked for on this replica is done and sent: one request is answered after another. */
async function settled(app = server.app): Promise<void> {
  const { email } = await company.person();
  await new Client(app).post('/auth/password/forgot', { email });
  await mailbox.to(email);
  await app.get(MailSender).idle();
}

const openLinks = (person: Person) =>
  server.sql('SELECT id FROM one_time_tokens WHERE "userId" = $1 AND "usedAt" IS NULL AND "deletedAt" IS NULL', [person.id]);

/** The token of the n-th link that this person got. */
async function linkOf(person: Person, count = 1): Promise<string> {
  expect((await forgot(person.email, person.companyId)).status).toBe(202);
  return (await mailbox.to(person.email, count)).token;
}

describe('a forgotten password', () => {
  it('is replaced by the link of a mail, and all sessions end', async () => {
    const person = await company.person();
    const elsewhere = await company.person();
    const answer = await server.anybody.post('/auth/password/forgot', { email: person.email.toUpperCase() }, { host: 'evil.example' });
    expect([answer.status, answer.body]).toEqual([202, '']);
    const mail = await mailbox.to(person.email);
    expect(mail.text).toContain(`https://time.example.org/reset-password?token=${mail.token}\r\n`);
    expect(JSON.stringify([await server.sql('SELECT * FROM one_time_tokens'), server.log])).not.toContain(mail.token.slice(-20));

    expect(await reset(mail.token)).toMatchObject({ status: 204, body: '' });
    expect((await login(person, PASSWORD)).status).toBe(401);
    expect((await person.get('/me')).status).toBe(401);
    expect((await server.anybody.post('/auth/refresh', { refreshToken: person.refreshToken })).status).toBe(401);
    expect((await login(person, NEW)).status).toBe(200);
    expect((await elsewhere.get('/me')).status).toBe(200);
    expect(
      await server.sql(
        `SELECT action, "actorUserId" FROM audit_logs WHERE "targetId" = $1 AND action LIKE 'password%' ORDER BY "occurredAt"`,
        [person.id],
      ),
    ).toEqual([
      { action: 'password_reset_requested', actorUserId: null },
      { action: 'password_reset', actorUserId: person.id },
    ]);
  });

  it('need not be changed again', async () => {
    const person = await company.person();
    await server.sql('UPDATE users SET "mustChangePasswordAtNextLogin" = true WHERE id = $1', [person.id]);
    await reset(await linkOf(person));
    expect((await login(person, NEW)).body.mustChangePassword).toBe(false);
  });

  it('is hashed behind the new ones of its company, and so is a changed one', async () => {
    const [person, other] = [await company.person(), await company.person()];
    const token = await linkOf(person);
    const changed = { currentPassword: PASSWORD, newPassword: NEW };
    const requests = [() => reset(token), () => other.post('/auth/password/change', changed)];
    expect(statuses(await behindNewPasswords(server, company.id, requests))).toEqual([204, 204]);
  });

  it('must be a strong one; the link waits for it', async () => {
    const person = await company.person({ firstName: 'Wilhelmina' });
    const token = await linkOf(person);
    const weak = await reset(token, 'Wilhelmina-1234');
    expect(weak.body).toMatchObject({ status: 400, code: 'password_too_weak', errors: [{ pointer: '/newPassword' }] });
    expect((await reset(token, 'short')).body.code).toBe('password_too_weak');
    expect((await reset(token)).status).toBe(204);
  });

  it('must be another one where it must be changed; the link waits for it', async () => {
    const [fields, roleId] = [{ firstName: 'Karen', lastName: 'Uhlenbeck' }, await company.roleId('Employee')];
    const email = 'karen.uhlenbeck@example.com';
    expect((await company.admin.post('/users', { ...fields, email, roleId, password: PASSWORD })).status).toBe(201);
    await forgot(email, company.id);
    const { token } = await mailbox.to(email);
    const same = await reset(token, PASSWORD);
    expect(same.body).toMatchObject({
      status: 400,
      code: 'password_too_weak',
      errors: [{ pointer: '/newPassword', detail: 'must not be the present password' }],
    });
    const signIn = async (password: string) => (await server.anybody.post('/auth/login', { email, password })).body;
    expect(await signIn(PASSWORD)).toMatchObject({ mustChangePassword: true });
    expect((await reset(token)).status).toBe(204);
    expect(await signIn(NEW)).toMatchObject({ mustChangePassword: false });
  });
});

describe('the link', () => {
  it('works once, for one of twenty at once', async () => {
    const person = await company.person();
    const token = await linkOf(person);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => reset(token, `${NEW} ${index}`)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.status === 401 && body.code === 'invalid_token')).toHaveLength(19);
    expect((await login(person, `${NEW} ${answers.findIndex(({ status }) => status === 204)}`)).status).toBe(200);
    expect((await reset(token)).status).toBe(401);
  });

  it('works for one hour', async () => {
    const [early, late] = [await company.person(), await company.person()];
    const tokens = [await linkOf(early), await linkOf(late)] as const;
    pass(59 * MINUTE);
    expect((await reset(tokens[0])).status).toBe(204);
    pass(2 * MINUTE);
    expect((await reset(tokens[1])).body.code).toBe('invalid_token');
  });

  it('ends when there is a newer one, or another was used', async () => {
    const person = await company.person();
    const [first, second] = [await linkOf(person), await linkOf(person, 2)];
    expect((await reset(first)).status).toBe(401);
    expect((await reset(second)).status).toBe(204);
    expect(await openLinks(person)).toEqual([]);
  });

  it('is one, of twenty made at once', async () => {
    const person = await company.person();
    const make = () =>
      server.app
        .get(UnitOfWork)
        .within({ companyId: company.id, userId: null }, () =>
          server.app.get(OneTimeLinks, { strict: false }).send(person.id, 'password_reset'),
        );
    await Promise.all(Array.from({ length: 20 }, make));
    expect(await openLinks(person)).toHaveLength(1);
  });

  it.each([
    ['is suspended', `UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`],
    ['is deleted', 'UPDATE users SET "deletedAt" = now() WHERE id = $1'],
    ['has lost the company', 'UPDATE companies SET "deletedAt" = now() WHERE id = (SELECT "companyId" FROM users WHERE id = $1)'],
  ])('does not work for who %s meanwhile', async (_, change) => {
    const person = await (await server.company()).person();
    const token = await linkOf(person);
    await server.sql(change, [person.id]);
    expect((await reset(token)).status).toBe(401);
  });

  it('is no invitation', async () => {
    const token = await linkOf(await company.person());
    const answer = await server.anybody.post('/auth/invitations/accept', { token, password: NEW });
    expect(answer.body).toMatchObject({ status: 401, code: 'invalid_token' });
  });

  it('cannot be made up', async () => {
    const [person, stranger] = [await company.person(), (await server.company()).admin];
    const bytes = Buffer.from(await linkOf(person), 'base64url');
    const changed = (at: number, by: Buffer) =>
      Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + by.length)]).toString('base64url');
    const forged = [
      changed(63, Buffer.from([bytes[63]! ^ 1])),
      changed(0, Buffer.from(stranger.companyId.replaceAll('-', ''), 'hex')),
      changed(16, Buffer.alloc(16)),
      bytes.subarray(0, 63).toString('base64url'),
      `${bytes.toString('base64url')}=`,
      'x',
    ];
    for (const token of forged) expect((await reset(token)).body).toMatchObject({ status: 401, code: 'invalid_token' });
    expect((await server.anybody.post('/auth/password/reset', {})).body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/token',
      '/newPassword',
    ]);
    expect((await reset(bytes.toString('base64url'))).status).toBe(204);
  });
});

describe('who asks', () => {
  it('learns nothing: the answer is the same, and only who may sign in gets a mail', async () => {
    const [active, suspended, invited] = [
      await company.person(),
      await company.person({ status: 'SUSPENDED' }),
      await company.person({ status: 'INVITED' }),
    ];
    const answers = [];
    for (const email of [active.email, suspended.email, invited.email, 'nobody@example.com']) answers.push(await forgot(email));
    answers.push(await forgot(active.email, (await server.company()).id)); // known, but not there
    const seen = answers.map(({ status, body, headers: { date: _, 'x-request-id': __, ...headers } }) => ({ status, body, headers }));
    expect(new Set(seen.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(seen[0]!.status).toBe(202);
    await settled();
    expect(mailbox.count(active.email)).toBe(1);
    expect(mailbox.count(suspended.email) + mailbox.count(invited.email)).toBe(0);
    expect((await forgot('no address')).status).toBe(400);
  });

  it('gets a mail although the company has no connection to spare', async () => {
    const person = await company.person();
    const places = Reflect.get(server.app.get(UnitOfWork), 'places') as Places;
    let taken = 0;
    let waiting: Promise<void> | undefined;
    while (!(waiting = places.take(company.id))) taken++;
    const hasOne = waiting.then(
      () => true,
      () => false, // the mail came later than one waits for a place
    );
    await forgot(person.email);
    expect((await mailbox.to(person.email)).token).toBeDefined();
    for (let place = 0; place < taken; place++) places.giveBack(company.id);
    if (await hasOne) places.giveBack(company.id);
  });

  it('gets no link when suspended meanwhile', async () => {
    const person = await company.person();
    await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [person.id]);
      await forgot(person.email);
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
    });
    await settled();
    expect(await openLinks(person)).toEqual([]);
  });

  it('learns nothing by the time it takes: nothing that knows of accounts, links or mails is asked before the answer', async () => {
    const people = [await company.person(), await company.person({ status: 'SUSPENDED' }), { email: 'nobody-there@example.com' }];
    await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query('LOCK TABLE users, sign_in_attempts, one_time_tokens, queued_mails');
      for (const { email } of people) expect((await forgot(email)).status).toBe(202);
      await server.untilSomebodyWaits(); // the work behind the answers
      await other.query('COMMIT');
    });
    await mailbox.to(people[0]!.email);
  });

  it('gets one mail a company, or that of the named one', async () => {
    const email = 'everywhere@example.com';
    const [here, there] = [await company.person({ email }), await (await server.company({ name: 'The other one' })).person({ email })];
    await forgot(email);
    await mailbox.to(email, 2);
    await forgot(email, there.companyId);
    const last = await mailbox.to(email, 3);
    await settled();
    expect(last.headers.subject).toBe('Reset your password at The other one');
    expect(mailbox.count(email)).toBe(3);
    expect((await reset(last.token)).status).toBe(204);
    expect((await login(there, NEW)).status).toBe(200);
    expect((await login(here, PASSWORD)).status).toBe(200);
  });

  it('is told by address only to the one company with the account, or to the named one', async () => {
    const email = 'two-jobs@example.com';
    const [here, there] = [await company.person({ email }), await (await server.company()).person({ email })];
    const sole = await company.person();
    for (const [address, companyId] of [[email], [email, there.companyId], [sole.email]] as const) await forgot(address, companyId);
    await settled();
    const addresses = async ({ id }: Person) =>
      server.sql(
        `SELECT ip, "requestId" IS NOT NULL AS "hasRequest" FROM audit_logs WHERE "userId" = $1 AND action = 'password_reset_requested'
         ORDER BY "occurredAt"`,
        [id],
      );
    const [untraced, traced] = [
      { ip: null, hasRequest: false },
      { ip: '127.0.0.1', hasRequest: true },
    ];
    expect(await Promise.all([here, there, sole].map(addresses))).toEqual([[untraced], [untraced, traced], [traced]]);
  });

  it('gets the mail of the account that may sign in, behind five older ones that may not', async () => {
    const email = 'long-career@example.com';
    for (let n = 0; n < 5; n++) await (await server.company()).person({ email, status: 'TERMINATED' });
    const person = await company.person({ email });
    await forgot(email);
    expect((await reset((await mailbox.to(email)).token)).status).toBe(204);
    expect((await login(person, NEW)).status).toBe(200);
  });

  it('gets three of these mails for an account beside which there are others, and keeps the rest for those', async () => {
    const email = 'two-companies@example.com';
    const [mallorys, own] = [await (await server.company()).person({ email }), await company.person({ email })];
    for (let n = 0; n < 10; n++) await forgot(email, mallorys.companyId);
    await forgot(email, own.companyId);
    await settled();
    const links = ({ id }: Person) => server.sql('SELECT id FROM one_time_tokens WHERE "userId" = $1', [id]);
    expect([(await links(mallorys)).length, (await links(own)).length]).toEqual([3, 1]);
    for (let n = 0; n < 3; n++) await forgot(email);
    await settled();
    expect([(await links(mallorys)).length, (await links(own)).length]).toEqual([3, 3]);
  });

  it('gets at most ten mails in any hour, on whatever replica', async () => {
    const [person, other] = [await company.person(), await company.person()];
    const replica = await server.secondReplica();
    const twenty = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? forgot(person.email) : person.on(replica).post('/auth/password/forgot', { email: person.email.toUpperCase() }),
    );
    expect(new Set((await Promise.all(twenty)).map(({ status }) => status))).toEqual(new Set([202]));
    const links = async () => (await server.sql('SELECT id FROM one_time_tokens WHERE "userId" = $1', [person.id])).length;
    for (const app of [server.app, replica]) await settled(app);
    expect(await links()).toBe(10);
    expect(mailbox.count(person.email)).toBeLessThanOrEqual(10);
    await forgot(other.email);
    await mailbox.to(other.email);
    pass(59 * MINUTE);
    await forgot(person.email);
    await forgot(other.email);
    await mailbox.to(other.email, 2); // one request after another: the one before is through
    expect(await links()).toBe(10);
    pass(2 * MINUTE);
    await forgot(person.email);
    await settled();
    expect(await links()).toBe(11);
    expect(JSON.stringify(await server.sql('SELECT * FROM sign_in_attempts'))).not.toMatch(/example\.com/i);
  });
});
