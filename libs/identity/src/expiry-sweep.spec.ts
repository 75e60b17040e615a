import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clock } from '#core';
import { Client } from '../../../test/client.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { ExpirySweep } from './expiry-sweep.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let server: TestServer;
let replica: NestFastifyApplication;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  replica = await server.secondReplica();
  company = await server.company();
});
afterAll(() => server.stop());
afterEach(() => clock.reset());

const run = (app = server.app) => app.get(ExpirySweep).run();
const travel = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));
const ago = (ms: number) => new Date(clock.now().getTime() - ms);
const refresh = (refreshToken: string | undefined) => server.anybody.post('/auth/refresh', { refreshToken });
const sessionsOf = async ({ id }: { id: string }) =>
  (
    await server.sql<{ isRevoked: boolean; version: number }>(
      'SELECT "revokedAt" IS NOT NULL AS "isRevoked", version FROM active_sessions WHERE "userId" = $1 ORDER BY "createdAt"',
      [id],
    )
  ).map(({ isRevoked }) => (isRevoked ? 'revoked' : 'alive'));
const left = async (table: string, column: string, values: string[]) =>
  (await server.sql<{ value: string }>(`SELECT "${column}" AS value FROM ${table} WHERE "${column}" = ANY ($1)`, [values]))
    .map(({ value }) => value)
    .toSorted();

/** A counter of failures. @returns its key */
const counted = async (windowStartedAt: Date, lockedUntil: Date | null) => {
  const key = randomUUID();
  await server.sql('INSERT INTO sign_in_attempts (key, failures, "windowStartedAt", "lockedUntil") VALUES ($1, 10, $2, $3)', [
    key,
    windowStartedAt,
    lockedUntil,
  ]);
  return key;
};
const jobs = (app: NestFastifyApplication) => app.get(SchedulerRegistry, { strict: false }).getIntervals();

describe('sessions', () => {
  it('are revoked once they idled out or expired, in every company, and nobody else is signed out', async () => {
    const [idle, used] = [await company.person(), await company.person()];
    const foreign = await (await server.company()).person();
    travel(4 * DAY);
    used.refreshToken = (await refresh(used.refreshToken)).body.refreshToken;
    await run();
    expect([await sessionsOf(idle), await sessionsOf(foreign)]).toEqual([['alive'], ['alive']]);
    travel(3 * DAY + MINUTE);
    await run();
    expect([await sessionsOf(idle), await sessionsOf(foreign), await sessionsOf(used)]).toEqual([['revoked'], ['revoked'], ['alive']]);
    for (let days = 7; days < 28; days += 6) {
      const { body } = await refresh(used.refreshToken);
      used.refreshToken = body.refreshToken;
      travel(6 * DAY);
    }
    expect((await refresh(used.refreshToken)).status).toBe(401); // 31 days after the sign-in
    await run();
    expect(await sessionsOf(used)).toEqual(['revoked']);
  });

  it('stay signed in at the edge: what a token still opens is not revoked', async () => {
    const person = await company.person();
    travel(7 * DAY - MINUTE);
    await run();
    const { status, body } = await refresh(person.refreshToken);
    expect(status).toBe(200);
    await run();
    expect((await new Client(server.app, body.accessToken).get('/me')).status).toBe(200);
  });

  it('are removed 90 days after their end, whatever ended them', async () => {
    const [out, idle, active] = [await company.person(), await company.person(), await company.person()];
    await out.post('/auth/logout');
    travel(8 * DAY);
    await active.signIn();
    await run(); // revokes what idled
    travel(81 * DAY);
    await run();
    expect([await sessionsOf(out), await sessionsOf(idle)]).toEqual([['revoked'], ['revoked']]);
    travel(2 * DAY); // 91 since the log-out, 83 since the idle one was revoked
    await active.signIn();
    await run();
    expect([await sessionsOf(out), await sessionsOf(idle)]).toEqual([[], ['revoked']]);
    expect((await refresh(out.refreshToken)).body.code).toBe('invalid_token');
    travel(8 * DAY);
    await run();
    expect([await sessionsOf(idle), (await sessionsOf(active)).at(-1)]).toEqual([[], 'revoked']);
  });

  it('more than a batch, by two replicas at once: each is revoked once', async () => {
    const person = await company.person();
    await server.sql(
      `INSERT INTO active_sessions ("companyId", "userId", "tokenHash", nonce, "expiresAt", "lastSeenAt", "createdAt")
       SELECT $1, $2, gen_random_uuid(), '', $3, $3, $3 FROM generate_series(1, 2500)`,
      [company.id, person.id, ago(HOUR)],
    );
    await Promise.all([run(), run(replica), run(), run(replica)]);
    const rows = await server.sql<{ version: number; count: string }>(
      `SELECT version, count(*) FROM active_sessions WHERE "userId" = $1 AND "revokedAt" IS NOT NULL GROUP BY version`,
      [person.id],
    );
    expect(rows).toEqual([{ version: 2, count: '2500' }]);
    travel(91 * DAY);
    await Promise.all([run(), run(replica)]);
    expect(await sessionsOf(person)).toEqual(['revoked']); // the one of the sign-in expired 61 days ago only
  });
});

