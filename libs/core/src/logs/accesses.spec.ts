import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { until } from '../../../../test/until.js';
import { Accesses, Lifecycle, requestScope, UnitOfWork } from '../index.js';

let server: TestServer;
let company: Company;
let reader: Person;
let read: Person;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  company = await server.company();
  [reader, read] = [await company.person({ role: ['read_user'] }), await company.person()];
  await server.app.get(Accesses).flush();
});

const refuse = async () => {
  await server.sql(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX001'; END $$`,
  );
  await server.sql('CREATE TRIGGER refuse BEFORE INSERT ON access_logs FOR EACH ROW EXECUTE FUNCTION refuse()');
};
/** While nobody else comes to a table. What `does` gives is not awaited. */
const locked = <T>(does: () => Promise<T>, table = 'access_logs'): Promise<T> =>
  server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return does();
  });
/** As if the reader had read somebody, so many times. */
const note = ({ id: companyId }: Company, count: number, app = server.app) =>
  app.get(UnitOfWork).within({ companyId, userId: reader.id }, async () => {
    for (let row = 0; row < count; row++) app.get(Accesses).record({ action: 'profile_read', targetType: 'User', userId: read.id });
  });
/** Further people. */
const crowd = (count: number) =>
  server.sql(
    `INSERT INTO users ("companyId", "firstName", "lastName", email, "passwordHash", "roleId", "statusId", "createdAt", "updatedAt")
     SELECT "companyId", 'Pat', 'Crowd', gen_random_uuid() || '@example.com', "passwordHash", "roleId", "statusId", "createdAt", "updatedAt"
     FROM users CROSS JOIN generate_series(1, $2::int) WHERE id = $1`,
    [read.id, count],
  );
const rows = () => server.sql(`SELECT * FROM access_logs WHERE "companyId" = $1 AND action = 'profile_read'`, [company.id]);

it('says who read whose data, when, from where, in which request', async () => {
  await reader.get(`/users/${read.id}`, { 'x-request-id': 'the-request' });
  await reader.get(`/users/${reader.id}`);
  await server.app.get(Accesses).flush();
  expect(await rows()).toEqual([
    expect.objectContaining({
      actorUserId: reader.id,
      userId: read.id,
      targetId: read.id,
      targetType: 'User',
      requestId: 'the-request',
      ip: '127.0.0.1',
      occurredAt: expect.any(Date),
    }),
  ]);
});

it('notes each person of a list', async () => {
  await reader.get('/users');
  await server.app.get(Accesses).flush();
  expect(new Set((await rows()).map(({ userId }) => userId))).toEqual(new Set([company.admin.id, read.id]));
});

it('is written within a second or so by itself, and by a clean stop', async () => {
  await reader.get(`/users/${read.id}`);
  await until(async () => (await rows()).length > 0);
  expect(await rows()).toHaveLength(1);
  const replica = await server.secondReplica();
  await replica
    .get(UnitOfWork)
    .within({ companyId: company.id, userId: reader.id }, async () =>
      replica.get(Accesses).record({ action: 'profile_read', targetType: 'User', userId: read.id }),
    );
  await replica.close();
  expect(await rows()).toHaveLength(2);
});

it('gives up a row that can never be written, and writes those beside it', async () => {
  const noteFrom = (ip: string) =>
    requestScope.run({ requestId: 'x', ip, userAgent: null }, () =>
      server.app
        .get(UnitOfWork)
        .within({ companyId: company.id, userId: reader.id }, async () =>
          server.app.get(Accesses).record({ action: 'profile_read', targetType: 'User', userId: read.id }),
        ),
    );
  for (const ip of ['::1', 'no address', '127.0.0.1']) await noteFrom(ip);
  await server.app.get(Accesses).flush();
  expect(await rows()).toHaveLength(2);
  expect(server.log.some(({ msg }) => String(msg).startsWith('a row of the access log was given up'))).toBe(true);
});

it('waits while the database refuses, and loses nothing', async () => {
  await refuse();
  await reader.get(`/users/${read.id}`);
  await server.app.get(Accesses).flush();
  expect(await rows()).toHaveLength(0);
  await server.sql('DROP FUNCTION refuse CASCADE');
  await server.app.get(Accesses).flush();
  expect(await rows()).toHaveLength(1);
});

