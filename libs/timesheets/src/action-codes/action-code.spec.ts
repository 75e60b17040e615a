import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { statuses } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;
let employee: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  admin = company.admin;
  employee = await company.person();
});
afterAll(() => server.stop());

const entry = (actionCodeId: string, columns = {}) =>
  company.insert('timesheet_entries', {
    userId: employee.id,
    actionCodeId,
    country: 'DE',
    timezone: 'UTC',
    durationMin: 60,
    day: '2026-03-02',
    ...columns,
  });
const historyOf = (targetId: string) =>
  server.sql(
    'SELECT "userId", "targetType", action, "actorUserId", diff FROM timesheet_history WHERE "targetId" = $1 ORDER BY "occurredAt"',
    [targetId],
  );

describe('creating', () => {
  it('answers with the record, fills in the defaults and writes history', async () => {
    const answer = await admin.post('/action-codes', { code: 'DEV', name: 'Development' });
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.headers.location).toBe(`/api/v1/action-codes/${answer.body.id}`);
    expect(answer.body).toEqual({
      id: expect.any(String),
      code: 'DEV',
      name: 'Development',
      type: 'billable',
      active: true,
      externalId: null,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    expect((await employee.get(`/action-codes/${answer.body.id}`)).body).toEqual(answer.body);
    expect(await historyOf(answer.body.id)).toEqual([
      {
        userId: admin.id,
        targetType: 'ActionCode',
        action: 'created',
        actorUserId: admin.id,
        diff: {
          code: { before: null, after: 'DEV' },
          name: { before: null, after: 'Development' },
          type: { before: null, after: 'billable' },
          active: { before: null, after: true },
        },
      },
    ]);
  });

  it('names every fault by its pointer', async () => {
    const { status, body } = await admin.post('/action-codes', {
      name: ' ',
      type: 'free',
      active: null,
      externalId: 'x'.repeat(256),
      version: 7,
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual([
      '/active',
      '/code',
      '/externalId',
      '/name',
      '/type',
      '/version',
    ]);
  });

  it('takes a code once, of twenty at once exactly one', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => admin.post('/action-codes', { code: 'RACE', name: 'Race' })));
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('action_code_taken');
    const other = await server.company();
    expect((await other.admin.post('/action-codes', { code: 'RACE', name: 'Race' })).status).toBe(201);
  });

  it('repeats safely', async () => {
    const headers = { 'idempotency-key': 'one' };
    const [first, second] = [
      await admin.post('/action-codes', { code: 'IDEM', name: 'I' }, headers),
      await admin.post('/action-codes', { code: 'IDEM', name: 'I' }, headers),
    ];
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(await historyOf(first.body.id)).toHaveLength(1);
  });
});

describe('who may', () => {
  it('lets everybody signed in read, and only holders of each permission write', async () => {
    const { id } = await company.actionCode();
    expect((await employee.get('/action-codes')).status).toBe(200);
    expect((await server.anybody.get('/action-codes')).status).toBe(401);
    const [creator, updater, deleter] = await Promise.all(
      (['create_action_code', 'update_action_code', 'delete_action_code'] as const).map((permission) =>
        company.person({ role: [permission] }),
      ),
    );
    const without = await admin.apiKey([]);
    for (const person of [employee, updater!, deleter!, without])
      expect((await person.post('/action-codes', { code: 'NO', name: 'No' })).status).toBe(403);
    for (const person of [employee, creator!, deleter!, without])
      expect((await person.patch(`/action-codes/${id}`, { name: 'No' })).status).toBe(403);
    for (const person of [employee, creator!, updater!, without]) expect((await person.delete(`/action-codes/${id}`)).status).toBe(403);
    expect((await creator!.post('/action-codes', { code: 'YES', name: 'Yes' })).status).toBe(201);
    expect((await updater!.patch(`/action-codes/${id}`, { name: 'Yes' })).status).toBe(200);
    expect((await deleter!.delete(`/action-codes/${id}`)).status).toBe(204);
  });

  it('shows another company nothing', async () => {
    const { id, code } = await company.actionCode();
    const { admin: stranger } = await server.company();
    const unknown = await stranger.get('/action-codes/00000000-0000-4000-8000-000000000000');
    for (const answer of [
      await stranger.get(`/action-codes/${id}`),
      await stranger.patch(`/action-codes/${id}`, { name: 'Mine' }),
      await stranger.delete(`/action-codes/${id}`),
    ]) {
      expect({ ...answer.body, instance: '', requestId: '' }).toEqual({ ...unknown.body, instance: '', requestId: '' });
      expect(answer.status).toBe(404);
    }
    expect((await stranger.get(`/action-codes?q=${code}`)).body).toEqual({ items: [], nextCursor: null });
    expect((await stranger.get('/action-codes/17')).status).toBe(400);
  });
});

