import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock, MailSender, UnitOfWork } from '#core';
import { statuses } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { behindNewPasswords } from '../../../../test/hash-places.js';
import { Mailbox } from '../../../../test/mailbox.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { OneTimeLinks } from '../one-time-links.js';

const PASSWORD = 'another walk, through the hills';
const DAY = 24 * 3_600_000;

let mailbox: Mailbox;
let server: TestServer;
let company: Company;
let admin: Person;

beforeAll(async () => {
  mailbox = await Mailbox.open();
  server = await startTestServer({ SMTP_URL: mailbox.url, PUBLIC_URL: 'https://time.example.org' });
  company = await server.company({ name: 'Analytical Engines' });
  admin = company.admin;
});
afterAll(async () => {
  await server.stop();
  await mailbox.stop();
});
afterEach(() => clock.reset());

const pass = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));
const accept = (token: string, fields = {}) => server.anybody.post('/auth/invitations/accept', { token, password: PASSWORD, ...fields });
const invite = (person: { id: string }, by: Pick<Person, 'post'> = admin, headers = {}) =>
  by.post(`/users/${person.id}/invitation`, undefined, headers);
const openLinks = (person: { id: string }) =>
  server.sql('SELECT id FROM one_time_tokens WHERE "userId" = $1 AND "usedAt" IS NULL AND "deletedAt" IS NULL', [person.id]);

/** Somebody invited, with the token of the n-th link. */
async function invited(count = 1, options: Parameters<Company['person']>[0] = {}) {
  const person = await company.person({ ...options, status: 'INVITED' });
  for (let sent = 0; sent < count; sent++) expect((await invite(person)).status).toBe(200);
  return { person, token: (await mailbox.to(person.email, count)).token };
}

const asked = ({ body }: { body: { approvals: { approverId: string }[] } }) =>
  body.approvals.map(({ approverId }) => approverId).toSorted();

describe('accepting', () => {
  it('one who is listed as an approver is asked about what was handed in before', async () => {
    await admin.patch('/company/settings', { timesheetApproverPolicy: 'explicit' });
    const [owner, { person, token }, { id: actionCodeId }] = [await company.person(), await invited(), await company.actionCode()];
    await admin.put(`/users/${owner.id}/approvers`, { approverIds: [admin.id, person.id] });
    const { body: sheet } = await owner.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    await owner.post('/timesheet-entries', { day: '2026-03-02', durationMin: 60, actionCodeId, country: 'DE' });
    expect(asked(await owner.post(`/timesheets/${sheet.id}/submit`))).toEqual([admin.id]);
    expect((await accept(token)).status).toBe(200);
    expect(asked(await owner.get(`/timesheets/${sheet.id}`))).toEqual([admin.id, person.id].toSorted());
  });

  it('hashes the password behind the new ones of its company', async () => {
    const { token } = await invited();
    expect(statuses(await behindNewPasswords(server, company.id, [() => accept(token)]))).toEqual([200]);
  });

  it('makes who was invited by POST /users active, and signs them in', async () => {
    const roleId = await company.roleId('Employee');
    const created = await admin.post('/users', { email: 'new@example.com', firstName: 'Neu', lastName: 'Person', roleId });
    expect([created.status, created.body.status]).toEqual([201, 'INVITED']);
    const mail = await mailbox.to('new@example.com');
    expect(mail.headers.subject).toBe('Your invitation to Analytical Engines');
    expect(mail.text).toContain(`https://time.example.org/accept-invitation?token=${mail.token}\r\n`);
    expect((await server.anybody.post('/auth/login', { email: 'new@example.com', password: PASSWORD })).status).toBe(401);

    const answer = await accept(mail.token, { firstName: 'Ada', phoneNumber: '+4915112345678' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      tokenType: 'Bearer',
      mustChangePassword: false,
      user: { id: created.body.id, status: 'ACTIVE', firstName: 'Ada', lastName: 'Person', phoneNumber: '+4915112345678', version: 2 },
    });
    const me = await server.anybody.get('/me', { authorization: `Bearer ${answer.body.accessToken}` });
    expect([me.status, me.body.id]).toEqual([200, created.body.id]);
    expect((await server.anybody.post('/auth/login', { email: 'new@example.com', password: PASSWORD })).status).toBe(200);
    expect(
      await server.sql(`SELECT "actorUserId", before, after FROM audit_logs WHERE action = 'invitation_accepted' AND "targetId" = $1`, [
        created.body.id,
      ]),
    ).toEqual([{ actorUserId: created.body.id, before: { status: 'INVITED' }, after: { status: 'ACTIVE' } }]);
    expect(await server.sql(`SELECT 1 FROM audit_logs WHERE action = 'signed_in' AND "userId" = $1`, [created.body.id])).toHaveLength(2);
  });

  it('works once, for one of twenty at once', async () => {
    const { token } = await invited();
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.status === 401 && body.code === 'invalid_token')).toHaveLength(19);
  });

  it('works for seven days', async () => {
    const [early, late] = [await invited(), await invited()];
    pass(7 * DAY - 60_000);
    expect((await accept(early.token)).status).toBe(200);
    pass(120_000);
    expect((await accept(late.token)).body.code).toBe('invalid_token');
  });

  it('needs a strong password; the link waits for it', async () => {
    const { token } = await invited(1, { firstName: 'Wilhelmina' });
    const weak = [
      await accept(token, { password: 'Wilhelmina-1234' }),
      await accept(token, { password: 'Maximiliane-1234', firstName: 'Maximiliane' }),
    ];
    for (const { body } of weak) expect(body).toMatchObject({ status: 400, code: 'password_too_weak', errors: [{ pointer: '/password' }] });
    expect((await accept(token, { firstName: ' ' })).body).toMatchObject({ status: 400, errors: [{ pointer: '/firstName' }] });
    expect((await accept(token, { roleId: await company.roleId('Admin') })).status).toBe(400);
    expect((await accept(token)).status).toBe(200);
  });

  it.each([
    ['was terminated', `UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'TERMINATED') WHERE id = $1`],
    ['was deleted', 'UPDATE users SET "deletedAt" = now() WHERE id = $1'],
  ])('does not work for who %s meanwhile', async (_, change) => {
    const { person, token } = await invited();
    await server.sql(change, [person.id]);
    expect((await accept(token)).body.code).toBe('invalid_token');
  });

  it('does not work by resetting a password', async () => {
    const { token } = await invited();
    expect((await server.anybody.post('/auth/password/reset', { token, newPassword: PASSWORD })).body.code).toBe('invalid_token');
  });

  it('does not work when the links were revoked, and their mails stay', async () => {
    const { person, token } = await invited();
    await mailbox.stop();
    await invite(person);
    await server.app
      .get(UnitOfWork)
      .within({ companyId: company.id, userId: null }, () => server.app.get(OneTimeLinks, { strict: false }).revokeAll(person.id));
    await mailbox.start();
    expect(await server.sql('SELECT id FROM queued_mails WHERE "userId" = $1', [person.id])).toEqual([]);
    expect(await openLinks(person)).toEqual([]);
    expect((await accept(token)).status).toBe(401);
  });
});

