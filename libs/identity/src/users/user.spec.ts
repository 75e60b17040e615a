import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses, clock, MailSender } from '#core';
import { codes } from '../../../../test/answer.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company, Person } from '../../../../test/factories.js';
import { behindNewPasswords } from '../../../../test/hash-places.js';
import { Mailbox } from '../../../../test/mailbox.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { Passwords } from '../passwords/passwords.js';

let server: TestServer;
let mailbox: Mailbox;
let company: Company;
let admin: Person;
let manager: Person;
let employee: Person;
let count = 0;

beforeAll(async () => {
  mailbox = await Mailbox.open();
  server = await startTestServer({ SMTP_URL: mailbox.url });
  company = await server.company();
  ({ admin } = company);
  manager = await company.person({ role: 'Manager', firstName: 'Grace', lastName: 'Hopper' });
  employee = await company.person({ firstName: 'Mary', lastName: 'Somerville' });
});
afterAll(async () => {
  await server.stop();
  await mailbox.stop();
});
afterEach(() => clock.reset());

const newEmail = () => `user-${++count}@example.com`;
const fieldsOf = async (role: 'Admin' | 'Manager' | 'Employee' = 'Employee') => ({
  email: newEmail(),
  firstName: 'Charles',
  lastName: 'Babbage',
  roleId: await company.roleId(role),
});