it('refuses a read that it could not note any more, and loses nothing', async () => {
  await refuse();
  await note(company, 50_000);
  await server.app.get(Accesses).flush();
  const refused = await reader.get(`/users/${read.id}`);
  expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([503, 'service_unavailable', '10']);
  expect((await reader.get(`/users/${reader.id}`)).status).toBe(200);
  await server.sql('DROP FUNCTION refuse CASCADE');
  await server.app.get(Accesses).flush();
  expect(await rows()).toHaveLength(50_000);
  expect((await reader.get(`/users/${read.id}`)).status).toBe(200);
});

it('is not outrun: where many wait, who notes more is answered when these are written', async () => {
  await crowd(199);
  const order: string[] = [];
  const list = async () => {
    expect((await reader.get('/users?limit=200')).status).toBe(200);
    order.push('a list');
  };
  const lists = await locked(async () => {
    await note(company, 9_800);
    await list(); // there is room for this one
    const asked = [list(), list()];
    await server.untilSomebodyWaits();
    for (let others = 0; others < 3; others++) expect((await reader.get('/teams?limit=200')).status).toBe(200);
    order.push('the database');
    return asked;
  });
  await Promise.all(lists);
  expect(order).toEqual(['a list', 'the database', 'a list', 'a list']);
  expect(await rows()).toHaveLength(9_800 + 3 * 200);
});

it('of a large company does not hold up a small one', async () => {
  const small = await server.company();
  const person = await small.person();
  await note(company, 40_000);
  const all = server.app.get(Accesses).flush();
  await small.admin.get(`/users/${person.id}`);
  const { body } = await small.admin.get('/access-logs?action=profile_read');
  expect(body.items).toMatchObject([{ userId: person.id }]);
  expect((await rows()).length).toBeLessThan(40_000);
  await all;
  expect(await rows()).toHaveLength(40_000);
});

it('is whole after a clean stop, what the last request read included', async () => {
  const replica = await server.secondReplica();
  await replica.listen(0, '127.0.0.1');
  replica.get(Lifecycle).draining = true; // what is kept alive would hold the stop
  const { port } = replica.getHttpServer().address() as AddressInfo;
  await note(company, 30_000, replica);
  const stopped = await locked(async () => {
    const last = fetch(`http://127.0.0.1:${port}/api/v1/users/${read.id}`, { headers: { authorization: `Bearer ${reader.token}` } });
    await server.untilSomebodyWaits();
    const closing = replica.close();
    await until(() => !replica.getHttpServer().listening);
    return [last, closing] as const;
  }, 'users');
  expect((await stopped[0]).status).toBe(200);
  await stopped[1];
  expect(await rows()).toHaveLength(30_001);
});

it('says how many rows a stop lost where the database takes none', async () => {
  const replica = await server.secondReplica();
  await note(company, 3, replica);
  await refuse();
  await replica.close();
  await server.sql('DROP FUNCTION refuse CASCADE');
  expect(server.log).toContainEqual(expect.objectContaining({ rows: 3, msg: expect.stringMatching(/^the access log lost its last rows/) }));
});

/** While nothing is noted of the reader, neither by the clock nor by a flush. */
const unwritten = <T>(does: (client: Client) => Promise<T>): Promise<T> =>
  server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [reader.id]);
    const done = await does(client);
    await client.query('COMMIT');
    return done;
  });

it('keeps no address and no word of somebody who was erased meanwhile', async () => {
  await unwritten(async (client) => {
    await reader.get(`/users/${read.id}`, { 'x-request-id': 'my-own-words' });
    await client.query('UPDATE users SET "isAnonymized" = true WHERE id = $1', [reader.id]);
  });
  await server.app.get(Accesses).flush();
  expect(await rows()).toMatchObject([{ actorUserId: reader.id, ip: null, requestId: null }]);
});

it('nor of somebody who is being erased', async () => {
  const writing = await unwritten(async (client) => {
    await reader.get(`/users/${read.id}`);
    const all = server.app.get(Accesses).flush();
    await server.untilSomebodyWaits();
    await client.query('UPDATE users SET "isAnonymized" = true WHERE id = $1', [reader.id]);
    return [all];
  });
  await writing[0];
  expect(await rows()).toMatchObject([{ actorUserId: reader.id, ip: null, requestId: null }]);
});
