import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses, clock, Jobs } from '#core';
import type { Answer } from '../../../../test/client.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { ledgerFile, readLines } from './erasures-file.js';
import { ErasuresLedger } from './erasures-ledger.js';

let server: TestServer;
let company: Company;
let admin: Person;

beforeAll(async () => {
  server = await startTestServer({ ANONYMIZED_EMAIL_DOMAIN: 'gone.example.com' });
  company = await server.company();
  ({ admin } = company);
});
afterAll(() => server.stop());

const anonymise = (who: { id: string }, by: Pick<Person, 'post'> = admin, headers?: Record<string, string>) =>
  by.post(`/users/${who.id}/anonymize`, undefined, headers);
const row = async (id: string) => (await server.sql('SELECT * FROM users WHERE id = $1', [id]))[0]!;
const audits = (id: string, action = 'user_anonymized') => server.audits(id, action);
const count = async (table: string, id: string) =>
  (await server.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE "userId" = $1`, [id]))[0]!.n;
const faultsOf = async (answer: Promise<Answer>) => (await answer).body.errors?.map(({ pointer }: { pointer: string }) => pointer);
const said = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();

const seal = () => server.app.get(Jobs).runNow('history-seals');
const proof = async () => (await admin.get('/timesheet-history/verify')).body;

/** While the person's own request waits for what an anonymisation holds, it goes through. */
const overtaken = (person: Person, lock: string, request: () => Promise<Answer>) =>
  server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query(lock, [person.id]);
    const asked = request();
    await server.untilSomebodyWaits();
    await client.query('UPDATE users SET "isAnonymized" = true WHERE id = $1', [person.id]);
    await client.query('COMMIT');
    return asked;
  });
const TIME = `SELECT pg_advisory_xact_lock(hashtextextended("companyId"::text || id, 2)) FROM users WHERE id = $1`;
const LEAVE = `SELECT pg_advisory_xact_lock(hashtextextended("companyId"::text || id, 4)) FROM users WHERE id = $1`;

const lookAt = async (sheet: string, etag = '""') => {
  const { status, headers } = await admin.get(`/timesheets/${sheet}`, { 'if-none-match': etag });
  return { status, etag: headers.etag as string };
};
const nextOf = (etag: string) => `"${Number(JSON.parse(etag)) + 1}"`;

/** With a note, a decision and its reason. */
async function recorded(): Promise<{ person: Person; decider: Person; sheet: string; entry: string }> {
  const [person, decider] = [await company.person(), await company.person({ role: ['approve_timesheet'] })];
  const { id: actionCodeId } = await company.actionCode();
  const { body: sheet } = await person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08', notes: 'with Ada' });
  const { body: entry } = await person.post('/timesheet-entries', {
    day: '2026-03-03',
    actionCodeId,
    country: 'DE',
    durationMin: 60,
    note: 'at the doctor',
  });
  await person.post(`/timesheets/${sheet.id}/submit`);
  expect((await decider.post(`/timesheets/${sheet.id}/reject`, { reason: 'always late' })).status).toBe(200);
  return { person, decider, sheet: sheet.id, entry: entry.id };
}

describe('anonymising a user', () => {
  it('leaves just what the contract says', async () => {
    const person = await company.person({ firstName: 'Marie', lastName: 'Curie' });
    await admin.patch(`/users/${person.id}`, { phoneNumber: '+4915112345678', externalId: `P-${person.id}` });
    const answer = await anonymise(person);
    expect(answer).toMatchObject({
      status: 200,
      headers: { etag: '"3"' },
      body: {
        id: person.id,
        firstName: 'Deleted',
        lastName: 'User',
        email: `deleted-${person.id}@gone.example.com`,
        phoneNumber: null,
        externalId: null,
        lastLogin: null,
        status: 'TERMINATED',
        isAnonymized: true,
        role: { name: 'Employee' },
      },
    });
    expect((await admin.get(`/users/${person.id}`)).body).toEqual(answer.body);
    expect(await row(person.id)).toMatchObject({ passwordHash: '', deletedAt: null });
    expect(await count('active_sessions', person.id)).toBe(0);
    expect(await audits(person.id)).toEqual([{ before: null, after: null, actorUserId: admin.id }]);
  });

  it('tells who may not read users the name only, and notes of the others that they were told more', async () => {
    const [person, clerk, reader] = [
      await company.person(),
      await company.person({ role: ['anonymize_user'] }),
      await company.person({ role: ['anonymize_user', 'read_user'] }),
    ];
    const { body, headers } = await anonymise(person, clerk);
    expect([body, headers.etag]).toEqual([{ id: person.id, firstName: 'Deleted', lastName: 'User' }, undefined]);
    expect((await anonymise(person, reader)).body).toEqual((await admin.get(`/users/${person.id}`)).body);
    expect((await anonymise(clerk, clerk)).body).toMatchObject({ id: clerk.id, status: 'TERMINATED' });
    await server.app.get(Accesses).flush();
    const told = `SELECT "actorUserId" AS by FROM access_logs WHERE "userId" = ANY ($1) AND action = 'profile_read' AND "actorUserId" <> $2`;
    expect(await server.sql(told, [[person.id, clerk.id], admin.id])).toEqual([{ by: reader.id }]);
  });

  it('can be repeated, and twenty at once are one', async () => {
    const person = await company.person();
    const answers = await Promise.all(Array.from({ length: 20 }, () => anonymise(person)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const before = await row(person.id);
    expect((await anonymise(person)).body).toEqual(answers[0]!.body);
    expect(await row(person.id)).toEqual(before);
    expect(await audits(person.id)).toHaveLength(1);
    expect(await server.sql('SELECT kind FROM erasures WHERE "userId" = $1', [person.id])).toEqual([{ kind: 'anonymized' }]);
  });

  it('ends what they sign in with at once, on this replica and on another', async () => {
    const person = await company.person();
    const replica = await server.secondReplica();
    const key = await person.apiKey();
    expect((await person.get('/me')).status).toBe(200);
    expect((await person.on(replica).get('/me')).status).toBe(200);
    await anonymise(person);
    expect((await person.get('/me')).status).toBe(401);
    expect((await key.get('/me')).status).toBe(401);
    expect((await server.anybody.post('/auth/refresh', { refreshToken: person.refreshToken })).status).toBe(401);
    expect((await server.anybody.post('/auth/login', { email: person.email, password: PASSWORD })).status).toBe(401);
    await sleep(1100);
    expect((await person.on(replica).get('/me')).status).toBe(401);
    expect(await count('api_keys', person.id)).toBe(0);
  });

  it('frees the e-mail and the external id for a new person', async () => {
    const person = await company.person();
    await admin.patch(`/users/${person.id}`, { externalId: 'P-77' });
    await anonymise(person);
    const roleId = await company.roleId('Employee');
    const next = { email: person.email, firstName: 'New', lastName: 'Person', roleId, externalId: 'P-77', password: PASSWORD };
    expect((await admin.post('/users', next)).status).toBe(201);
  });

  it('works on deleted users, who stay deleted', async () => {
    const person = await company.person({ firstName: 'Lise' });
    await admin.delete(`/users/${person.id}`);
    expect(await anonymise(person)).toMatchObject({ status: 200, body: { id: person.id, firstName: 'Deleted', status: 'TERMINATED' } });
    expect((await anonymise(person)).status).toBe(200);
    expect((await admin.get(`/users/${person.id}`)).status).toBe(404);
    expect((await row(person.id)).deletedAt).not.toBeNull();
    expect((await admin.post(`/users/${person.id}/restore`)).body).toMatchObject({ firstName: 'Deleted', status: 'TERMINATED' });
  });

  it('takes an answer kept for a repeat that tells of them', async () => {
    const roleId = await company.roleId('Employee');
    const body = { email: `kept-${randomUUID()}@example.com`, firstName: 'Kept', lastName: 'Answer', roleId, password: PASSWORD };
    const { body: user } = await admin.post('/users', body, { 'idempotency-key': 'a user' });
    await admin.post('/teams', { name: 'Another answer' }, { 'idempotency-key': 'a team' });
    await anonymise(user);
    const kept = await server.sql<{ key: string }>('SELECT key FROM idempotency_keys WHERE "userId" = $1', [admin.id]);
    expect(kept).toEqual([{ key: 'a team' }]);
  });

  it('keeps no answer of one who anonymises themselves', async () => {
    const other = await company.person({ role: 'Admin' });
    const answer = await anonymise(other, other, { 'idempotency-key': 'myself' });
    expect(answer).toMatchObject({ status: 200, body: { id: other.id, isAnonymized: true } });
    expect(await count('idempotency_keys', other.id)).toBe(0);
    expect((await row(other.id)).isAnonymized).toBe(true);
  });

  it('takes the addresses of their own requests, of failed sign-ins too, and leaves those of others', async () => {
    const person = await company.person({ role: ['create_team'] });
    await server.anybody.post('/auth/login', { email: person.email, password: 'not the password at all' });
    await person.post('/teams', { name: `Team ${person.id}` });
    await admin.patch(`/users/${person.id}`, { firstName: 'Other' });
    await anonymise(person);
    const logged = await server.sql<{ action: string; ip: string | null; before: object; after: object }>(
      'SELECT action, ip, before, after FROM audit_logs WHERE "userId" = $1 OR "actorUserId" = $1',
      [person.id],
    );
    const byAction = Object.fromEntries(logged.map(({ action, ip }) => [action, ip]));
    expect(byAction).toEqual({
      signed_in: null,
      sign_in_failed: null,
      team_created: null,
      user_updated: '127.0.0.1',
      user_anonymized: '127.0.0.1',
    });
    expect(logged.filter(({ action }) => action !== 'team_created').flatMap(({ before, after }) => [before, after])).toEqual(
      Array(8).fill(null),
    );
  });

  it('leaves what somebody under legal hold did to them in the log', async () => {
    const [person, held] = [await company.person(), await company.person({ role: 'Admin' })];
    const roleId = await company.roleId('Manager');
    expect((await held.patch(`/users/${person.id}`, { roleId })).status).toBe(200);
    expect((await admin.patch(`/users/${person.id}`, { roleId: await company.roleId('Employee') })).status).toBe(200);
    await admin.put(`/users/${held.id}/legal-hold`, {});
    await anonymise(person);
    const lines = async () =>
      Object.fromEntries(
        (await audits(person.id, 'user_updated')).map(({ after, actorUserId }) => [
          actorUserId === held.id ? 'held' : 'admin',
          after !== null,
        ]),
      );
    expect(await lines()).toEqual({ held: true, admin: false });
    await admin.delete(`/users/${held.id}/legal-hold`);
    await anonymise(person);
    expect(await lines()).toEqual({ held: false, admin: false });
  });

  it('takes the address from the line that tells of it, when somebody anonymises themselves', async () => {
    const other = await company.person({ role: 'Admin' });
    expect((await anonymise(other, other)).status).toBe(200);
    expect(await server.sql('SELECT ip FROM audit_logs WHERE "userId" = $1 AND ip IS NOT NULL', [other.id])).toEqual([]);
  });

  it('asks them no more, and passes the company on', async () => {
    const own = await server.company();
    const [successor, lead, member] = [await own.person({ role: 'Admin' }), await own.person(), await own.person()];
    await own.team({ leads: [lead], members: [member] });
    const { id: actionCodeId } = await own.actionCode();
    const { body: sheet } = await member.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    await member.post('/timesheet-entries', { day: '2026-03-03', actionCodeId, country: 'DE', durationMin: 60 });
    await member.post(`/timesheets/${sheet.id}/submit`);
    expect((await anonymise(lead, own.admin)).status).toBe(200);
    expect(await server.sql('SELECT 1 FROM timesheet_approvals WHERE "approverId" = $1', [lead.id])).toEqual([]);
    expect((await anonymise(own.admin, successor)).status).toBe(200);
    expect((await successor.get('/company')).body.ownerUserId).toBe(successor.id);
  });
});

describe('nothing comes back', () => {
  it('to the profile; the role may change, so that nobody stands in the way of its deletion', async () => {
    const person = await company.person({ role: ['read_report'] });
    await anonymise(person);
    const before = await row(person.id);
    const personal = { firstName: 'Ada', lastName: 'L', email: 'a@b.example', phoneNumber: '+4915112345678', externalId: '7' };
    for (const fields of Object.entries(personal).map((field) => Object.fromEntries([field])))
      expect([fields, said(await admin.patch(`/users/${person.id}`, fields))]).toEqual([fields, '409 conflict']);
    expect((await admin.patch(`/users/${person.id}`, { firstName: 'Deleted' })).status).toBe(200);
    expect(await row(person.id)).toEqual(before);
    expect(said(await admin.patch(`/users/${person.id}`, { roleId: await company.roleId('Employee') }))).toBe('200');
  });

  it('by new entries, timesheets and leave, nor by new texts of those that are there', async () => {
    const { person, sheet, entry } = await recorded();
    const period = { startDate: '2099-03-02', endDate: '2099-03-03', leaveType: 'SICK' };
    const { body: leave } = await person.post('/leave-requests', { ...period, reason: 'flu' });
    const { id: actionCodeId } = await company.actionCode();
    await anonymise(person);
    const work = { day: '2026-03-04', actionCodeId, country: 'DE', durationMin: 60, note: 'again', userId: person.id };
    expect(await faultsOf(admin.post('/timesheet-entries', work))).toEqual(['/userId']);
    expect(await faultsOf(admin.post('/timesheet-entries/batch', { entries: [work] }))).toEqual(['/entries/0/userId']);
    const sheets = { periodStart: '2026-04-06', periodEnd: '2026-04-12', notes: 'again', userId: person.id };
    expect(await faultsOf(admin.post('/timesheets', sheets))).toEqual(['/userId']);
    const away = { ...period, startDate: '2099-04-06', endDate: '2099-04-07', reason: 'again', userId: person.id };
    expect(await faultsOf(admin.post('/leave-requests', away))).toEqual(['/userId']);
    expect(await faultsOf(admin.post('/leave-requests?dryRun=true', away))).toEqual(['/userId']);

    expect(said(await admin.patch(`/timesheet-entries/${entry}`, { note: 'again' }))).toBe('409 conflict');
    expect(said(await admin.patch(`/timesheets/${sheet}`, { notes: 'again' }))).toBe('409 conflict');
    expect(said(await admin.patch(`/leave-requests/${leave.id}`, { reason: 'again' }))).toBe('409 conflict');
    expect(said(await admin.patch(`/timesheet-entries/${entry}`, { durationMin: 30 }))).toBe('200');
    expect(said(await admin.patch(`/leave-requests/${leave.id}`, { endDate: '2099-03-02' }))).toBe('200');
    expect(said(await admin.post(`/leave-requests/${leave.id}/approve`))).toBe('200');
  });
});

describe('what is just being written', () => {
  it('by themselves comes too late', async () => {
    const { id: actionCodeId } = await company.actionCode();
    const work = { day: '2026-03-04', actionCodeId, country: 'DE', durationMin: 60, note: 'too late' };
    const sheet = { periodStart: '2026-04-06', periodEnd: '2026-04-12', notes: 'too late' };
    const leave = { startDate: '2099-03-02', endDate: '2099-03-03', leaveType: 'SICK', reason: 'too late' };
    const requests: [string, string, (person: Person) => Promise<Answer>][] = [
      ['timesheet_entries', TIME, (person) => person.post('/timesheet-entries', work)],
      ['timesheets', TIME, (person) => person.post('/timesheets', sheet)],
      ['leave_requests', LEAVE, (person) => person.post('/leave-requests', leave)],
    ];
    for (const [table, lock, request] of requests) {
      const person = await company.person();
      const answer = await overtaken(person, lock, () => request(person));
      expect([table, said(answer), await count(table, person.id)]).toEqual([table, '401 not_signed_in', 0]);
    }
    const person = await company.person();
    const answer = await overtaken(person, 'SELECT 1 FROM users WHERE id = $1 FOR UPDATE', () =>
      person.patch('/me', { firstName: 'Late' }),
    );
    expect([said(answer), (await row(person.id)).firstName]).toEqual(['401 not_signed_in', 'Pat']);
  });

  it.each([
    ['a repetition', () => admin.id, (person: Person) => anonymise(person)],
    ['the daily job', () => null, () => server.app.get(Jobs).runNow('retention')],
  ])('and was not seen goes with %s, which is told where it took something', async (_, by, again) => {
    const { person } = await recorded();
    expect((await anonymise(person)).status).toBe(200);
    const { body: before } = await admin.get(`/users/${person.id}`);
    // As their request leaves it that another replica lets in within the second in which it knows nothing of it yet.
    await server.sql(
      `INSERT INTO audit_logs ("companyId", action, "targetType", "userId", "actorUserId", ip, "requestId") VALUES ($1, 'late', 'User', $2, $2, '10.9.8.7', 'late words')`,
      [company.id, person.id],
    );
    await server.sql(`UPDATE timesheet_entries SET note = 'late words' WHERE "userId" = $1`, [person.id]);
    const folder = join(server.config.dataDir, 'mail');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${person.id}.${randomUUID()}.eml`), 'late words');
    const keep = (key: string, createdAt: Date) =>
      server.sql(
        `INSERT INTO idempotency_keys ("companyId", "userId", key, "requestHash", "statusCode", headers, body, "createdAt", "expiresAt")
         VALUES ($1, $2, $3, 'x', 200, '{}', $4, $5, '2100-01-01')`,
        [company.id, admin.id, `${key} ${person.id}`, JSON.stringify({ userId: person.id, note: 'late words' }), createdAt],
      );
    await keep('under way', clock.now());
    clock.travelTo(new Date(Date.now() + 120_000));
    await keep('of later', clock.now());
    await again(person);
    expect(await server.sql('SELECT key FROM idempotency_keys WHERE strpos(body, $1) > 0', [person.id])).toEqual([
      { key: `of later ${person.id}` },
    ]);
    expect(readdirSync(folder).filter((name) => name.startsWith(person.id))).toEqual([]);
    expect((await admin.get(`/users/${person.id}`)).body).toEqual(before);
    expect(await server.sql(`SELECT ip, "requestId" FROM audit_logs WHERE action = 'late' AND "userId" = $1`, [person.id])).toEqual([
      { ip: null, requestId: null },
    ]);
    expect(await server.sql('SELECT note FROM timesheet_entries WHERE "userId" = $1', [person.id])).toEqual([{ note: null }]);
    expect((await audits(person.id)).map(({ actorUserId }) => actorUserId)).toEqual([admin.id, by()]);
    await again(person);
    expect(await audits(person.id)).toHaveLength(2); // nothing was left
    clock.reset();
    expect(await server.sql('SELECT kind FROM erasures WHERE "userId" = $1', [person.id])).toHaveLength(1);
    expect(await proof()).toMatchObject({ valid: true });
  });

  it('goes with the daily job, however long no server ran it', async () => {
    const { person } = await recorded();
    await server.app.get(Jobs).runNow('retention');
    expect((await anonymise(person)).status).toBe(200);
    await server.sql(`UPDATE timesheet_entries SET note = 'late words' WHERE "userId" = $1`, [person.id]);
    clock.travelTo(new Date(Date.now() + 10 * 86_400_000));
    await (await server.secondReplica()).get(Jobs).runNow('retention');
    clock.reset();
    expect(await server.sql('SELECT note FROM timesheet_entries WHERE "userId" = $1', [person.id])).toEqual([{ note: null }]);
  });

  it('is told from what became of the deleted user later: that stays in the log', async () => {
    const person = await company.person();
    await anonymise(person);
    clock.travelTo(new Date(Date.now() + 120_000));
    const roleId = await company.roleId('Manager');
    expect((await admin.patch(`/users/${person.id}`, { roleId })).status).toBe(200);
    await server.sql(
      `INSERT INTO audit_logs ("companyId", action, "targetType", "userId", "actorUserId", ip, "occurredAt") VALUES ($1, 'own', 'User', $2, $2, '10.9.8.7', $3)`,
      [company.id, person.id, clock.now()],
    );
    clock.reset();
    await anonymise(person);
    expect(await audits(person.id, 'user_updated')).toEqual([
      { before: { roleId: expect.any(String) }, after: { roleId }, actorUserId: admin.id },
    ]);
    expect(await server.sql(`SELECT ip FROM audit_logs WHERE action = 'own' AND "userId" = $1`, [person.id])).toEqual([{ ip: null }]);
  });

  it('is told from what others decided of the deleted user later: their reasons stay, and what was said when it was done goes', async () => {
    const [{ person, decider, sheet }, boss] = [await recorded(), await company.person({ role: ['approve_leave_request'] })];
    const leaves: string[] = [];
    for (const day of ['2099-03-02', '2099-03-09', '2099-03-16'])
      leaves.push((await person.post('/leave-requests', { startDate: day, endDate: day, leaveType: 'SICK', reason: 'flu' })).body.id);
    expect((await person.post(`/timesheets/${sheet}/submit`)).status).toBe(200);
    expect((await anonymise(person)).status).toBe(200);
    expect(said(await boss.post(`/leave-requests/${leaves[2]}/reject`, { rejectionReason: 'too soon' }))).toBe('200');
    clock.travelTo(new Date(Date.now() + 120_000));
    expect(said(await decider.post(`/timesheets/${sheet}/reject`, { reason: 'later' }))).toBe('200');
    expect(said(await boss.post(`/leave-requests/${leaves[0]}/reject`, { rejectionReason: 'later' }))).toBe('200');
    expect(said(await boss.post(`/leave-requests/${leaves[1]}/approve`, { reason: 'later' }))).toBe('200');
    await server.sql(`UPDATE leave_requests SET reason = 'late words' WHERE id = $1`, [leaves[0]]);
    const { etag } = await lookAt(sheet);
    clock.reset();
    expect((await anonymise(person)).status).toBe(200);
    expect((await lookAt(sheet, etag)).status).toBe(304);
    const told = await server.sql(
      `SELECT a.reason FROM timesheet_approvals a WHERE a."timesheetId" = $2 AND a.reason IS NOT NULL
       UNION ALL SELECT h.reason FROM timesheet_history h WHERE h."userId" = $1 AND h.reason IS NOT NULL
       UNION ALL SELECT h.diff -> 'reason' ->> 'after' FROM timesheet_history h WHERE h."userId" = $1 AND h.diff ? 'reason'`,
      [person.id, sheet],
    );
    expect(told.length).toBeGreaterThan(2);
    expect(new Set(told.map(({ reason }) => reason))).toEqual(new Set(['later']));
    expect(
      await server.sql('SELECT reason, "rejectionReason", "decisionReason" FROM leave_requests WHERE "userId" = $1 ORDER BY "startDate"', [
        person.id,
      ]),
    ).toEqual([
      { reason: null, rejectionReason: 'later', decisionReason: null },
      { reason: null, rejectionReason: null, decisionReason: 'later' },
      { reason: null, rejectionReason: null, decisionReason: null },
    ]);
  });

  it('about their leave is waited for', async () => {
    const person = await company.person();
    const { body: leave } = await person.post('/leave-requests', { startDate: '2099-03-02', endDate: '2099-03-03', leaveType: 'SICK' });
    await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query(LEAVE, [person.id]);
      const erased = anonymise(person);
      await server.untilSomebodyWaits();
      await client.query(`UPDATE leave_requests SET reason = 'flu' WHERE id = $1`, [leave.id]);
      await client.query('COMMIT');
      expect((await erased).status).toBe(200);
    });
    expect(await server.sql('SELECT reason FROM leave_requests WHERE id = $1', [leave.id])).toEqual([{ reason: null }]);
  });

  it('leaves the instant of a change that it waited for', async () => {
    const { person, sheet } = await recorded();
    const changedAt = await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM timesheets WHERE id = $1 FOR UPDATE', [sheet]);
      const erased = anonymise(person);
      await server.untilSomebodyWaits();
      const { rows } = await client.query('UPDATE timesheets SET "updatedAt" = clock_timestamp() WHERE id = $1 RETURNING "updatedAt"', [
        sheet,
      ]);
      await client.query('COMMIT');
      expect((await erased).status).toBe(200);
      return rows[0]!.updatedAt as Date;
    });
    expect(await server.sql('SELECT notes, "updatedAt" FROM timesheets WHERE id = $1', [sheet])).toEqual([
      { notes: null, updatedAt: changedAt },
    ]);
  });
});

