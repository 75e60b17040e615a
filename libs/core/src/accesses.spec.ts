import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { Accesses, requestScope, UnitOfWork } from './index.js';

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
  for (let tries = 0; tries < 100 && (await rows()).length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
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
  const note = (ip: string) =>
    requestScope.run({ requestId: 'x', ip, userAgent: null }, () =>
      server.app
        .get(UnitOfWork)
        .within({ companyId: company.id, userId: reader.id }, async () =>
          server.app.get(Accesses).record({ action: 'profile_read', targetType: 'User', userId: read.id }),
        ),
    );
  for (const ip of ['::1', 'no address', '127.0.0.1']) await note(ip);
  await server.app.get(Accesses).flush();
  expect(await rows()).toHaveLength(2);
  expect(server.log.some(({ msg }) => String(msg).startsWith('a row of the access log was given up'))).toBe(true);
});

it('waits while the database refuses, and loses nothing', async () => {
  await refuse();
  await reader.get(`/users/${read.id}`);
  await server.app.get(Accesses).flush();
  await server.sql('DROP FUNCTION refuse CASCADE');
  expect(await rows()).toHaveLength(0);
  await server.app.get(Accesses).flush();
  expect(await rows()).toHaveLength(1);
});

it('gives up the oldest when too many wait, and says how many', async () => {
  await refuse();
  await server.app.get(UnitOfWork).within({ companyId: company.id, userId: reader.id }, async () => {
    for (let row = 0; row < 50_600; row++)
      server.app.get(Accesses).record({ action: 'profile_read', targetType: `${row}` as 'User', userId: read.id });
  });
  await server.app.get(Accesses).flush();
  await server.sql('DROP FUNCTION refuse CASCADE');
  expect(server.log).toContainEqual(
    expect.objectContaining({ rows: 600, msg: expect.stringMatching(/^the access log lost its oldest rows/) }),
  );
  await server.app.get(Accesses).flush();
  const kept = (await rows()).map(({ targetType }) => Number(targetType));
  expect([kept.length, Math.min(...kept), Math.max(...kept)]).toEqual([50_000, 600, 50_599]);
}, 60_000);

it('keeps no address and no word of somebody who was erased meanwhile', async () => {
  await reader.get(`/users/${read.id}`, { 'x-request-id': 'my-own-words' });
  await server.sql('UPDATE users SET "isAnonymized" = true WHERE id = $1', [reader.id]);
  await server.app.get(Accesses).flush();
  expect(await rows()).toMatchObject([{ actorUserId: reader.id, ip: null, requestId: null }]);
});

it('nor of somebody who is being erased', async () => {
  await reader.get(`/users/${read.id}`);
  const flushed = await server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [reader.id]);
    const writing = server.app.get(Accesses).flush();
    await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 200))]);
    await client.query('UPDATE users SET "isAnonymized" = true WHERE id = $1', [reader.id]);
    await client.query('COMMIT');
    return writing;
  });
  expect(flushed).toBeUndefined();
  expect(await rows()).toMatchObject([{ actorUserId: reader.id, ip: null, requestId: null }]);
});