describe('inviting again', () => {
  it('sends a new link and ends the one before', async () => {
    const { person, token } = await invited();
    const again = await invite(person, admin, { 'if-match': '"1"' });
    expect([again.status, again.body.id, again.headers.etag]).toEqual([200, person.id, '"1"']);
    const newer = await mailbox.to(person.email, 2);
    expect((await accept(token)).status).toBe(401);
    expect((await accept(newer.token)).status).toBe(200);
  });

  it('is done by a new e-mail, whose link works while the one to the old address does not', async () => {
    const { person, token } = await invited();
    const email = person.email.replace('@', '.right@');
    expect((await admin.patch(`/users/${person.id}`, { email, lastName: 'Right' })).body).toMatchObject({
      email,
      status: 'INVITED',
      version: 2,
    });
    const mail = await mailbox.to(email);
    expect(mail.headers.subject).toBe('Your invitation to Analytical Engines');
    expect((await accept(token)).body.code).toBe('invalid_token');
    await admin.patch(`/users/${person.id}`, { email: email.toUpperCase(), firstName: 'Still' }); // no other one: the link stays
    expect((await accept(mail.token)).body.user).toMatchObject({ id: person.id, status: 'ACTIVE' });
    const sent = `SELECT "actorUserId" FROM audit_logs WHERE action = 'invitation_sent' AND "userId" = $1`;
    expect(await server.sql(sent, [person.id])).toEqual([{ actorUserId: admin.id }, { actorUserId: admin.id }]);
  });

  it('leaves one link of twenty at once', async () => {
    const fields = { email: 'twenty@example.com', firstName: 'Twen', lastName: 'Ty', roleId: await company.roleId('Employee') };
    const { body: person } = await admin.post('/users', fields);
    const answers = await Promise.all(Array.from({ length: 20 }, () => invite(person)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await openLinks(person)).toHaveLength(1);
  });

  it('sends 50 mails an hour to one address, of which 25 for one company, and tells when the next may go', async () => {
    const email = 'bombed@example.com';
    const [here, there, other] = [await server.company(), await server.company(), await server.company()];
    const one = here.admin;
    const fields = { email, firstName: 'Bo', lastName: 'Mbed', roleId: await here.roleId('Employee') };
    const { body: created } = await one.post('/users', fields);
    for (let n = 0; n < 5; n++) expect((await one.post('/users', fields)).body.code).toBe('email_taken'); // takes none
    for (let sent = 1; sent < 25; sent++) expect((await invite(created, one)).status).toBe(200);
    const refused = [await invite(created, one)]; // and the others have what is left
    const { body: theirs } = await there.admin.post('/users', { ...fields, roleId: await there.roleId('Employee') });
    for (let sent = 26; sent < 50; sent++) expect((await invite(theirs, there.admin)).status).toBe(200);
    refused.push(
      await invite(theirs, there.admin),
      await other.admin.post('/users', { ...fields, email: email.toUpperCase(), roleId: await other.roleId('Employee') }),
    );
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ status: 429, code: 'too_many_requests' });
      expect(Number(headers['retry-after'])).toBeGreaterThan(3500);
      expect(headers).toMatchObject({ 'ratelimit-remaining': '0' });
    }
    expect(refused.map(({ headers }) => headers['ratelimit-limit'])).toEqual(['25', '25', '50']);
    expect((await other.admin.get(`/users?q=${email}`)).body.items).toEqual([]); // and made nobody
    expect(await server.sql('SELECT 1 FROM one_time_tokens WHERE "userId" = ANY ($1)', [[created.id, theirs.id]])).toHaveLength(50);
    expect((await one.post('/users', { ...fields, email: 'else@example.com' })).status).toBe(201);
    await server.app.get(MailSender).idle();
    const before = mailbox.count(email);
    await one.patch(`/users/${created.id}`, { email: 'elsewhere@example.com' });
    expect((await mailbox.to(email, before + 1)).headers.subject).toContain('e-mail'); // which must be told whatever went before
    expect((await one.patch(`/users/${created.id}`, { email })).status).toBe(429);
    expect((await one.get(`/users/${created.id}`)).body.email).toBe('elsewhere@example.com');
    pass(3_601_000);
    await other.admin.signIn();
    expect((await other.admin.post('/users', { ...fields, roleId: await other.roleId('Employee') })).status).toBe(201);
  });

  it('needs create_user, and all that the invited one may', async () => {
    const [invitee, chief] = [await company.person({ status: 'INVITED' }), await company.person({ status: 'INVITED', role: 'Manager' })];
    const inviter = await company.person({ role: ['create_user'] });
    expect((await invite(invitee, inviter)).status).toBe(200);
    expect((await invite(invitee, await company.person())).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await invite(invitee, await admin.apiKey(['read_user']))).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await invite(invitee, await admin.apiKey(['create_user']))).status).toBe(200);
    expect((await invite(chief, inviter)).body).toMatchObject({ status: 403, code: 'privilege_escalation' });
    expect(await openLinks(chief)).toEqual([]);
    expect((await server.anybody.post(`/users/${invitee.id}/invitation`)).status).toBe(401);
  });

  it('finds nobody of another company, nobody deleted and nobody unknown', async () => {
    const stranger = await (await server.company()).person({ status: 'INVITED' });
    const deleted = await company.person({ status: 'INVITED' });
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [deleted.id]);
    const answers = [await invite(stranger), await invite(deleted), await invite({ id: '00000000-0000-4000-8000-000000000000' })];
    for (const { body } of answers) expect(body).toMatchObject({ status: 404, code: 'not_found' });
    expect((await invite({ id: 'x' })).status).toBe(400);
    expect(await openLinks(stranger)).toEqual([]);
  });

  it('is refused for a stale version, then in another state, then at a domain that is not allowed', async () => {
    const [active, invitee] = [await company.person(), await company.person({ status: 'INVITED' })];
    expect((await invite(active, admin, { 'if-match': '"7"' })).body.code).toBe('version_mismatch');
    expect((await invite(active)).body).toMatchObject({ status: 409, code: 'invalid_transition' });
    await server.sql(
      `UPDATE company_settings SET "requireCompanyEmail" = true, "allowedEmailDomains" = '{engines.example}' WHERE "companyId" = $1`,
      [company.id],
    );
    expect((await invite(invitee)).body).toMatchObject({ status: 409, code: 'email_domain_not_allowed' });
    await server.sql(`UPDATE company_settings SET "allowedEmailDomains" = '{EXAMPLE.com}' WHERE "companyId" = $1`, [company.id]);
    expect((await invite(invitee)).status).toBe(200);
  });
});