describe('reading users', () => {
  const FULL = [
    'createdAt', 'email', 'externalId', 'firstName', 'id', 'isAnonymized', 'lastLogin', 'lastName', 'mustChangePasswordAtNextLogin',
    'phoneNumber', 'role', 'status', 'updatedAt', 'version',
  ]; // prettier-ignore

  it('shows everything to holders of read_user and to oneself, the name to others', async () => {
    const seen = await manager.get(`/users/${employee.id}`);
    expect(Object.keys(seen.body).toSorted()).toEqual(FULL);
    expect(seen.body).toMatchObject({ status: 'ACTIVE', role: { name: 'Employee' }, isAnonymized: false });
    expect(seen.headers.etag).toBe(`"${seen.body.version}"`);
    expect((await manager.get(`/users/${employee.id}`, { 'if-none-match': seen.headers.etag! })).status).toBe(304);
    expect((await employee.get(`/users/${employee.id}`)).body).toEqual(seen.body);
    expect((await employee.get(`/users/${manager.id}`)).body).toEqual({ id: manager.id, firstName: 'Grace', lastName: 'Hopper' });
    await server.app.get(Accesses).flush();
    const reads = await server.sql<{ actorUserId: string; action: string }>(
      'SELECT action, "actorUserId" FROM access_logs WHERE "userId" = $1',
      [employee.id],
    );
    expect(reads.map(({ action, actorUserId }) => [action, actorUserId].join(' '))).toEqual(Array(2).fill(`profile_read ${manager.id}`)); // not of oneself, nor of a name
    const key = await admin.apiKey([]);
    expect((await key.get(`/users/${employee.id}`)).body).toEqual({ id: employee.id, firstName: 'Mary', lastName: 'Somerville' });
  });

  it('knows nobody of another company', async () => {
    const foreign = await server.company();
    const unknown = await admin.get(`/users/${randomUUID()}`);
    const found = await foreign.admin.get(`/users/${employee.id}`);
    expect({ ...found.body, requestId: '', instance: '' }).toEqual({ ...unknown.body, requestId: '', instance: '' });
    const refused = [
      await foreign.admin.patch(`/users/${employee.id}`, { firstName: 'X' }),
      await foreign.admin.delete(`/users/${employee.id}`),
      await foreign.admin.post(`/users/${employee.id}/restore`),
      await foreign.admin.post(`/users/${employee.id}/status`, { code: 'SUSPENDED' }),
      await foreign.admin.get(`/users/${employee.id}/approvers`),
      await foreign.admin.put(`/users/${employee.id}/approvers`, { approverIds: [] }),
      await foreign.admin.get(`/users/${employee.id}/sessions`),
      await foreign.admin.delete(`/users/${employee.id}/sessions`),
    ];
    expect(codes(refused)).toEqual(Array(8).fill('404 not_found'));
    expect((await foreign.admin.get('/users')).body.items).toHaveLength(1);
    expect((await admin.get('/users/1')).status).toBe(400);
  });

  it('lists by last and first name, in pages, with filters', async () => {
    const list = await server.company();
    const people = [
      await list.person({ firstName: 'Émilie', lastName: 'du Châtelet', role: 'Manager' }),
      await list.person({ firstName: 'Ada', lastName: 'Zuse', email: 'The.Countess@example.com' }),
      await list.person({ firstName: 'Bea', lastName: 'Zuse', status: 'SUSPENDED' }),
    ];
    await server.sql('UPDATE users SET "externalId" = $2 WHERE id = $1', [people[2]!.id, 'P-7']);
    const team = await list.team({ members: [people[0]!] });
    const all = (await list.admin.get('/users')).body.items as { id: string; firstName: string; lastName: string }[];
    expect(all.filter(({ lastName }) => lastName === 'Zuse').map(({ firstName }) => firstName)).toEqual(['Ada', 'Bea']);
    const paged = [];
    for (let cursor = ''; ;) {
      const { body } = await list.admin.get(`/users?limit=1${cursor}`);
      paged.push(...body.items);
      if (!body.nextCursor) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(paged).toEqual(all);
    const found = async (query: string, by = list.admin) =>
      ((await by.get(`/users?${query}`)).body.items as { firstName: string }[]).map(({ firstName }) => firstName);
    expect(await found('status=SUSPENDED')).toEqual(['Bea']);
    expect(await found('role=Manager')).toEqual(['Émilie']);
    expect(await found(`role=${await list.roleId('Manager')}`)).toEqual(['Émilie']);
    expect(await found('role=Nobody')).toEqual([]);
    expect(await found(`teamId=${team.id}`)).toEqual(['Émilie']);
    expect(await found(`teamId=${(await company.team({ members: [employee] })).id}`)).toEqual([]);
    expect(await found('q=countess')).toEqual(['Ada']);
    expect(await found(`q=${encodeURIComponent('ÉMILIE DU')}`)).toEqual(['Émilie']);
    expect(await found(`q=${encodeURIComponent('%')}`)).toEqual([]);
    expect(await found('externalId=P-7')).toEqual(['Bea']);
    for (const query of ['limit=0', 'limit=201', 'status=GONE', 'nobody=1', 'cursor=x', 'teamId=1'])
      expect((await list.admin.get(`/users?${query}`)).status).toBe(400);

    const plain = people[1]!;
    const items = (await plain.get('/users')).body.items as Record<string, unknown>[];
    expect(items.map((item) => Object.keys(item).length).toSorted((a, b) => b - a)).toEqual([14, 3, 3, 3]); // oneself in full
    expect(await found('q=countess', plain)).toEqual([]);
    expect(await found('q=zuse', plain)).toEqual(['Ada', 'Bea']);
    expect(await found('externalId=P-7', plain)).toEqual([]);
    expect(codes([await plain.get('/users?status=ACTIVE'), await plain.get('/users?role=Admin')])).toEqual([
      '403 forbidden',
      '403 forbidden',
    ]);
  });

  it('lists the statuses', async () => {
    const { body } = await employee.get('/user-statuses');
    expect(body.items.map(({ code, canLogin, isTerminal }: Record<string, unknown>) => [code, canLogin, isTerminal])).toEqual([
      ['ACTIVE', true, false],
      ['INVITED', false, false],
      ['SUSPENDED', false, false],
      ['TERMINATED', false, true],
    ]);
    expect(body.nextCursor).toBeNull();
  });
});

describe('creating a user', () => {
  it('with a password makes one who must change it', async () => {
    const fields = { ...(await fieldsOf()), phoneNumber: '+4915112345678', externalId: 'P-1' };
    const made = await admin.post('/users', { ...fields, password: PASSWORD });
    expect(made.status).toBe(201);
    expect(made.headers.location).toBe(`/api/v1/users/${made.body.id}`);
    expect(made.headers.etag).toBe('"1"');
    const { roleId, ...shown } = fields;
    expect(made.body).toMatchObject({
      ...shown,
      role: { id: roleId, name: 'Employee' },
      status: 'ACTIVE',
      mustChangePasswordAtNextLogin: true,
      lastLogin: null,
    });
    expect((await server.anybody.post('/auth/login', { email: fields.email, password: PASSWORD })).body.mustChangePassword).toBe(true);
    const [row] = await server.audits(made.body.id, 'user_created');
    expect(row!.actorUserId).toBe(admin.id);
    const personal = { email: 'changed', firstName: 'changed', lastName: 'changed', phoneNumber: 'changed', externalId: 'changed' };
    expect([row!.before, row!.after]).toEqual([null, { ...personal, roleId, status: 'ACTIVE' }]);
    expect(JSON.stringify(row)).not.toMatch(/Babbage|example\.com|4915/);
  });

  it('with a password and a key for safe repeats, twenty times at once, makes one and tells the others to come back', async () => {
    const fields = { ...(await fieldsOf()), password: PASSWORD };
    const again = () => admin.post('/users', fields, { 'idempotency-key': 'one-user' });
    await Promise.all(Array.from({ length: 20 }, () => admin.get('/users'))); // open connections: else the first is through alone
    const answers = await Promise.all(Array.from({ length: 20 }, again));
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ body }) => body.id as string)).size).toBe(1);
    const others = answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.code}`);
    expect(new Set(others)).toEqual(new Set(['409 idempotency_in_progress']));
    expect((await again()).headers['idempotent-replayed']).toBe('true');
  });

  it('without one invites', async () => {
    const made = await admin.post('/users', await fieldsOf());
    expect([made.status, made.body.status, made.body.mustChangePasswordAtNextLogin]).toEqual([201, 'INVITED', false]);
    expect(await server.sql(`SELECT 1 FROM one_time_tokens WHERE "userId" = $1 AND purpose = 'invitation'`, [made.body.id])).toHaveLength(
      1,
    );
    expect((await server.audits(made.body.id, 'user_invited')).map(({ after }) => after)).toEqual([
      { email: 'changed', firstName: 'changed', lastName: 'changed', roleId: made.body.role.id, status: 'INVITED' },
    ]);
  });

  it('with an API key invites only', async () => {
    const key = await admin.apiKey();
    const fields = await fieldsOf();
    const refused = await key.post('/users', { ...fields, password: PASSWORD });
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    const invited = await key.post('/users', fields);
    expect([invited.status, invited.body.status]).toEqual([201, 'INVITED']);
  });

  it('refuses what does not validate, all at once', async () => {
    const { status, body } = await admin.post('/users', {
      email: 'x',
      firstName: ' ',
      roleId: 'y',
      isAnonymized: true,
      companyId: company.id,
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual([
      '/companyId',
      '/email',
      '/firstName',
      '/isAnonymized',
      '/lastName',
      '/roleId',
    ]);
    const weak = await admin.post('/users', { ...(await fieldsOf()), password: 'Charles Babbage' });
    expect([weak.status, weak.body.code, weak.body.errors[0].pointer]).toEqual([400, 'password_too_weak', '/password']);
    const several = await admin.post('/users', { ...(await fieldsOf()), lastName: ' ', password: 'short', roleId: randomUUID() });
    const told = several.body.errors.map(({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`);
    expect([several.status, several.body.code, told]).toEqual([
      400,
      'validation_failed',
      ['/lastName validation_failed', '/password password_too_weak', '/roleId unknown_reference'],
    ]);
    const ofTwoKinds = await admin.post('/users', { ...(await fieldsOf()), password: 'short', roleId: randomUUID() });
    expect([ofTwoKinds.body.code, ofTwoKinds.body.errors.length]).toEqual(['validation_failed', 2]);
    const email = `deleted-${randomUUID()}@${server.config.anonymizedEmailDomain}`;
    const odd = await admin.post('/users', { ...(await fieldsOf()), email, password: 'short' });
    expect(odd.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/email', '/password']);
  });

  it('refuses an unknown, foreign or deleted role alike', async () => {
    const foreign = await (await server.company()).roleId('Employee');
    const deleted = await company.role([]);
    await server.sql('UPDATE roles SET "deletedAt" = now() WHERE id = $1', [deleted]);
    for (const roleId of [randomUUID(), foreign, deleted]) {
      const { status, body } = await admin.post('/users', { ...(await fieldsOf()), roleId });
      expect([status, body.code, body.errors]).toEqual([400, 'unknown_reference', [{ pointer: '/roleId', detail: 'names nothing here' }]]);
    }
  });

  it('needs create_user, and hands out only what the creator holds', async () => {
    expect(codes([await employee.post('/users', {}), await manager.post('/users', await fieldsOf())])).toEqual([
      '403 forbidden',
      '403 forbidden',
    ]);
    const creator = await company.person({ role: ['create_user'] });
    expect((await creator.post('/users', await fieldsOf())).status).toBe(201);
    const refused = await creator.post('/users', await fieldsOf('Manager'));
    expect([refused.status, refused.body.code]).toEqual([403, 'privilege_escalation']);
    const rows = await server.sql(`SELECT 1 FROM audit_logs WHERE "actorUserId" = $1 AND action = 'privilege_escalation_refused'`, [
      creator.id,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('takes an e-mail and an external id once among the living, in any case, twenty times at once', async () => {
    const [email, roleId] = [newEmail(), await company.roleId('Employee')];
    const make = (more: object) => admin.post('/users', { firstName: 'A', lastName: 'B', roleId, ...more });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => make({ email: index % 2 ? email : email.toUpperCase() })));
    expect(codes(answers)).toEqual(['201', ...Array(19).fill('409 email_taken')]);
    expect(codes([await make({ email: newEmail(), externalId: 'P-9' }), await make({ email: newEmail(), externalId: 'p-9' })])).toEqual([
      '201',
      '409 external_id_taken',
    ]);
    const { id } = answers.find(({ status }) => status === 201)!.body;
    expect((await admin.delete(`/users/${id}`)).status).toBe(204);
    expect((await make({ email })).status).toBe(201);
    const restored = await admin.post(`/users/${id}/restore`);
    expect([restored.status, restored.body.code]).toEqual([409, 'email_taken']);
    expect((await make({ email: (await server.company()).admin.email })).status).toBe(201); // another company's does not matter
  });

  it('with a password is refused before that is hashed', async () => {
    const creator = await company.person({ role: ['create_user'] });
    const passwords = server.app.get(Passwords);
    let hashed = 0;
    const busy = Array.from({ length: 120 }, () => passwords.hash(PASSWORD).then(() => hashed++));
    const fields = { ...(await fieldsOf('Manager')), password: 'another walk, through the hills' };
    const taken = employee.email.toUpperCase();
    const refused = [
      await admin.post('/users', { ...fields, email: taken }),
      await admin.post('/users', { ...fields, email: taken, roleId: randomUUID() }),
      await creator.post('/users', { ...fields, email: taken }),
    ];
    expect(hashed).toBeLessThan(120);
    expect(codes(refused)).toEqual(['400 unknown_reference', '403 privilege_escalation', '409 email_taken']);
    await Promise.all(busy);
  });

  it('hashes a password behind the new ones of its company', async () => {
    const fields = { ...(await fieldsOf()), password: 'another walk, through the hills' };
    const [made] = await behindNewPasswords(server, company.id, [() => admin.post('/users', fields)]);
    expect(made!.status).toBe(201);
  });

  it('keeps to the domains of the company', async () => {
    const strict = await server.company({ owner: { email: `boss-${++count}@lighthouse.example` } });
    const roleId = await strict.roleId('Employee');
    const make = (email: string) => strict.admin.post('/users', { email, firstName: 'A', lastName: 'B', roleId });
    await server.sql(`UPDATE company_settings SET "allowedEmailDomains" = '{Lighthouse.example}' WHERE "companyId" = $1`, [strict.id]);
    expect((await make('a@elsewhere.example')).status).toBe(201); // listed, but not required
    await server.sql(`UPDATE company_settings SET "requireCompanyEmail" = true WHERE "companyId" = $1`, [strict.id]);
    expect((await make('b@lighthouse.EXAMPLE')).status).toBe(201);
    expect(codes([await make('c@elsewhere.example'), await make('d@not-lighthouse.example')])).toEqual(
      Array(2).fill('409 email_domain_not_allowed'),
    );
    const changed = await strict.admin.patch(`/users/${strict.admin.id}`, { email: 'boss@elsewhere.example' });
    expect([changed.status, changed.body.code]).toEqual([409, 'email_domain_not_allowed']);
  });
});