describe('listing', () => {
  it('goes by code in pages and filters', async () => {
    const { admin: reader } = await server.company();
    for (const [code, name, type] of [
      ['C', 'Care', 'billable'],
      ['A', 'Admin work', 'non-billable'],
      ['B%', 'Build', 'billable'],
    ]) {
      await reader.post('/action-codes', { code, name, type });
    }
    await reader.patch(`/action-codes/${(await reader.get('/action-codes?q=care')).body.items[0].id}`, { active: false });
    const codes = async (query: string) =>
      (await reader.get(`/action-codes?${query}`)).body.items.map(({ code }: { code: string }) => code);
    expect(await codes('')).toEqual(['A', 'B%', 'C']);
    expect(await codes('active=true')).toEqual(['A', 'B%']);
    expect(await codes('active=false')).toEqual(['C']);
    expect(await codes('type=billable')).toEqual(['B%', 'C']);
    expect(await codes('q=WORK')).toEqual(['A']);
    expect(await codes('q=%25')).toEqual(['B%']);
    const first = await reader.get('/action-codes?limit=2');
    const second = await reader.get(`/action-codes?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ code: 'C' }], nextCursor: null });
    expect((await reader.get(`/action-codes?limit=2&type=billable&cursor=${first.body.nextCursor}`)).status).toBe(400);
    for (const query of ['active=yes', 'type=free', 'limit=0', 'limit=201', 'sort=name'])
      expect((await reader.get(`/action-codes?${query}`)).status).toBe(400);
  });
});

describe('changing', () => {
  it('changes only what is named, and moves the version', async () => {
    const { body: made } = await admin.post('/action-codes', { code: 'CHG', name: 'Before', externalId: '4711' });
    const answer = await admin.patch(
      `/action-codes/${made.id}`,
      { name: 'After', externalId: null, type: 'billable' },
      { 'if-match': '"1"' },
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { code: 'CHG', name: 'After', externalId: null, version: 2 },
      headers: { etag: '"2"' },
    });
    expect((await historyOf(made.id)).at(-1)).toMatchObject({
      action: 'updated',
      diff: { name: { before: 'Before', after: 'After' }, externalId: { before: '4711', after: null } },
    });
    expect((await admin.patch(`/action-codes/${made.id}`, { name: 'After' })).body.version).toBe(2);
    expect((await admin.get(`/action-codes/${made.id}`, { 'if-none-match': '"2"' })).status).toBe(304);
  });

  it('refuses what is required as null, a taken code and a stale version', async () => {
    const { id } = await company.actionCode();
    const { code } = await company.actionCode();
    for (const field of ['code', 'name', 'type', 'active'])
      expect((await admin.patch(`/action-codes/${id}`, { [field]: null })).body.errors).toMatchObject([{ pointer: `/${field}` }]);
    expect((await admin.patch(`/action-codes/${id}`, { code })).body.code).toBe('action_code_taken');
    expect((await admin.patch(`/action-codes/${id}`, { code }, { 'if-match': '"2"' })).body.code).toBe('version_mismatch');
    expect((await admin.patch(`/action-codes/${id}`, { code }, { 'if-match': '2' })).status).toBe(400);
  });

  it('is never put before the last change, by whatever clock', async () => {
    const { id, updatedAt } = (await admin.post('/action-codes', { code: 'CLOCK', name: 'Now' })).body;
    clock.travelTo(new Date(Date.parse(updatedAt) - 60_000));
    const changed = (await admin.patch(`/action-codes/${id}`, { name: 'Then' })).body;
    clock.reset();
    expect(Date.parse(changed.updatedAt)).toBeGreaterThan(Date.parse(updatedAt));
    expect((await historyOf(id)).map(({ action }) => action)).toEqual(['created', 'updated']);
  });

  it('lets one of twenty win who saw the same version', async () => {
    const { id } = await company.actionCode();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => admin.patch(`/action-codes/${id}`, { name: `Name ${n}` }, { 'if-match': '"1"' })),
    );
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    expect(await historyOf(id)).toHaveLength(1);
  });
});

describe('deleting', () => {
  it('is gone afterwards, and its code is free', async () => {
    const { body } = await admin.post('/action-codes', { code: 'GONE', name: 'Gone' });
    expect((await admin.delete(`/action-codes/${body.id}`, { 'if-match': '"9"' })).status).toBe(412);
    expect((await admin.delete(`/action-codes/${body.id}`)).status).toBe(204);
    for (const answer of [
      await admin.get(`/action-codes/${body.id}`),
      await admin.patch(`/action-codes/${body.id}`, { name: 'x' }),
      await admin.delete(`/action-codes/${body.id}`),
    ]) {
      expect(answer.status).toBe(404);
    }
    expect((await historyOf(body.id)).at(-1)).toMatchObject({ action: 'deleted', diff: { code: { before: 'GONE', after: null } } });
    expect((await admin.post('/action-codes', { code: 'GONE', name: 'Again' })).status).toBe(201);
  });

  it('is refused while a living entry names it, after a stale version', async () => {
    const { id } = await company.actionCode();
    const entryId = await entry(id);
    expect((await admin.delete(`/action-codes/${id}`)).body.code).toBe('action_code_in_use');
    expect((await admin.delete(`/action-codes/${id}`, { 'if-match': '"2"' })).body.code).toBe('version_mismatch');
    await server.sql('UPDATE timesheet_entries SET "deletedAt" = now() WHERE id = $1', [entryId]);
    expect((await admin.delete(`/action-codes/${id}`)).status).toBe(204);
  });

  it('waits for a booking that is under way', async () => {
    const { id } = await company.actionCode();
    const deleted = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(
        `INSERT INTO timesheet_entries ("companyId", "userId", "actionCodeId", country, timezone, "durationMin", day) VALUES ($1, $2, $3, 'DE', 'UTC', 60, '2026-03-02')`,
        [company.id, employee.id, id],
      );
      const deleting = admin.delete(`/action-codes/${id}`);
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
      return deleting;
    });
    expect(deleted.body.code).toBe('action_code_in_use');
  });
});
