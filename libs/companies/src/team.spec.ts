import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codes, statuses, twenty } from '../../../test/answer.js';
import type { Client } from '../../../test/client.js';
import type { Company, Person } from '../../../test/factories.js';
import { Accesses } from '#core';
import type { PermissionName } from '#rbac';
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
  employee = await company.person({ firstName: 'Emmy', lastName: 'Noether', email: 'emmy@example.com' });
  stranger = (await server.company()).admin;
});
afterAll(() => server.stop());

const versionOf = async (teamId: string) => (await admin.get(`/teams/${teamId}`)).body.version;
const membersOf = async (teamId: string, client: Client = admin) => (await client.get(`/teams/${teamId}/members`)).body.items;
const auditOf = (targetId: string) =>
  server.sql(
    'SELECT action, "targetType", "userId", "actorUserId", before, after FROM audit_logs WHERE "targetId" = $1 ORDER BY "occurredAt"',
    [targetId],
  );

describe('a team', () => {
  it('is made, renamed and deleted, and the audit log tells', async () => {
    const made = await admin.post('/teams', { name: 'Research' });
    expect(made.status).toBe(201);
    expect(made.headers).toMatchObject({ etag: '"1"', location: `/api/v1/teams/${made.body.id}` });
    expect(made.body).toEqual({
      id: expect.any(String),
      name: 'Research',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    const path = `/teams/${made.body.id}`;
    expect((await employee.get(path)).body).toEqual(made.body);
    const renamed = await admin.patch(path, { name: 'Development' });
    expect([renamed.status, renamed.body.name, renamed.headers.etag]).toEqual([200, 'Development', '"2"']);
    expect((await admin.patch(path, { name: 'Development' })).body.version).toBe(2);
    expect((await admin.delete(path)).status).toBe(204);
    for (const answer of [
      await admin.get(path),
      await admin.delete(path),
      await admin.patch(path, {}),
      await admin.get(`${path}/members`),
    ]) {
      expect(answer.status).toBe(404);
    }
    const common = { targetType: 'Team', userId: null, actorUserId: admin.id };
    expect(await auditOf(made.body.id)).toEqual([
      { action: 'team_created', ...common, before: null, after: { name: 'Research' } },
      { action: 'team_updated', ...common, before: { name: 'Research' }, after: { name: 'Development' } },
      { action: 'team_deleted', ...common, before: { name: 'Development' }, after: null },
    ]);
  });

  it('has a name, that others may have too', async () => {
    expect((await admin.post('/teams', { name: 'Twins' })).status).toBe(201);
    expect((await admin.post('/teams', { name: 'Twins' })).status).toBe(201);
    for (const body of [{}, { name: ' ' }, { name: null }, { name: 'x'.repeat(256) }, { name: 'A', companyId: stranger.companyId }, []]) {
      expect((await admin.post('/teams', body)).status).toBe(400);
    }
    const { id } = await company.team();
    expect((await admin.patch(`/teams/${id}`, { name: null })).status).toBe(400);
  });

  it('is listed by name for everybody', async () => {
    const other = await server.company();
    const names = ['Zebra', 'Ape', 'Marmot', 'Gnu', 'Owl'];
    for (const name of names) await other.team({ name });
    const reader = await (await other.person()).apiKey([]);
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const { status, body } = await reader.get(`/teams?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      paged.push(...body.items.map((team: { name: string }) => team.name));
      if (!body.nextCursor) break;
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(names.toSorted());
    expect((await reader.get('/teams?name=Ape')).status).toBe(400);
  });

  it('is changed with the permission for it only, also by a lead and an API key', async () => {
    const lead = await company.person();
    const { id } = await company.team({ leads: [lead] });
    const key = await admin.apiKey(['read_team']);
    for (const client of [employee, lead, key]) {
      expect((await client.post('/teams', { name: 'Mine' })).status).toBe(403);
      expect((await client.patch(`/teams/${id}`, { name: 'Mine' })).status).toBe(403);
      expect((await client.delete(`/teams/${id}`)).status).toBe(403);
      expect((await client.put(`/teams/${id}/members/${lead.id}`, { role: 'lead' })).status).toBe(403);
      expect((await client.delete(`/teams/${id}/members/${lead.id}`)).status).toBe(403);
    }
    const creator = await company.person({ role: ['create_team'] });
    const updater = await company.person({ role: ['update_team'] });
    const deleter = await company.person({ role: ['delete_team'] });
    expect((await creator.post('/teams', { name: 'Theirs' })).status).toBe(201);
    expect((await updater.patch(`/teams/${id}`, { name: 'Theirs' })).status).toBe(200);
    expect((await deleter.delete(`/teams/${id}`)).status).toBe(204);
  });

  it('is nothing to another company', async () => {
    const { id } = await company.team({ members: [employee] });
    const member = `members/${employee.id}`;
    for (const act of [
      (team: string) => stranger.get(`/teams/${team}`),
      (team: string) => stranger.get(`/teams/${team}/members`),
      (team: string) => stranger.patch(`/teams/${team}`, { name: 'Ours' }),
      (team: string) => stranger.delete(`/teams/${team}`),
      (team: string) => stranger.put(`/teams/${team}/${member}`, { role: 'lead' }),
      (team: string) => stranger.delete(`/teams/${team}/${member}`),
    ]) {
      const [foreign, missing] = [await act(id), await act(randomUUID())];
      const { instance: _, requestId: __, ...rest } = foreign.body;
      expect([foreign.status, rest.code]).toEqual([404, 'not_found']);
      expect(missing.body).toMatchObject(rest);
    }
    expect(await membersOf(id)).toMatchObject([{ userId: employee.id, role: 'member' }]);
    expect((await admin.get('/teams/x')).status).toBe(400);
  });

  it('answers 412 to who saw another version, and lets one of twenty win', async () => {
    const { id } = await company.team();
    const answers = await twenty((index) => admin.patch(`/teams/${id}`, { name: `Won ${index}` }, { 'if-match': '"1"' }));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    const stale = { 'if-match': '"1"' };
    expect((await admin.delete(`/teams/${id}`, stale)).body.code).toBe('version_mismatch');
    expect((await admin.put(`/teams/${id}/members/${employee.id}`, { role: 'lead' }, stale)).body.code).toBe('version_mismatch');
    const deletions = await twenty(() => admin.delete(`/teams/${id}`, { 'if-match': '*' }));
    expect(statuses(deletions)).toEqual([204, ...Array<number>(19).fill(404)]);
  });

  it('keeps its past when it is deleted, but its leads lead nobody from then on', async () => {
    const [lead, member] = [await company.person(), await company.person()];
    const { id } = await company.team({ leads: [lead], members: [member] });
    const timesheet = await company.insert('timesheets', { userId: member.id, periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    expect((await lead.get(`/timesheets/${timesheet}`)).status).toBe(200);
    await admin.delete(`/teams/${id}`);
    expect((await lead.get(`/timesheets/${timesheet}`)).status).toBe(404);
    expect(await server.sql('SELECT role FROM team_members WHERE "teamId" = $1 AND "deletedAt" IS NULL', [id])).toHaveLength(2);
  });
});

describe('members', () => {
  it('are put in, made leads and taken out, which moves the version of the team and is told in the audit log', async () => {
    const { id } = await company.team();
    const path = `/teams/${id}/members/${employee.id}`;
    const added = await admin.put(path, { role: 'member' });
    expect([added.status, added.headers.etag]).toEqual([200, '"2"']);
    expect(added.body).toEqual({
      userId: employee.id,
      firstName: 'Emmy',
      lastName: 'Noether',
      role: 'member',
      email: 'emmy@example.com',
      version: 2,
    });
    const { version: _, ...listed } = added.body;
    expect(await membersOf(id)).toEqual([listed]);
    expect((await admin.put(path, { role: 'lead' }, { 'if-match': '"2"' })).body).toMatchObject({ role: 'lead', version: 3 });
    expect((await admin.put(path, { role: 'lead' }, { 'if-match': '"3"' })).headers.etag).toBe('"3"');
    expect(await versionOf(id)).toBe(3);
    expect((await admin.delete(path, { 'if-match': '"2"' })).body.code).toBe('version_mismatch');
    expect((await admin.delete(path, { 'if-match': '"3"' })).status).toBe(204);
    expect((await admin.delete(path)).status).toBe(404);
    expect(await membersOf(id)).toEqual([]);
    expect(await versionOf(id)).toBe(4);
    expect((await admin.put(path, { role: 'member' })).body).toMatchObject({ role: 'member', version: 5 });
    const common = { targetType: 'Team', userId: employee.id, actorUserId: admin.id };
    expect((await auditOf(id)).slice(0, 3)).toEqual([
      { action: 'team_member_added', ...common, before: null, after: { role: 'member' } },
      { action: 'team_member_changed', ...common, before: { role: 'member' }, after: { role: 'lead' } },
      { action: 'team_member_removed', ...common, before: { role: 'lead' }, after: null },
    ]);
  });

  it('who were taken out lead nobody, and nobody leads them', async () => {
    const [lead, left, member] = [await company.person(), await company.person(), await company.person()];
    const { id } = await company.team({ leads: [lead, left], members: [member] });
    const timesheet = await company.insert('timesheets', { userId: member.id, periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    const read = async (reader: Person) => (await reader.get(`/timesheets/${timesheet}`)).status;
    const listed = async () => (await admin.get(`/timesheets?teamId=${id}`)).body.items.length;
    await admin.delete(`/teams/${id}/members/${left.id}`);
    expect([await read(lead), await read(left), await listed()]).toEqual([200, 404, 1]);
    await admin.delete(`/teams/${id}/members/${member.id}`);
    expect([await read(lead), await listed()]).toEqual([404, 0]);
  });

  it('who come back leave their membership of before as it ended', async () => {
    const [{ id }, person] = [await company.team(), await company.person()];
    const path = `/teams/${id}/members/${person.id}`;
    const rows = () => server.sql('SELECT role, version, "deletedAt" FROM team_members WHERE "teamId" = $1 ORDER BY "createdAt"', [id]);
    await admin.put(path, { role: 'member' });
    await admin.delete(path);
    const [first] = await rows();
    for (const role of ['member', 'lead']) await admin.put(path, { role });
    await admin.delete(path);
    expect(await rows()).toEqual([first, { role: 'lead', version: 3, deletedAt: expect.any(Date) }]);
  });

  it('are shown by name to everybody, with e-mail and role to holders of read_team', async () => {
    const people = [
      await company.person({ firstName: 'Bea', lastName: 'Ada' }),
      await company.person({ firstName: 'Abe', lastName: 'Ada' }),
      await company.person({ firstName: 'Abe', lastName: 'Zuse', status: 'SUSPENDED' }),
    ];
    const { id } = await company.team({ leads: [people[2]!], members: people.slice(0, 2) });
    const names = [
      { userId: people[1]!.id, firstName: 'Abe', lastName: 'Ada' },
      { userId: people[0]!.id, firstName: 'Bea', lastName: 'Ada' },
      { userId: people[2]!.id, firstName: 'Abe', lastName: 'Zuse' },
    ];
    const noReader = await company.person({ role: ['update_team', 'read_user'] });
    for (const client of [employee, noReader, await admin.apiKey(['read_user'])]) expect(await membersOf(id, client)).toEqual(names);
    const put = await noReader.put(`/teams/${id}/members/${people[0]!.id}`, { role: 'member' });
    expect(put.body).toEqual({ ...names[1], version: 1 });
    const reader = await company.person({ role: ['read_team'] });
    expect(await membersOf(id, reader)).toEqual(
      [people[1]!, people[0]!, people[2]!].map(({ email }, index) => ({ ...names[index], email, role: index === 2 ? 'lead' : 'member' })),
    );
    const first = await reader.get(`/teams/${id}/members?limit=2`);
    const second = await reader.get(`/teams/${id}/members?limit=2&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items]).toEqual(await membersOf(id, reader));
    const elsewhere = await company.team();
    expect((await reader.get(`/teams/${elsewhere.id}/members?limit=2&cursor=${first.body.nextCursor}`)).status).toBe(400);
    expect((await reader.get(`/teams/${randomUUID()}/members?cursor=abc`)).status).toBe(400);
    expect((await reader.get(`/teams/${randomUUID()}/members`)).status).toBe(404);
  });

  it('are noted in the access log, each once a page, where more than their name is told', async () => {
    const [reader, first, second] = [
      await company.person({ role: ['read_team', 'update_team'] }),
      await company.person(),
      await company.person(),
    ];
    const { id } = await company.team({ members: [first, second, reader] });
    const noted = async () => {
      await server.app.get(Accesses).flush();
      const text = `SELECT "targetId" AS id FROM access_logs WHERE action = 'profile_read' AND "userId" = "targetId" AND "actorUserId" = $1`;
      return (await server.sql<{ id: string }>(text, [reader.id])).map((row) => row.id).toSorted();
    };
    await (await reader.apiKey(['update_team'])).get(`/teams/${id}/members`);
    expect(await noted()).toEqual([]);
    expect((await reader.get(`/teams/${id}/members`)).body.items).toHaveLength(3);
    expect(await noted()).toEqual([first.id, second.id].toSorted()); // oneself is not
    await reader.put(`/teams/${id}/members/${first.id}`, { role: 'lead' });
    expect(await noted()).toEqual([first.id, first.id, second.id].toSorted());
  });

  it('are users of the company who were not deleted; a membership rests with its user', async () => {
    const { id } = await company.team();
    const gone = await company.person();
    await admin.put(`/teams/${id}/members/${gone.id}`, { role: 'lead' });
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [gone.id]);
    expect(await membersOf(id)).toEqual([]);
    for (const userId of [randomUUID(), stranger.id, gone.id]) {
      const stale = { 'if-match': '"9"' }; // looked at behind who is there
      const put = await admin.put(`/teams/${id}/members/${userId}`, { role: 'member' }, stale);
      expect([put.status, put.body.code]).toEqual([404, 'not_found']);
      expect((await admin.delete(`/teams/${id}/members/${userId}`, stale)).status).toBe(404);
    }
    await server.sql('UPDATE users SET "deletedAt" = NULL WHERE id = $1', [gone.id]);
    expect(await membersOf(id)).toMatchObject([{ userId: gone.id, role: 'lead' }]);
    expect((await admin.put(`/teams/${id}/members/x`, { role: 'member' })).status).toBe(400);
    for (const body of [{}, { role: 'boss' }, { role: null }, { role: 'lead', userId: gone.id }]) {
      expect((await admin.put(`/teams/${id}/members/${gone.id}`, body)).status).toBe(400);
    }
  });

  it('become leads by themselves only if they may what a lead may', async () => {
    const leads: PermissionName[] = [
      'read_leave_request',
      'approve_leave_request',
      'read_timesheet',
      'read_timesheet_history',
      'approve_timesheet',
    ];
    const editor = await company.person({ role: ['update_team'] });
    const holder = await company.person({ role: ['update_team', ...leads] });
    const { id } = await company.team({ members: [holder] });
    const lead = (client: Client, userId: string, headers = {}) => client.put(`/teams/${id}/members/${userId}`, { role: 'lead' }, headers);
    const member = (client: Client, userId: string) => client.put(`/teams/${id}/members/${userId}`, { role: 'member' });
    const short = await holder.apiKey(['update_team', ...leads.slice(1)]);
    const refused = [
      await lead(editor, editor.id, { 'if-match': '"99"' }), // before 412
      await lead(await admin.apiKey(['update_team']), admin.id.toUpperCase()),
      await lead(short, holder.id), // a member already
    ];
    expect(codes(refused)).toEqual(Array(3).fill('403 privilege_escalation'));
    expect(refused[2]!.body.detail).toMatch(/: read_leave_request$/);
    const attempts = (await auditOf(id)).filter(({ action }) => action === 'privilege_escalation_refused');
    expect(attempts).toMatchObject(
      [editor, admin, holder].map((who) => ({ targetType: 'Team', userId: who.id, actorUserId: who.id, before: null })),
    );
    expect(attempts[0]!.after).toEqual({ permissions: leads.toSorted() });
    expect(await membersOf(id)).toMatchObject([{ userId: holder.id, role: 'member' }]);
    // Others become leads as ever, and members are added by whoever leads.
    const free = [
      await lead(editor, employee.id),
      await member(editor, editor.id),
      await lead(holder, holder.id),
      await lead(short, holder.id),
      await member(short, admin.id),
      await lead(await holder.apiKey(['update_team', ...leads]), holder.id),
    ];
    expect(statuses(free)).toEqual(Array(6).fill(200));
  });

  it('move its version too when one of them is deleted or has come back', async () => {
    const person = await company.person();
    const [inside, left, outside] = [await company.team({ members: [person] }), await company.team(), await company.team()];
    await admin.put(`/teams/${left.id}/members/${person.id}`, { role: 'lead' });
    await admin.delete(`/teams/${left.id}/members/${person.id}`);
    const versions = () => Promise.all([inside, left, outside].map(({ id }) => versionOf(id)));
    expect(await versions()).toEqual([1, 3, 1]);
    await admin.delete(`/users/${person.id}`);
    expect(await versions()).toEqual([2, 3, 1]);
    expect((await admin.put(`/teams/${inside.id}/members/${employee.id}`, { role: 'lead' }, { 'if-match': '"1"' })).status).toBe(412);
    await admin.post(`/users/${person.id}/restore`);
    expect(await versions()).toEqual([3, 3, 1]);
  });

  it('are in a team once, of twenty at once', async () => {
    const { id } = await company.team();
    const path = `/teams/${id}/members/${employee.id}`;
    expect(statuses(await twenty(() => admin.put(path, { role: 'lead' })))).toEqual(Array(20).fill(200));
    const rows = await server.sql('SELECT role FROM team_members WHERE "teamId" = $1 AND "deletedAt" IS NULL', [id]);
    expect(rows).toEqual([{ role: 'lead' }]);
    expect(await versionOf(id)).toBe(2);
    expect(statuses(await twenty(() => admin.delete(path)))).toEqual([204, ...Array<number>(19).fill(404)]);
    expect(await versionOf(id)).toBe(3);
  });

  it('of several teams are members of each', async () => {
    const [one, two] = [await company.team(), await company.team()];
    await admin.put(`/teams/${one.id}/members/${employee.id}`, { role: 'lead' });
    await admin.put(`/teams/${two.id}/members/${employee.id}`, { role: 'member' });
    expect([await membersOf(one.id), await membersOf(two.id)]).toMatchObject([[{ role: 'lead' }], [{ role: 'member' }]]);
  });
});
