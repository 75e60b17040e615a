import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { statuses, twenty } from '../../../test/answer.js';
import { Client } from '../../../test/client.js';
import { PASSWORD } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const OWNER = { email: 'ada@example.com', password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace' };

describe('signing a company up', () => {
  it('makes the company with its roles, its settings and its owner, an Admin who is signed in', async () => {
    const { status, body, headers } = await server.anybody.post('/companies', { name: 'Engines', timezone: 'Europe/London', owner: OWNER });
    expect(status).toBe(201);
    expect([headers.location, headers.etag]).toEqual(['/api/v1/company', '"1"']);
    expect(headers['cache-control']).toContain('no-store');
    expect(body.company).toMatchObject({ name: 'Engines', timezone: 'Europe/London', ownerUserId: body.user.id, version: 1 });
    expect(body.user).toMatchObject({ email: OWNER.email, firstName: 'Ada', status: 'ACTIVE', role: { name: 'Admin' } });
    const admin = new Client(server.app, body.tokens.accessToken);
    expect((await admin.get('/company')).body).toEqual(body.company);
    expect((await admin.get('/roles')).body.items).toHaveLength(3);
    expect((await admin.get('/company/settings')).body.workWeek.friday).toEqual([9, 17]);
    expect(JSON.stringify(body)).not.toContain(PASSWORD);
    expect((await admin.get(`/users/${body.user.id}`)).body.lastLogin).toMatch(/Z$/);
    const logged = await server.sql('SELECT "actorUserId" FROM audit_logs WHERE action = $1 AND "userId" = $2', [
      'signed_in',
      body.user.id,
    ]);
    expect(logged).toEqual([{ actorUserId: body.user.id }]);
  });

  it('takes a name once, of twenty at once exactly one', async () => {
    const answers = await twenty((index) =>
      server.anybody.post('/companies', { name: 'Race', owner: { ...OWNER, email: `race-${index}@example.com` } }),
    );
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    const refused = answers.find(({ status }) => status === 409)!;
    expect([refused.body.code, refused.headers.location]).toEqual(['company_name_taken', undefined]);
    const rows = await server.sql(`SELECT 1 FROM users WHERE email LIKE 'race-%'`);
    expect(rows).toHaveLength(1);
  });

  it('hashes no password for a name that is taken', async () => {
    await server.anybody.post('/companies', { name: 'Taken', owner: OWNER });
    const answers = await Promise.all(
      Array.from({ length: 270 }, () => server.anybody.post('/companies', { name: 'Taken', owner: OWNER })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409])); // of 270 hashes the queue refuses some
    await server.sql('DELETE FROM sign_in_attempts');
  });

  it('is closed to an address after 300 names that were taken in ten minutes; what succeeds does not count', async () => {
    const post = (name: string) => server.anybody.post('/companies', { name, owner: OWNER });
    const failures = async () => (await server.sql<{ failures: number }>('SELECT failures FROM sign_in_attempts'))[0]!.failures;
    expect([(await post('Counted')).status, await failures()]).toEqual([201, 0]);
    expect([(await post('Counted')).status, await failures()]).toEqual([409, 1]);
    expect([(await post('')).status, await failures()]).toEqual([400, 1]);
    await server.sql('UPDATE sign_in_attempts SET failures = 300');
    const refused = await post('Not counted');
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_requests']);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(600);
    expect((await server.anybody.post('/auth/login', { email: 'nobody@example.com', password: PASSWORD })).status).toBe(429); // one budget
    await server.sql('DELETE FROM sign_in_attempts');
  });

  it('names every fault by its pointer', async () => {
    const { status, body } = await server.anybody.post('/companies', {
      timezone: 'Nowhere',
      owner: { email: 'ada', password: PASSWORD, firstName: '', roleId: 'Admin' },
      version: 1,
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual([
      '/name',
      '/owner/email',
      '/owner/firstName',
      '/owner/lastName',
      '/owner/roleId',
      '/timezone',
      '/version',
    ]);
    for (const email of ['a b', 'a\r\nbcc: b', '"a b"', '"<a>"', 'a\u200b'].map((local) => `${local}@example.com`)) {
      const answer = await server.anybody.post('/companies', { name: 'Odd', owner: { ...OWNER, email } });
      expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '/owner/email' }] });
    }
    const email = `deleted-${randomUUID()}@${server.config.anonymizedEmailDomain.toUpperCase()}`;
    const answer = await server.anybody.post('/companies', { name: 'Nobody', owner: { ...OWNER, email } });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '/owner/email' }] });
    const weak = await server.anybody.post('/companies', { name: 'Weak', owner: { ...OWNER, password: 'lovelace lovelace' } });
    expect([weak.status, weak.body.code]).toEqual([400, 'password_too_weak']);
    const several = await server.anybody.post('/companies', { name: ' ', owner: { ...OWNER, email, password: 'short' } });
    expect([several.status, several.body.code, several.body.errors]).toMatchObject([
      400,
      'validation_failed',
      [{ pointer: '/name' }, { pointer: '/owner/email' }, { pointer: '/owner/password', code: 'password_too_weak' }],
    ]);
    expect((await server.anybody.post('/companies', { name: 'Bare', owner: 7 })).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/owner' }],
    });
  });

  it('takes one connection, so that many at once cannot wait for each other', async () => {
    const narrow = new Client(await server.secondReplica({ DB_POOL_SIZE: '1' }));
    expect((await narrow.post('/companies', { name: 'Narrow', owner: OWNER })).status).toBe(201);
  });

  it('is refused where it is switched off, whatever the request', async () => {
    const closed = new Client(await server.secondReplica({ SIGNUP_ENABLED: 'false' }));
    for (const body of [{ name: 'Closed', owner: OWNER }, {}]) {
      const answer = await closed.post('/companies', body);
      expect([answer.status, answer.body.code]).toEqual([403, 'signup_disabled']);
    }
  });
});