describe('it is refused', () => {
  it('for who is unknown or of another company, the same', async () => {
    const stranger = (await server.company()).admin;
    const person = await company.person();
    const [foreign, unknown] = [await anonymise(person, stranger), await anonymise({ id: randomUUID() }, stranger)];
    expect(said(foreign)).toBe('404 not_found');
    expect({ ...foreign.body, instance: 0, requestId: 0 }).toEqual({ ...unknown.body, instance: 0, requestId: 0 });
    expect(said(await admin.post('/users/7/anonymize'))).toBe('400 validation_failed');
    expect((await row(person.id)).isAnonymized).toBe(false);
  });

  it('without the permission, and over who holds more', async () => {
    const [person, clerk] = [await company.person(), await company.person({ role: ['anonymize_user'] })];
    expect(said(await anonymise(person, person))).toBe('403 forbidden');
    expect(said(await anonymise(person, await company.person()))).toBe('403 forbidden');
    expect(said(await anonymise(person, await admin.apiKey(['read_user'])))).toBe('403 forbidden');
    const manager = await company.person({ role: 'Manager' });
    expect(said(await anonymise(manager, clerk))).toBe('403 privilege_escalation');
    expect(await audits(manager.id, 'privilege_escalation_refused')).toHaveLength(1);
    expect(said(await anonymise(person, clerk))).toBe('200');
  });

  it('for the last Admin', async () => {
    const own = await server.company();
    expect(said(await anonymise(own.admin, own.admin))).toBe('409 last_admin');
    const second = await own.person({ role: 'Admin' });
    const answers = await Promise.all([anonymise(second, own.admin), anonymise(own.admin, second)]);
    const codes = answers.map(said).toSorted();
    expect(codes[0]).toBe('200');
    expect(['401 not_signed_in', '409 last_admin']).toContain(codes[1]);
  });

  it('with a stale or malformed If-Match, and fields that it does not know', async () => {
    const person = await company.person();
    await admin.patch(`/users/${person.id}`, { firstName: 'Newer' });
    expect(said(await anonymise(person, admin, { 'if-match': '"1"' }))).toBe('412 version_mismatch');
    expect(said(await anonymise(person, admin, { 'if-match': 'x' }))).toBe('400 validation_failed');
    expect(said(await admin.post(`/users/${person.id}/anonymize`, { status: 'ACTIVE' }))).toBe('400 validation_failed');
    expect(said(await anonymise(person, admin, { 'if-match': '"2"' }))).toBe('200');
  });

  it('under legal hold, until it is released', async () => {
    const person = await company.person();
    expect((await admin.put(`/users/${person.id}/legal-hold`, { reason: 'Dispute' })).status).toBe(200);
    expect(said(await anonymise(person))).toBe('409 legal_hold');
    expect((await person.get('/me')).status).toBe(200);
    await admin.delete(`/users/${person.id}/legal-hold`);
    expect(said(await anonymise(person))).toBe('200');
    await admin.put(`/users/${person.id}/legal-hold`, {});
    expect(said(await anonymise(person))).toBe('409 legal_hold');
  });

  it('or the hold comes too late: never is one held whose data are gone', async () => {
    for (let round = 0; round < 5; round++) {
      const person = await company.person();
      const [erased, held] = await Promise.all([anonymise(person), admin.put(`/users/${person.id}/legal-hold`, {})]);
      const isErased = Boolean((await row(person.id)).isAnonymized);
      expect(held.status).toBe(200);
      expect(said(erased)).toBe(isErased ? '200' : '409 legal_hold');
      expect((await audits(person.id)).length).toBe(isErased ? 1 : 0);
    }
  });
});