describe('what sign-ins leave behind', () => {
  it('goes: links `sessionDays` after their end', async () => {
    const other = await server.company();
    await server.sql('UPDATE company_settings SET "sessionDays" = 40 WHERE "companyId" = $1', [other.id]);
    const link = async (person: Person, ends: Record<string, Date>) => {
      const tokenHash = randomUUID();
      await other.insert('one_time_tokens', {
        userId: person.id,
        purpose: 'password_reset',
        tokenHash,
        expiresAt: new Date(clock.now().getTime() + DAY),
        ...ends,
      });
      return tokenHash;
    };
    const person = await other.person();
    const [long, short] = [ago(40 * DAY + MINUTE), ago(40 * DAY - HOUR)];
    for (const column of ['usedAt', 'deletedAt', 'expiresAt']) await link(person, { [column]: long });
    const kept = [await link(person, {})];
    for (const column of ['usedAt', 'deletedAt', 'expiresAt']) kept.push(await link(person, { [column]: short }));
    await run();
    const rows = await server.sql<{ hash: string }>('SELECT "tokenHash" AS hash FROM one_time_tokens WHERE "userId" = $1', [person.id]);
    expect(rows.map(({ hash }) => hash).toSorted()).toEqual(kept.toSorted());
  });

  it('stays of whom a legal hold keeps', async () => {
    const person = await company.person();
    await company.insert('legal_holds', { userId: person.id });
    const old = ago(100 * DAY);
    await company.insert('one_time_tokens', { userId: person.id, purpose: 'password_reset', tokenHash: randomUUID(), expiresAt: old });
    await server.sql('UPDATE active_sessions SET "revokedAt" = $2 WHERE "userId" = $1', [person.id, old]);
    const rows = (table: string) => left(table, 'userId', [person.id]);
    await run();
    expect([await rows('one_time_tokens'), await rows('active_sessions')]).toEqual([[person.id], [person.id]]);
    await server.sql('DELETE FROM legal_holds WHERE "userId" = $1', [person.id]);
    await run();
    expect([await rows('one_time_tokens'), await rows('active_sessions')]).toEqual([[], []]);
  });

  it('goes: kept answers when their day is over', async () => {
    const key = randomUUID();
    await company.admin.signIn(); // the runs before have revoked the session of the sign-up
    const create = (name: string) => company.admin.post('/roles', { name }, { 'idempotency-key': key });
    expect((await create('Night shift')).status).toBe(201);
    travel(24 * HOUR - MINUTE);
    await run();
    expect(await left('idempotency_keys', 'key', [key])).toEqual([key]);
    travel(2 * MINUTE);
    await run();
    expect(await left('idempotency_keys', 'key', [key])).toEqual([]);
  });

  it('goes: counted failures 25 hours after their window began, unless the account is still shut', async () => {
    const old = ago(25 * HOUR + MINUTE);
    const gone = [await counted(old, null), await counted(old, ago(MINUTE))];
    const kept = [await counted(old, ago(-MINUTE)), await counted(ago(24 * HOUR), null), await counted(ago(30 * MINUTE), ago(MINUTE))];
    await run();
    expect(await left('sign_in_attempts', 'key', [...gone, ...kept])).toEqual(kept.toSorted());
  });
});

describe('the job', () => {
  it('goes on with the other companies when one fails', async () => {
    const [failing, person] = [await (await server.company()).person(), await company.person()];
    await server.sql(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX001'; END $$`,
    );
    await server.sql(
      `CREATE TRIGGER refuse BEFORE UPDATE ON active_sessions FOR EACH ROW WHEN (OLD."userId" = '${failing.id}') EXECUTE FUNCTION refuse()`,
    );
    travel(8 * DAY);
    await expect(run()).rejects.toThrow('could not be swept everywhere');
    await server.sql('DROP FUNCTION refuse CASCADE');
    expect([await sessionsOf(failing), await sessionsOf(person)]).toEqual([['alive'], ['revoked']]);
    expect(server.log).toContainEqual(expect.objectContaining({ code: 'XX001', msg: 'expired sessions could not be swept' }));
    await run();
    expect(await sessionsOf(failing)).toEqual(['revoked']);
  });

  it('runs each hour, unless JOBS is off', async () => {
    expect(jobs(server.app)).not.toContain('session-expiry');
    expect(jobs(await server.secondReplica({ JOBS: 'on' }))).toContain('session-expiry');
  });
});