it.each(['POST', 'PATCH'])('the address that anonymisation gives to another is refused by %s', async (method) => {
  const [person, other] = [await company.person(), await company.person()];
  const email = `Deleted-${person.id.toUpperCase()}@GoGoTime.com`;
  const give = async (address: string) =>
    method === 'POST'
      ? admin.post('/users', { ...(await fieldsOf()), email: address })
      : admin.patch(`/users/${other.id}`, { email: address });
  const { status, body } = await give(email);
  expect([status, body.code, body.errors?.[0].pointer]).toEqual([400, 'validation_failed', '/email']);
  expect((await give(`deleted-${randomUUID()}@gogotime.com.example`)).status).toBeLessThan(300);
  const { body: erased } = await admin.post(`/users/${person.id}/anonymize`);
  expect(erased.email).toBe(email.toLowerCase());
  expect((await admin.patch(`/users/${person.id}`, { email: erased.email })).status).toBe(200); // as it is
});

describe('changing a user', () => {
  it('changes what is named, tells the version and the audit log', async () => {
    const person = await company.person({ firstName: 'Ida' });
    const changed = await admin.patch(
      `/users/${person.id}`,
      { lastName: 'Rhodes', phoneNumber: '+4915112345678', externalId: 'P-2' },
      { 'if-match': '"1"' },
    );
    expect(changed.body).toMatchObject({
      firstName: 'Ida',
      lastName: 'Rhodes',
      phoneNumber: '+4915112345678',
      externalId: 'P-2',
      version: 2,
    });
    expect(changed.headers.etag).toBe('"2"');
    const stale = await admin.patch(`/users/${person.id}`, { lastName: 'X' }, { 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    expect((await admin.patch(`/users/${person.id}`, { lastName: 'Rhodes' })).body.version).toBe(2);
    expect((await admin.patch(`/users/${person.id}`, { phoneNumber: null })).body.phoneNumber).toBeNull();
    expect((await admin.patch(`/users/${person.id}`, { lastName: null })).status).toBe(400);
    expect((await admin.patch(`/users/${person.id}`, { status: 'SUSPENDED' })).status).toBe(400);
    const [row] = await server.audits(person.id, 'user_updated');
    expect([row!.before, row!.after]).toEqual([
      { lastName: 'changed', phoneNumber: 'changed', externalId: 'changed' },
      { lastName: 'changed', phoneNumber: 'changed', externalId: 'changed' },
    ]);
  });

  it('with a new e-mail signs out, ends links and tells the old address', async () => {
    const person = await company.person();
    await company.insert('one_time_tokens', {
      userId: person.id,
      purpose: 'password_reset',
      tokenHash: randomUUID(),
      expiresAt: new Date(Date.now() + 3.6e6),
    });
    const email = newEmail();
    const shouted = person.email.replace(/^[^@]+/, (local) => local.toUpperCase());
    expect((await admin.patch(`/users/${person.id}`, { email: shouted })).status).toBe(200); // no other one
    expect((await person.get('/me')).status).toBe(200);
    expect((await admin.patch(`/users/${person.id}`, { email })).status).toBe(200);
    expect((await person.get('/me')).status).toBe(401);
    expect((await mailbox.to(shouted)).headers.subject).toMatch(/was changed/);
    expect(await server.sql('SELECT 1 FROM one_time_tokens WHERE "userId" = $1 AND "deletedAt" IS NULL', [person.id])).toEqual([]);
    expect((await server.anybody.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
    expect((await admin.patch(`/users/${person.id}`, { email: admin.email })).body.code).toBe('email_taken');
  });

  it('with an e-mail that the database takes for another one signs out, though JavaScript takes them for the same', async () => {
    const elsewhere = await server.company();
    const [person, clerk] = [await elsewhere.person(), await elsewhere.person({ role: ['update_user'] })];
    await server.sql(`UPDATE users SET email = 'οδος@example.com' WHERE id = $1`, [person.id]);
    expect((await clerk.patch(`/users/${person.id}`, { email: 'ΟΔΟΣ@example.com' })).status).toBe(200); // which οδοσ@ finds at sign-in
    expect((await person.get('/me')).status).toBe(401);
  });

  it('tells one address ten times an hour of changes, of which five for one company, and changes the e-mail all the same', async () => {
    const bombed = newEmail();
    const companies = await Promise.all([server.company(), server.company(), server.company()]);
    const people = await Promise.all(companies.map((one) => one.person()));
    /** Gives somebody the address and takes it away again. @returns how many mails there are to it */
    const pass = async ({ company: { admin: owner }, id }: Person): Promise<number> => {
      for (const email of [bombed, newEmail()]) expect((await owner.patch(`/users/${id}`, { email })).body.email).toBe(email);
      await server.app.get(MailSender).idle();
      return mailbox.count(bombed);
    };
    const counts = [];
    for (const place of [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]) counts.push(await pass(people[place]!));
    expect(counts).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10]);
    clock.travelTo(new Date(clock.now().getTime() + 3_601_000));
    await companies[0].admin.signIn();
    expect(await pass(people[0]!)).toBe(11);
  });

  it('needs update_user, for the role assign_role, and for one’s own profile nothing', async () => {
    const person = await company.person();
    expect((await person.patch(`/users/${person.id}`, { firstName: 'Own', phoneNumber: null })).body).toMatchObject({ firstName: 'Own' });
    const roleId = await company.roleId('Employee');
    const refused = [
      await person.patch(`/users/${person.id}`, { email: newEmail() }),
      await person.patch(`/users/${person.id}`, { externalId: 'P-3' }),
      await person.patch(`/users/${person.id}`, { roleId: await company.roleId('Admin') }),
      await person.patch(`/users/${employee.id}`, { firstName: 1 }), // the permission comes before the body
      await (await company.person({ role: ['update_user'] })).patch(`/users/${person.id}`, { roleId }),
      await (await company.person({ role: ['assign_role'] })).patch(`/users/${person.id}`, { firstName: 'X' }),
      await (await admin.apiKey(['read_user'])).patch(`/users/${person.id}`, { firstName: 'X' }),
    ];
    expect(codes(refused)).toEqual(Array(7).fill('403 forbidden'));
    const updater = await company.person({ role: ['update_user'] });
    expect((await updater.patch(`/users/${person.id}`, { firstName: 'Ida' })).body).toEqual({
      id: person.id,
      firstName: 'Ida',
      lastName: expect.any(String),
    });
  });

  it('acts on nobody who holds more, and hands out nothing that is not held', async () => {
    const updater = await company.person({
      role: ['update_user', 'assign_role', 'change_user_status', 'delete_user', 'revoke_session', 'read_user'],
    });
    const victim = await company.person({ role: ['read_report'] });
    const refused = [
      await updater.patch(`/users/${victim.id}`, { firstName: 'X' }, { 'if-match': '"99"' }), // before 412
      await updater.patch(`/users/${employee.id}`, { roleId: await company.roleId('Manager') }),
      await updater.patch(`/users/${updater.id}`, { roleId: await company.roleId('Admin') }),
      await updater.post(`/users/${victim.id}/status`, { code: 'SUSPENDED' }),
      await updater.delete(`/users/${victim.id}`),
      await updater.delete(`/users/${victim.id}/sessions`),
      await updater.put(`/users/${victim.id}/approvers`, { approverIds: [] }),
    ];
    expect(codes(refused)).toEqual(Array(7).fill('403 privilege_escalation'));
    const rows = await server.sql<{ after: object }>(
      `SELECT after FROM audit_logs WHERE "actorUserId" = $1 AND action = 'privilege_escalation_refused'`,
      [updater.id],
    );
    expect(rows).toHaveLength(7);
    expect((await victim.get('/me')).status).toBe(200);
    await admin.delete(`/users/${victim.id}`);
    expect((await updater.post(`/users/${victim.id}/restore`)).body.code).toBe('privilege_escalation');
    expect((await updater.patch(`/users/${employee.id}`, { roleId: await company.roleId('Employee') })).status).toBe(200);
  });

  it('with another role counts at the next request', async () => {
    const person = await company.person();
    expect((await person.get('/users?status=ACTIVE')).status).toBe(403);
    await admin.patch(`/users/${person.id}`, { roleId: await company.roleId('Manager') });
    expect((await person.get('/users?status=ACTIVE')).status).toBe(200);
    await admin.patch(`/users/${person.id}`, { roleId: await company.roleId('Employee') });
    expect((await person.get('/users?status=ACTIVE')).status).toBe(403);
    expect((await admin.patch(`/users/${person.id}`, { roleId: randomUUID() })).body.code).toBe('unknown_reference');
  });
});
