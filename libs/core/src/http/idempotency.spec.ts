import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../../../../test/client.js';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { clock } from '../clock.js';
import { lockKey } from '../database/locks.js';

let server: TestServer;
let company: Company;
beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(() => server.stop());

/** What every answer says anew, a repeat too. */
const ANEW = ['date', 'x-request-id', 'ratelimit-remaining', 'ratelimit-reset', 'idempotent-replayed'];

const key = (name: string) => ({ 'idempotency-key': name });
const team = (name: string, idempotencyKey: string) => company.admin.post('/teams', { name }, key(idempotencyKey));
const teams = async (name: string): Promise<number> =>
  (await server.sql(`SELECT FROM teams WHERE "companyId" = $1 AND name = $2`, [company.id, name])).length;

describe('safe repeats', () => {
  it('answer the first answer again, byte for byte, with one effect', async () => {
    const first = await team('Once', 'k1');
    const again = await team('Once', 'k1');
    expect(first.status).toBe(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers).toMatchObject({
      'idempotent-replayed': 'true',
      location: first.headers.location,
      etag: first.headers.etag,
      'content-type': first.headers['content-type'],
    });
    expect(await teams('Once')).toBe(1);
  });

  it('are the same bytes under the same headers, whatever the text: of a record that is made, and of a move', async () => {
    const text = 'Größe 👩‍🚀\u2028\u2029 "\\" </script> é e\u0301';
    const leave = { startDate: '2026-03-03', endDate: '2026-03-03', leaveType: 'PTO' };
    const { body: request } = await (await company.person()).post('/leave-requests', leave);
    for (const [status, url, body] of [
      [201, '/api/v1/tasks', { title: text, description: text }],
      [200, `/api/v1/leave-requests/${request.id}/approve`, { reason: text }],
    ] as const) {
      const send = async () => {
        const headers = { authorization: `Bearer ${company.admin.token}`, ...key(`bytes ${status}`) };
        const answer = await server.app.inject({ method: 'POST', url, payload: body, headers });
        const same = Object.entries(answer.headers).filter(([name]) => !ANEW.includes(name));
        const replayed = answer.headers['idempotent-replayed'];
        return { status: answer.statusCode, bytes: answer.rawPayload.toString('hex'), headers: Object.fromEntries(same), replayed };
      };
      const first = await send();
      expect(first).toMatchObject({ status, headers: { etag: expect.any(String), 'cache-control': 'no-store' }, replayed: undefined });
      expect(first.bytes).toContain(Buffer.from(JSON.stringify(text)).toString('hex'));
      expect(await send()).toEqual({ ...first, replayed: 'true' });
    }
  });

  it('of twenty at once have one effect; whoever comes while it runs is told to come back', async () => {
    await Promise.all(Array.from({ length: 20 }, () => company.admin.get('/teams'))); // connections that are open already: else the first is through alone
    const answers = await Promise.all(Array.from({ length: 20 }, () => team('Twenty', 'k20')));
    expect(await teams('Twenty')).toBe(1);
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ body }) => body.id as string)).size).toBe(1);
    for (const { status, body, headers } of answers.filter((answer) => answer.status !== 201)) {
      expect([status, body.code, headers['retry-after']]).toEqual([409, 'idempotency_in_progress', '1']);
    }
  });

  it('answer the first answer also where the first try met a deadlock, and another repeat was faster than the second', async () => {
    const pause = jest.spyOn(Math, 'random').mockReturnValue(50); // a second until the next try
    try {
      await server.database.as('superuser', async (other) => {
        await other.query(`SET deadlock_timeout = '20s'`); // the request is the one that is given up
        await other.query('BEGIN');
        await other.query('SELECT 1 FROM companies WHERE id = $1 FOR UPDATE', [company.id]);
        const first = team('Deadlock', 'k-deadlock');
        await server.untilSomebodyWaits();
        const itsLock = `SELECT pg_advisory_xact_lock(${lockKey('request', '$2::text', '$3::text')})`;
        await other.query(itsLock, [company.id, company.admin.id, 'k-deadlock']);
        await other.query('COMMIT');
        const faster = await team('Deadlock', 'k-deadlock');
        expect([faster.status, faster.headers['idempotent-replayed']]).toEqual([201, undefined]);
        const answer = await first;
        expect([answer.status, answer.headers['idempotent-replayed']]).toEqual([201, 'true']);
        expect(answer.body).toEqual(faster.body);
      });
    } finally {
      pause.mockRestore();
    }
    expect(await teams('Deadlock')).toBe(1);
  });

  it('refuse the key for another request', async () => {
    await team('First', 'k2');
    const other = await team('Second', 'k2');
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    const deep = await company.admin.post('/teams', `{"name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, key('k2'));
    expect(deep.status).toBe(422);
    const elsewhere = await company.admin.post('/action-codes', { code: 'K2', name: 'First' }, key('k2'));
    expect(elsewhere.status).toBe(422);
    expect(await teams('Second')).toBe(0);
  });

  it('leave the key free after a failure', async () => {
    expect((await team('', 'k3')).status).toBe(400);
    expect((await team('Third', 'k3')).status).toBe(201);
  });

  it('are one per user', async () => {
    const other = await company.person({ role: ['create_team'] });
    await team('Mine', 'k4');
    const theirs = await other.post('/teams', { name: 'Theirs' }, key('k4'));
    expect([theirs.status, theirs.body.name]).toEqual([201, 'Theirs']);
  });

  it('tell an API key nothing that another credential was answered', async () => {
    const [approver, person] = [await company.person({ role: ['approve_leave_request'] }), await company.person()];
    const leave = { startDate: '2026-03-02', endDate: '2026-03-02', leaveType: 'SICK', reason: 'A weak heart' };
    const { body } = await person.post('/leave-requests', leave);
    const approve = (client: Client) => client.post(`/leave-requests/${body.id}/approve`, {}, key('k8'));
    const first = await approve(approver);
    expect([first.status, first.body.reason]).toEqual([200, 'A weak heart']);
    for (const permissions of [[], null]) {
      const answer = await approve(await approver.apiKey(permissions));
      expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused']);
    }
    await approver.signIn();
    expect((await approve(approver)).headers['idempotent-replayed']).toBe('true'); // whatever the session
  });

  it('are safe for an API key too', async () => {
    const program = await company.admin.apiKey();
    expect((await program.post('/teams', { name: 'Program' }, key('k9'))).status).toBe(201);
    expect((await program.post('/teams', { name: 'Program' }, key('k9'))).headers['idempotent-replayed']).toBe('true');
    expect((await company.admin.post('/teams', { name: 'Program' }, key('k9'))).status).toBe(422);
    expect(await teams('Program')).toBe(1);
  });

  it('end after 24 hours of the clock, also where the record that was changed was ahead of it', async () => {
    const begun = Date.now();
    clock.travelTo(new Date(begun + 300_000));
    const { body: made } = await company.admin.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    clock.reset();
    const { id: actionCodeId } = await company.actionCode();
    const entry = { day: '2026-03-02', durationMin: 10, actionCodeId, country: 'DE' };
    const { body } = await company.admin.post('/timesheet-entries', entry, key('k-ahead'));
    expect(Date.parse(body.createdAt)).toBe(Date.parse(made.updatedAt) + 1);
    const [kept] = await server.sql<{ expiresAt: Date }>(`SELECT "expiresAt" FROM idempotency_keys WHERE key = 'k-ahead'`);
    expect(kept!.expiresAt.getTime()).toBeLessThan(begun + 24 * 3600 * 1000 + 100_000);
  });

  it('end after 24 hours', async () => {
    const first = await team('Day', 'k5');
    clock.travelTo(new Date(Date.now() + 24 * 3600 * 1000 + 1000));
    await company.admin.signIn();
    const later = await team('Day', 'k5');
    clock.reset();
    await company.admin.signIn();
    expect(later.status).toBe(201);
    expect(later.body.id).not.toBe(first.body.id);
  });

  it.each(['', 'ä', 'x'.repeat(256)])('refuse the key %j', async (bad) => {
    const answer = await team('Bad key', bad);
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, '/Idempotency-Key']);
  });

  it('are recognised by what tells nobody the request, also after the secret was rotated', async () => {
    await team('Sealed', 'k7');
    const [kept] = await server.sql<{ hash: string }>(`SELECT "requestHash" AS hash FROM idempotency_keys WHERE key = 'k7'`);
    const told = JSON.stringify([company.id, 'POST', '/api/v1/teams', { name: 'Sealed' }]);
    expect(kept!.hash).not.toBe(createHash('sha256').update(told).digest('hex'));
    const JWT_SECRET = `another secret of at least 32 bytes,${server.config.jwtSecrets[0]}`;
    const rotated = company.admin.on(await server.secondReplica({ JWT_SECRET }));
    const again = await rotated.post('/teams', { name: 'Sealed' }, key('k7'));
    expect([again.status, again.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect((await rotated.post('/teams', { name: 'Other' }, key('k7'))).status).toBe(422);
  });

  it('never keep an answer with a secret', async () => {
    const owner = { email: 'twice@example.com', password: 'a long walk by the sea', firstName: 'A', lastName: 'B' };
    expect((await server.anybody.post('/companies', { name: 'Twice', owner }, key('k6'))).status).toBe(201);
    expect((await server.anybody.post('/companies', { name: 'Twice', owner }, key('k6'))).body.code).toBe('company_name_taken');
    expect(await server.sql(`SELECT FROM idempotency_keys WHERE key = 'k6'`)).toEqual([]);
  });
});
