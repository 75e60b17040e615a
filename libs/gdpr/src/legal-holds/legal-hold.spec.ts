import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import { statuses, twenty } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let counsel: Person;
let stranger: Person;
let person: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  counsel = await company.person({ role: ['manage_legal_hold'] });
  stranger = (await server.company()).admin;
});
beforeEach(async () => {
  person = await company.person();
});
afterAll(() => server.stop());

const path = (id: string) => `/users/${id}/legal-hold`;
const rows = () => server.sql('SELECT reason, version FROM legal_holds WHERE "userId" = $1', [person.id]);
const audited = () =>
  server.sql(
    'SELECT action, "targetId", "actorUserId", before, after FROM audit_logs WHERE "userId" = $1 AND action LIKE $2 ORDER BY "occurredAt"',
    [person.id, 'legal_hold%'],
  );

describe('a legal hold', () => {
  it('is set, changed, read and released, each of it audited without the reason', async () => {
    const set = await counsel.put(path(person.id), { reason: 'Overtime dispute' });
    expect(set.status).toBe(200);
    expect(set.headers.etag).toBe('"1"');
    expect(set.body).toEqual({
      id: expect.any(String),
      userId: person.id,
      reason: 'Overtime dispute',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    expect((await counsel.get(path(person.id))).body).toEqual(set.body);
    expect((await counsel.get(path(person.id), { 'if-none-match': '"1"' })).status).toBe(304);

    expect((await counsel.put(path(person.id), { reason: 'Overtime dispute' })).body).toEqual(set.body);
    const changed = await counsel.put(path(person.id), { reason: 'Bullying' });
    expect([changed.body.id, changed.body.reason, changed.headers.etag]).toEqual([set.body.id, 'Bullying', '"2"']);
    expect((await counsel.put(path(person.id), {})).body).toMatchObject({ reason: null, version: 3 });

    expect((await counsel.delete(path(person.id))).status).toBe(204);
    expect((await counsel.delete(path(person.id))).status).toBe(404);
    expect((await counsel.get(path(person.id))).status).toBe(404);
    const about = { targetId: set.body.id, actorUserId: counsel.id };
    const change = { before: { reason: 'changed' }, after: { reason: 'changed' } };
    expect(await audited()).toEqual([
      { ...about, action: 'legal_hold_set', before: null, after: { reason: 'changed' } },
      { ...about, action: 'legal_hold_updated', ...change },
      { ...about, action: 'legal_hold_updated', ...change },
      { ...about, action: 'legal_hold_released', before: null, after: null },
    ]);
  });

  it('is noted as read, but by whom it holds', async () => {
    await company.admin.put(path(counsel.id), { reason: 'Overtime dispute' });
    await company.admin.get(path(counsel.id));
    expect((await counsel.get(path(counsel.id))).body.reason).toBe('Overtime dispute');
    expect((await counsel.get(path(person.id))).status).toBe(404);
    await server.app.get(Accesses).flush();
    const reads = await server.sql('SELECT action, "targetId", "actorUserId" FROM access_logs WHERE "userId" = ANY ($1)', [
      [counsel.id, person.id],
    ]);
    expect(reads).toEqual([{ action: 'profile_read', targetId: counsel.id, actorUserId: company.admin.id }]);
    await company.admin.delete(path(counsel.id));
  });

  it('needs no reason', async () => {
    expect((await counsel.put(path(person.id))).body).toMatchObject({ reason: null, version: 1 });
    expect((await counsel.put(path(person.id), { reason: null })).body).toMatchObject({ reason: null, version: 1 });
    expect((await audited())[0]).toMatchObject({ action: 'legal_hold_set', after: null });
  });

  it.each([{ reason: 7 }, { reason: 'x'.repeat(4001) }, { userId: randomUUID() }, { version: 1 }])('refuses %j', async (body) => {
    expect((await counsel.put(path(person.id), body)).status).toBe(400);
    expect(await rows()).toEqual([]);
  });

  it('is possible on deleted users, and stays when they are deleted or restored', async () => {
    await counsel.put(path(person.id), { reason: 'Before' });
    expect((await company.admin.delete(`/users/${person.id}`)).status).toBe(204);
    expect((await counsel.get(path(person.id))).body.reason).toBe('Before');
    expect((await counsel.put(path(person.id), { reason: 'After' })).body.reason).toBe('After');
    await company.admin.post(`/users/${person.id}/restore`);
    expect((await counsel.get(path(person.id))).body.reason).toBe('After');
    await company.admin.delete(`/users/${person.id}`);
    expect((await counsel.delete(path(person.id))).status).toBe(204);
  });

  it('keeps the row of the user from being removed by whoever it may be', async () => {
    await counsel.put(path(person.id));
    await server.sql('DELETE FROM active_sessions WHERE "userId" = $1', [person.id]);
    await expect(server.sql('DELETE FROM users WHERE id = $1', [person.id])).rejects.toMatchObject({
      constraint: 'legal_holds_userId_fkey',
    });
  });

  it('knows nobody of another company, and no unknown user', async () => {
    await counsel.put(path(person.id), { reason: 'Ours' });
    for (const id of [person.id, randomUUID()]) {
      expect((await stranger.put(path(id), { reason: 'Theirs' })).status).toBe(404);
      expect((await stranger.get(path(id))).status).toBe(404);
      expect((await stranger.delete(path(id))).status).toBe(404);
    }
    expect(await rows()).toEqual([{ reason: 'Ours', version: 1 }]);
    expect((await counsel.put(path('nobody'))).status).toBe(400);
  });

  it('needs the permission, also for one’s own', async () => {
    await counsel.put(path(person.id));
    const team = await company.person();
    await company.team({ leads: [team], members: [person] });
    const key = await company.admin.apiKey(['anonymize_user', 'manage_retention']);
    for (const other of [person, team, await company.person({ role: 'Manager' }), key]) {
      expect((await other.get(path(person.id))).status).toBe(403);
      expect((await other.put(path(person.id), { nonsense: 1 })).status).toBe(403);
      expect((await other.delete(path(person.id))).status).toBe(403);
    }
    expect((await (await company.admin.apiKey(['manage_legal_hold'])).get(path(person.id))).status).toBe(200);
    expect((await server.anybody.get(path(person.id))).status).toBe(401);
    expect((await counsel.put(path(company.admin.id))).status).toBe(200); // it takes nothing from those who hold more
  });

  it('answers 412 to who saw another version', async () => {
    for (const header of ['"1"', '*']) expect((await counsel.put(path(person.id), {}, { 'if-match': header })).status).toBe(412);
    await counsel.put(path(person.id), { reason: 'One' });
    await counsel.put(path(person.id), { reason: 'Two' }, { 'if-match': '"1"' });
    expect((await counsel.put(path(person.id), { reason: 'Stale' }, { 'if-match': '"1"' })).body.code).toBe('version_mismatch');
    expect((await counsel.delete(path(person.id), { 'if-match': '"1"' })).body.code).toBe('version_mismatch');
    expect((await counsel.put(path(person.id), {}, { 'if-match': '1' })).status).toBe(400);
    expect(await rows()).toEqual([{ reason: 'Two', version: 2 }]);
    expect((await counsel.delete(path(person.id), { 'if-match': '"2"' })).status).toBe(204);
  });
});

describe('twenty at once', () => {
  it('set one hold', async () => {
    const answers = await twenty((index) => counsel.put(path(person.id), { reason: `Reason ${index}` }));
    expect(statuses(answers)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await rows()).toEqual([{ reason: expect.any(String), version: 20 }]);
    expect(await audited()).toHaveLength(20);
  });

  it('set the same hold once', async () => {
    expect(statuses(await twenty(() => counsel.put(path(person.id), { reason: 'Same' })))).toEqual(Array(20).fill(200));
    expect(await rows()).toEqual([{ reason: 'Same', version: 1 }]);
    expect(await audited()).toHaveLength(1);
  });

  it('release it once', async () => {
    await counsel.put(path(person.id));
    expect(statuses(await twenty(() => counsel.delete(path(person.id))))).toEqual([204, ...Array<number>(19).fill(404)]);
    expect(await audited()).toHaveLength(2);
  });

  it('wait for whoever works on the user', async () => {
    const held = await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM users WHERE "companyId" = $1 AND id = $2 FOR UPDATE', [company.id, person.id]);
      const holding = counsel.put(path(person.id));
      await server.untilSomebodyWaits();
      await client.query('COMMIT');
      return holding;
    });
    expect(held.status).toBe(200);
  });
});