describe('a timesheet', () => {
  it('moves on once when it, its entries or its approvals lose their texts, and stays when nothing is lost', async () => {
    const all = await recorded();
    const noted = await recorded();
    await server.sql('UPDATE timesheets SET notes = NULL WHERE id = $1', [noted.sheet]);
    await server.sql('UPDATE timesheet_approvals SET reason = NULL WHERE "timesheetId" = $1', [noted.sheet]);
    const decided = await recorded();
    const untouched = await recorded();
    const erased: [string, { id: string }][] = [
      [all.sheet, all.person],
      [noted.sheet, noted.person],
      [decided.sheet, decided.decider],
    ];
    const other = await lookAt(untouched.sheet);
    for (const [sheet, subject] of erased) {
      const { etag } = await lookAt(sheet);
      expect((await anonymise(subject)).status).toBe(200);
      expect(await lookAt(sheet, etag)).toEqual({ status: 200, etag: nextOf(etag) });
    }
    expect((await lookAt(untouched.sheet, other.etag)).status).toBe(304);
  });
});

describe('the history', () => {
  it('loses its texts, keeps its minutes, and stays provable', async () => {
    const sealed = await recorded();
    await seal();
    const unsealed = await recorded();
    for (const { person } of [sealed, unsealed]) expect((await anonymise(person)).status).toBe(200);
    expect(await proof()).toMatchObject({ valid: true });
    await seal();
    expect(await proof()).toMatchObject({ valid: true, unsealed: 0 });

    for (const { person, sheet, entry } of [sealed, unsealed]) {
      const rows = await server.sql<{ id: string; text: string }>(
        'SELECT id, h::text AS text FROM timesheet_history h WHERE "userId" = $1',
        [person.id],
      );
      expect(rows.length).toBeGreaterThan(4);
      expect(rows.filter(({ text }) => /with Ada|doctor|always late/.test(text))).toEqual([]);
      const { body: told } = await admin.get(`/timesheet-history?targetId=${entry}`);
      expect(told.items[0].diff.durationMin).toEqual({ before: null, after: 60 });
      const { body } = await admin.get(`/timesheets/${sheet}`);
      expect(body).toMatchObject({ notes: null, totalMinutes: 60, status: 'REJECTED', approvals: [{ status: 'REJECTED', reason: null }] });
      const salts = await server.sql<{ facts: boolean; text: boolean; erased: number }>(
        `SELECT s."factsSalt" IS NOT NULL AS facts, s."freeTextSalt" IS NOT NULL AS text,
           (SELECT count(*)::int FROM timesheet_history_erasures e WHERE e."historyId" = s."historyId" AND e.erased = 'text') AS erased
         FROM timesheet_history_seals s WHERE s."historyId" = ANY ($1)`,
        [rows.map(({ id }) => id)],
      );
      expect(salts.every(({ facts }) => facts)).toBe(true);
      expect(salts.filter(({ erased }) => erased > 0).length).toBeGreaterThan(2);
      // Nothing to guess by; of what was sealed afterwards the blank text has its salt.
      expect(salts.some(({ erased, text }) => erased > 0 && text)).toBe(person === unsealed.person);
    }
  });

  it('loses the reasons of who decided, and keeps the texts of whom it is about', async () => {
    const sealed = await recorded();
    await seal();
    const unsealed = await recorded();
    for (const { decider } of [sealed, unsealed]) expect((await anonymise(decider)).status).toBe(200);
    await seal();
    expect(await proof()).toMatchObject({ valid: true, unsealed: 0 });
    for (const { person } of [sealed, unsealed]) {
      const [{ text }] = (await server.sql<{ text: string }>(
        `SELECT string_agg(h::text, '') AS text FROM timesheet_history h WHERE "userId" = $1`,
        [person.id],
      )) as [{ text: string }];
      expect(text).not.toContain('always late');
      expect(text).toContain('with Ada');
      expect(text).toContain('at the doctor');
      expect((await anonymise(person)).status).toBe(200); // of a line that lost its text before nothing is left to lose
    }
    expect(await proof()).toMatchObject({ valid: true });
  });

  it('is not sealed while it is erased', async () => {
    const { person } = await recorded();
    await Promise.all([anonymise(person), seal(), seal(), seal()]);
    await seal();
    expect(await proof()).toMatchObject({ valid: true, unsealed: 0 });
    const guessable = await server.sql(
      `SELECT 1 FROM timesheet_history_seals s JOIN timesheet_history h ON h.id = s."historyId"
       JOIN timesheet_history_erasures e ON e."historyId" = h.id AND e."erasedAt" > s."sealedAt" WHERE h."userId" = $1 AND s."freeTextSalt" IS NOT NULL`,
      [person.id],
    );
    expect(guessable).toEqual([]);
  });
});

