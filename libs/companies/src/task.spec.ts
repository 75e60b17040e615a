import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pointers, statuses, twenty } from '../../../test/answer.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;
let employee: Person;
let stranger: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  admin = company.admin;
  employee = await company.person();
  stranger = (await server.company()).admin;
});
afterAll(() => server.stop());

const titles = (answer: { body: { items: { title: string }[] } }) => answer.body.items.map(({ title }) => title);

describe('a task', () => {
  it('is made, changed and deleted, and the audit log tells', async () => {
    const made = await admin.post('/tasks', { title: 'Report' });
    expect(made.status).toBe(201);
    expect(made.headers).toMatchObject({ etag: '"1"', location: `/api/v1/tasks/${made.body.id}` });
    expect(made.body).toEqual({
      id: expect.any(String),
      title: 'Report',
      description: null,
      assigneeId: null,
      status: 'OPEN',
      dueDate: null,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    const path = `/tasks/${made.body.id}`;
    expect((await employee.get(path)).body).toEqual(made.body);
    const change = { description: 'of the quarter', assigneeId: employee.id, status: 'IN_PROGRESS', dueDate: '2028-02-29' };
    const changed = await admin.patch(path, change);
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).toBe('"2"');
    expect(changed.body).toEqual({ ...made.body, ...change, updatedAt: expect.any(String), version: 2 });
    expect((await admin.patch(path, { ...change, assigneeId: employee.id.toUpperCase() })).body.version).toBe(2);
    const cleared = await admin.patch(path, { description: null, assigneeId: null, dueDate: null });
    expect(cleared.body).toMatchObject({ description: null, assigneeId: null, status: 'IN_PROGRESS', dueDate: null, version: 3 });
    expect((await admin.delete(path)).status).toBe(204);
    for (const answer of [await admin.get(path), await admin.patch(path, {}), await admin.delete(path)]) expect(answer.status).toBe(404);
    const rows = await server.sql(
      'SELECT action, "targetType", "userId", "actorUserId", before, after FROM audit_logs WHERE "targetId" = $1 ORDER BY "occurredAt"',
      [made.body.id],
    );
    const { description: _, ...told } = change;
    expect(rows.slice(0, 2)).toEqual([
      { action: 'task_created', targetType: 'Task', userId: null, actorUserId: admin.id, before: null, after: { title: 'changed' } },
      {
        action: 'task_updated',
        targetType: 'Task',
        userId: employee.id,
        actorUserId: admin.id,
        before: { description: 'changed', assigneeId: null, status: 'OPEN', dueDate: null },
        after: { description: 'changed', ...told },
      },
    ]);
    expect(rows.slice(2)).toMatchObject([
      { action: 'task_updated', userId: employee.id, before: { assigneeId: employee.id }, after: { assigneeId: null } },
      { action: 'task_deleted', userId: null },
    ]);
  });

  it('is told of its assignee in the audit log when it is made and when it is deleted', async () => {
    const { id } = (await admin.post('/tasks', { title: 'Theirs', assigneeId: employee.id })).body;
    await admin.delete(`/tasks/${id}`);
    expect(await server.sql('SELECT action, "userId" FROM audit_logs WHERE "targetId" = $1 ORDER BY "occurredAt"', [id])).toEqual([
      { action: 'task_created', userId: employee.id },
      { action: 'task_deleted', userId: employee.id },
    ]);
  });

  it('that goes from one to another is told of both in the audit log', async () => {
    const [from, to] = [await company.person(), await company.person()];
    const { id } = await company.task({ assigneeId: from.id });
    await admin.patch(`/tasks/${id}`, { assigneeId: to.id });
    await admin.patch(`/tasks/${id}`, { status: 'DONE' });
    const told = { before: { assigneeId: from.id }, after: { assigneeId: to.id } };
    const rowsOf = (person: Person) =>
      server.sql('SELECT before, after FROM audit_logs WHERE "targetId" = $1 AND "userId" = $2 ORDER BY "occurredAt"', [id, person.id]);
    expect([await rowsOf(from), await rowsOf(to)]).toEqual([[told], [told, { before: { status: 'OPEN' }, after: { status: 'DONE' } }]]);
  });

  it.each([
    [{}, ['/title']],
    [{ title: ' ' }, ['/title']],
    [{ title: 'x'.repeat(256) }, ['/title']],
    [{ title: 'A', description: 'x'.repeat(4001) }, ['/description']],
    [{ title: 'A', status: 'DOING', version: 2 }, ['/status', '/version']],
    [{ title: 'A', status: null }, ['/status']],
    [{ title: 'A', assigneeId: 'me' }, ['/assigneeId']],
    [{ title: 'A', dueDate: '2027-02-29' }, ['/dueDate']],
    [{ title: 'A', dueDate: '2026-3-1' }, ['/dueDate']],
    [{ title: 'A', dueDate: '2200-01-01' }, ['/dueDate']],
    [{ title: 'A', dueDate: '2026-03-01T00:00:00Z' }, ['/dueDate']],
  ])('is not made of %j', async (body, expected) => {
    const answer = await admin.post('/tasks', body);
    expect([answer.status, pointers(answer)]).toEqual([400, expected]);
  });

  it('goes to nobody unknown, foreign or deleted', async () => {
    const deleted = await company.person();
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [deleted.id]);
    const { id } = await company.task();
    for (const assigneeId of [randomUUID(), stranger.id, deleted.id]) {
      for (const answer of [
        await admin.post('/tasks', { title: 'Lost', assigneeId }),
        await admin.patch(`/tasks/${id}`, { title: 'Lost', assigneeId }, { 'if-match': '"9"' }),
      ]) {
        expect([answer.status, answer.body.code, pointers(answer)]).toEqual([400, 'unknown_reference', ['/assigneeId']]);
      }
    }
    expect(await server.sql(`SELECT 1 FROM tasks WHERE title = 'Lost'`)).toEqual([]);
  });

  it('stays when its assignee is deleted, and can still be changed', async () => {
    const gone = await company.person();
    const { id, title } = await company.task({ assigneeId: gone.id });
    expect((await admin.delete(`/users/${gone.id}`)).status).toBe(204);
    expect((await employee.get(`/tasks/${id}`)).body).toMatchObject({ title, assigneeId: gone.id });
    expect(titles(await employee.get(`/tasks?assigneeId=${gone.id}`))).toEqual([title]);
    const done = await admin.patch(`/tasks/${id}`, { assigneeId: gone.id, status: 'DONE' });
    expect([done.status, done.body.status]).toEqual([200, 'DONE']);
  });

  it('is read by everybody and changed with the permission for it only', async () => {
    const lead = await company.person();
    await company.team({ leads: [lead], members: [employee] });
    const { id } = await company.task({ assigneeId: employee.id });
    for (const client of [employee, lead, await admin.apiKey(['read_user'])]) {
      expect((await client.get(`/tasks/${id}`)).status).toBe(200);
      expect((await client.post('/tasks', { title: 'Mine' })).status).toBe(403);
      expect((await client.patch(`/tasks/${id}`, { status: 'DONE' })).status).toBe(403);
      expect((await client.delete(`/tasks/${id}`)).status).toBe(403);
    }
    const manager = await company.person({ role: 'Manager' });
    expect((await manager.post('/tasks', { title: 'Theirs' })).status).toBe(201);
    expect((await manager.patch(`/tasks/${id}`, { status: 'DONE' })).status).toBe(200);
    expect((await manager.delete(`/tasks/${id}`)).status).toBe(403);
    expect((await (await admin.apiKey(['delete_task'])).delete(`/tasks/${id}`)).status).toBe(204);
    expect((await server.anybody.get('/tasks')).status).toBe(401);
  });

  it('is nothing to another company', async () => {
    const { id } = await company.task();
    for (const act of [
      (task: string) => stranger.get(`/tasks/${task}`),
      (task: string) => stranger.patch(`/tasks/${task}`, { title: 'Ours' }),
      (task: string) => stranger.delete(`/tasks/${task}`),
    ]) {
      const [foreign, missing] = [await act(id), await act(randomUUID())];
      const { instance: _, requestId: __, ...rest } = foreign.body;
      expect([foreign.status, rest.code]).toEqual([404, 'not_found']);
      expect(missing.body).toMatchObject(rest);
    }
    expect(titles(await stranger.get('/tasks'))).toEqual([]);
    expect((await admin.get('/tasks/1')).status).toBe(400);
  });

  it('answers 412 to who saw another version, and lets one of twenty win', async () => {
    const { id } = await company.task();
    const answers = await twenty((index) => admin.patch(`/tasks/${id}`, { title: `Won ${index}` }, { 'if-match': '"1"' }));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    expect((await admin.delete(`/tasks/${id}`, { 'if-match': '"1"' })).body.code).toBe('version_mismatch');
    expect(statuses(await twenty(() => admin.delete(`/tasks/${id}`)))).toEqual([204, ...Array<number>(19).fill(404)]);
  });

  it('is made once under one Idempotency-Key', async () => {
    const request = ['/tasks', { title: 'Once' }, { 'idempotency-key': 'task-once' }] as const;
    const [first, again] = [await admin.post(...request), await admin.post(...request)];
    expect([again.status, again.body, again.headers['idempotent-replayed']]).toEqual([201, first.body, 'true']);
    expect(await server.sql(`SELECT 1 FROM tasks WHERE title = 'Once'`)).toHaveLength(1);
  });
});

