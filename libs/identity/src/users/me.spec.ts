import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company({ name: 'Lighthouse' });
});
afterAll(() => server.stop());

describe('/me', () => {
  it('tells who I am, what I may do and where', async () => {
    const person = await company.person({ role: ['read_user', 'read_report'] });
    const { status, body, headers } = await person.get('/me');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: person.id,
      email: person.email,
      permissions: ['read_report', 'read_user'],
      company: { id: company.id, name: 'Lighthouse', timezone: 'Europe/Berlin' },
    });
    expect(headers.etag).toBe('"1"');
    const again = await person.get('/me', { 'if-none-match': '"1"' });
    expect([again.status, again.body]).toEqual([200, body]); // a role that changed has a version of its own
    expect((await server.anybody.get('/me')).status).toBe(401);
  });

  it('changes my name and phone number, and nothing else', async () => {
    const person = await company.person();
    const changed = await person.patch('/me', { firstName: 'Ada', phoneNumber: '+4915112345678' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.etag]).toEqual([200, '"2"']);
    expect(changed.body).toEqual((await person.get('/me')).body);
    expect(changed.body).toMatchObject({ firstName: 'Ada', phoneNumber: '+4915112345678' });
    expect((await person.patch('/me', { phoneNumber: null })).body.phoneNumber).toBeNull();
    expect((await person.patch('/me', { lastName: 'X' }, { 'if-match': '"1"' })).status).toBe(412);
    for (const body of [
      { email: 'x@example.com' },
      { externalId: '1' },
      { roleId: person.id },
      { firstName: ' ' },
      { firstName: null },
      { phoneNumber: '12' },
    ]) {
      expect((await person.patch('/me', body)).status).toBe(400);
    }
    const rows = await server.sql<{ after: object }>(
      `SELECT after FROM audit_logs WHERE "userId" = $1 AND action = 'user_updated' ORDER BY "occurredAt"`,
      [person.id],
    );
    expect(rows[0]!.after).toEqual({ firstName: 'changed', phoneNumber: 'changed' });
  });

  it.each<[string, (person: Person) => Promise<Answer>]>([
    ['GET /me', (person) => person.get('/me')],
    ['PATCH /me', (person) => person.patch('/me', { firstName: 'Late' })],
    ['PATCH of oneself', (person) => person.patch(`/users/${person.id}`, { firstName: 'Late' })],
    ['POST /me/calendar-token', (person) => person.post('/me/calendar-token')],
    ['POST /api-keys', (person) => person.post('/api-keys', { name: 'late' })],
  ])('is nobody who was deleted, also where that is not known yet: %s', async (_, request) => {
    const person = await company.person({ role: ['manage_api_key'] });
    await person.get('/me');
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [person.id]); // as another replica does
    const { status, body } = await request(person);
    expect([status, body.code]).toEqual([401, 'not_signed_in']);
  });

  it('is open to a key', async () => {
    const person = await company.person();
    const key = await person.apiKey([]);
    expect((await key.patch('/me', { firstName: 'Key' })).body.firstName).toBe('Key');
  });
});