describe('what else remembers', () => {
  it('their mails go, waiting ones and those in files', async () => {
    const { body: invited } = await admin.post('/users', {
      email: `invited-${randomUUID()}@example.com`,
      firstName: 'In',
      lastName: 'Vited',
      roleId: await company.roleId('Employee'),
    });
    const folder = join(server.config.dataDir, 'mail');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${invited.id}.${randomUUID()}.eml`), 'Dear In');
    await server.sql(
      `INSERT INTO queued_mails ("companyId", "userId", template, "dueAt", "expiresAt") VALUES ($1, $2, 'invitation', '2099-01-01', '2099-01-01')`,
      [company.id, invited.id],
    );
    expect((await anonymise(invited)).status).toBe(200);
    expect(await count('queued_mails', invited.id)).toBe(0);
    expect(await count('one_time_tokens', invited.id)).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith(invited.id))).toEqual([]);
  });

  it('the ledger, in the database and beside the backups, by bare ids', async () => {
    const person = await company.person();
    await anonymise(person);
    const lines = readFileSync(ledgerFile(server.config), 'utf8').trimEnd().split('\n');
    const line = lines.map((text) => JSON.parse(text)).find(({ userId }) => userId === person.id);
    const [{ erasedAt }] = (await server.sql<{ erasedAt: Date }>('SELECT "erasedAt" FROM erasures WHERE "userId" = $1', [person.id])) as [
      { erasedAt: Date },
    ];
    expect(line).toEqual({ companyId: company.id, userId: person.id, kind: 'anonymized', erasedAt: erasedAt.toISOString() });
  });

  it('is told later where the folder of the backups cannot be written: the request does not fail', async () => {
    const replica = await server.secondReplica({ BACKUP_DIR: join(ledgerFile(server.config), 'no-folder') });
    const person = await company.person();
    expect(said(await anonymise(person, admin.on(replica)))).toBe('200');
    expect(server.log).toContainEqual(expect.objectContaining({ code: 'ENOTDIR', msg: expect.stringMatching(/^the ledger of erasures/) }));
    await expect(replica.get(Jobs).runNow('erasures-ledger')).rejects.toMatchObject({ code: 'ENOTDIR' });
    const known = async () => (await readLines(ledgerFile(server.config))).people.some(({ userId }) => userId === person.id);
    expect(await known()).toBe(false);
    await server.app.get(Jobs).runNow('erasures-ledger');
    expect(await known()).toBe(true);
  });

  it('writes to the file what it lacks, once, and around a line that was cut off', async () => {
    const people = [await company.person(), await company.person()];
    for (const person of people) await anonymise(person);
    const file = ledgerFile(server.config);
    writeFileSync(file, `{"companyId":"${company.id}","use\n`);
    const ledger = server.app.get(ErasuresLedger);
    await ledger.catchUp();
    await ledger.catchUp();
    const { people: lines } = await readLines(file);
    expect(lines).toHaveLength((await server.sql('SELECT 1 FROM erasures')).length);
    expect(lines.map(({ userId }) => userId)).toEqual(expect.arrayContaining(people.map(({ id }) => id)));
  });
});