describe('the list', () => {
  it('is in order of title, and narrowed by assignee and status', async () => {
    const other = await server.company();
    const [ann, bob] = [await other.person(), await other.person()];
    await other.task({ title: 'D', assigneeId: ann.id, status: 'DONE' });
    await other.task({ title: 'B', assigneeId: bob.id, status: 'DONE' });
    await other.task({ title: 'A', assigneeId: ann.id });
    await other.task({ title: 'C' });
    expect(titles(await ann.get('/tasks'))).toEqual(['A', 'B', 'C', 'D']);
    expect(titles(await ann.get(`/tasks?assigneeId=${ann.id.toUpperCase()}`))).toEqual(['A', 'D']);
    expect(titles(await ann.get('/tasks?status=DONE'))).toEqual(['B', 'D']);
    expect(titles(await ann.get(`/tasks?status=DONE&assigneeId=${bob.id}`))).toEqual(['B']);
    for (const id of [randomUUID(), employee.id]) expect(titles(await ann.get(`/tasks?assigneeId=${id}`))).toEqual([]);
    for (const query of ['assigneeId=me', 'status=open', 'q=A', 'limit=0', 'limit=201', 'cursor=x']) {
      expect((await ann.get(`/tasks?${query}`)).status).toBe(400);
    }
    const first = await ann.get('/tasks?limit=3&status=DONE');
    expect(first.body.nextCursor).toBeNull();
    const page = await ann.get('/tasks?limit=3');
    expect(titles(await ann.get(`/tasks?limit=3&cursor=${page.body.nextCursor}`))).toEqual(['D']);
    expect((await ann.get(`/tasks?limit=3&status=DONE&cursor=${page.body.nextCursor}`)).status).toBe(400);
  });
});
