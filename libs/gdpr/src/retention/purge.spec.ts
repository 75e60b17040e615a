import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock, Jobs, lockKey } from '#core';
import type { Answer } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { ledgerFile, readLines } from '../erasure/erasures-file.js';
import { PurgePeople } from './purge-people.js';
import { Purges } from './purge.service.js';
import { RetentionJob } from './retention-job.js';

const NOW = new Date('2032-06-15T12:00:00Z');
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

let server: TestServer;
let nextSheet = Date.parse('2019-01-07');

beforeAll(async () => {
  server = await startTestServer({ SESSION_IDLE_TTL: '10000d', REFRESH_TOKEN_TTL: '10000d', ACCESS_TOKEN_TTL: '10000d' });
});
afterAll(() => server.stop());
afterEach(() => clock.reset());

const said = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();
const idle = () => server.app.get(Purges).idle();

/** A real run, to its end. */
async function purge({ admin }: Company) {
  const begun = await admin.post('/gdpr/purges', { dryRun: false });
  expect(said(begun)).toBe('202');
  await idle();
  return (await admin.get(`/gdpr/purges/${begun.body.id}`)).body;
}

const dryRun = async ({ admin }: Company) => (await admin.post('/gdpr/purges', { dryRun: true })).body;

const deletedOn = (id: string, deletedAt: Date | null) => server.sql('UPDATE users SET "deletedAt" = $2 WHERE id = $1', [id, deletedAt]);

/** Somebody who was deleted, without any record. */
async function gone(company: Company, deletedAt = LONG_AGO): Promise<string> {
  const { id } = await company.person({ status: 'TERMINATED' });
  await deletedOn(id, deletedAt);
  return id;
}

/** A day that no other sheet or leave of the spec has. */
function anotherDay() {
  const periodStart = new Date((nextSheet += 7 * 86_400_000)).toISOString().slice(0, 10);
  return { periodStart, periodEnd: periodStart };
}

/** With a row in every table that has the person as its owner; what they decided of others is in `other`. */
async function goneWithRecords(company: Company, other: Person): Promise<string> {
  const id = await gone(company, null as never);
  const userId = id;
  const { id: actionCodeId } = await company.actionCode();
  const { id: teamId } = await company.team();
  const timesheetId = await company.insert('timesheets', { userId, ...anotherDay(), notes: 'mine', approverId: other.id });
  const place = { timesheetId, actionCodeId, day: '2019-03-03', country: 'DE', timezone: 'UTC', durationMin: 60, note: 'mine' };
  await company.insert('timesheet_entries', { userId, ...place });
  await company.insert('timesheet_approvals', { timesheetId, approverId: other.id, status: 'APPROVED', reason: 'fine' });
  await company.insert('timesheet_history', { userId, targetType: 'Timesheet', targetId: timesheetId, action: 'created', reason: 'mine' });
  await company.insert('leave_requests', { userId, startDate: '2019-03-09', endDate: '2019-03-10', leaveType: 'SICK', reason: 'flu' });
  await company.insert('calendar_tokens', { userId, tokenHash: randomUUID() });
  await company.insert('team_members', { userId, teamId });
  await company.insert('user_approvers', { userId, approverId: other.id });
  await company.insert('user_approvers', { userId: other.id, approverId: id });
  await company.insert('active_sessions', { userId, tokenHash: randomUUID(), nonce: 'x', expiresAt: clock.now(), ip: '10.0.0.9' });
  await company.insert('api_keys', { userId, name: 'Key', keyHash: randomUUID() });
  await company.insert('one_time_tokens', { userId, purpose: 'invitation', tokenHash: randomUUID(), expiresAt: clock.now() });
  await server.sql(
    `INSERT INTO idempotency_keys ("companyId", "userId", key, "requestHash", "statusCode", headers, body, "expiresAt")
     VALUES ($1, $2, 'k', 'x', 200, '{}', '{}', $3)`,
    [company.id, id, new Date('2100-01-01')],
  );
  await server.sql(`INSERT INTO queued_mails ("companyId", "userId", template, "dueAt", "expiresAt") VALUES ($1, $2, 'x', $3, $3)`, [
    company.id,
    id,
    new Date('2100-01-01'),
  ]);
  await server.sql(
    `INSERT INTO audit_logs ("companyId", "occurredAt", action, "targetType", "userId", "actorUserId", ip, after)
     VALUES ($1, $2, 'user_updated', 'User', $3, $3, '10.0.0.9', '{"reason": "mine"}')`,
    [company.id, clock.now(), id],
  );

  const theirs = await company.insert('timesheets', {
    userId: other.id,
    ...anotherDay(),
    approverId: id,
    submittedByUserId: id,
    notes: 'theirs',
  });
  await company.insert('timesheet_approvals', { timesheetId: theirs, approverId: id, status: 'REJECTED', reason: 'too late' });
  await company.insert('leave_requests', {
    userId: other.id,
    startDate: '2019-05-01',
    endDate: '2019-05-02',
    leaveType: 'PTO',
    status: 'REJECTED',
    decidedByUserId: id,
    rejectionReason: 'too many',
  });
  await company.task({ assigneeId: id });
  await company.insert('timesheet_history', {
    userId: other.id,
    targetType: 'Timesheet',
    targetId: theirs,
    action: 'rejected',
    actorUserId: id,
    reason: 'too late',
  });
  await deletedOn(id, LONG_AGO);
  return id;
}

/** A deleted user, as a row. */
async function deletedUser(company: Company) {
  const [status] = await server.sql<{ id: string }>(`SELECT id FROM user_statuses WHERE code = 'TERMINATED'`);
  return {
    email: `${randomUUID()}@example.com`,
    firstName: 'x',
    lastName: 'x',
    passwordHash: '',
    roleId: await company.roleId('Employee'),
    statusId: status!.id,
    deletedAt: LONG_AGO,
  };
}

const erasures = async (company: Company) => (await server.sql('SELECT 1 FROM erasures WHERE "companyId" = $1', [company.id])).length;
const runs = async ({ id }: Company) => server.sql('SELECT "actorUserId", counts, failed FROM purge_runs WHERE "companyId" = $1', [id]);

/** The rows that name the id in any way, by table. */
async function naming(id: string): Promise<Record<string, number>> {
  const tables = await server.sql<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'companyId' ORDER BY 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [found] = await server.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${name} t WHERE strpos(t::text, $1) > 0`, [id]);
    if (found!.n > 0) counts[name] = found!.n;
  }
  return counts;
}

describe('a purge', () => {
  it('removes a person with all that is theirs, and leaves what they decided of others pointing to nobody', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const other = await company.person();
    const id = await goneWithRecords(company, other);
    const alive = await company.person();
    await server.app.get(Jobs).runNow('history-seals');
    const folder = join(server.config.dataDir, 'mail');
    mkdirSync(folder, { recursive: true });
    for (const reader of [id, other.id]) writeFileSync(join(folder, `${reader}.${randomUUID()}.eml`), 'x');

    const rehearsed = await dryRun(company);
    const run = await purge(company);
    expect(run).toMatchObject({
      dryRun: false,
      actorUserId: company.admin.id,
      held: 0,
      failed: 0,
      cutOff: expect.stringMatching(/^2025-06-15T12:00:/),
    });
    expect(run.finishedAt).not.toBeNull();
    expect(run.counts).toEqual(rehearsed.counts);
    expect(run.counts).toMatchObject({
      users: 1,
      timesheets: 1,
      timesheet_entries: 1,
      timesheet_approvals: 1,
      timesheet_history: 1,
      leave_requests: 1,
      calendar_tokens: 1,
      team_members: 1,
      user_approvers: 2,
      active_sessions: 1,
      api_keys: 1,
      one_time_tokens: 1,
      idempotency_keys: 1,
      queued_mails: 1,
      audit_logs: 0,
    });

    // Bare ids stay: in the logs, in the history of others, in the ledger.
    expect(await naming(id)).toEqual({ audit_logs: 1, erasures: 1, timesheet_history: 1 });
    const [logged] = await server.sql('SELECT ip, before, after FROM audit_logs WHERE "userId" = $1', [id]);
    expect(logged).toEqual({ ip: null, before: null, after: null });
    const whole = await server.sql(
      `SELECT t.notes, t."approverId", t."submittedByUserId", a.reason, a.status, a."approverId" AS by
       FROM timesheets t JOIN timesheet_approvals a ON a."timesheetId" = t.id WHERE t."userId" = $1`,
      [other.id],
    );
    expect(whole).toEqual([
      { notes: 'theirs', approverId: null, submittedByUserId: null, reason: 'too late', status: 'REJECTED', by: null },
    ]);
    const leave = await server.sql('SELECT "rejectionReason", "decidedByUserId" FROM leave_requests WHERE "userId" = $1', [other.id]);
    expect(leave).toEqual([{ rejectionReason: 'too many', decidedByUserId: null }]);
    expect(await server.sql('SELECT "assigneeId" FROM tasks WHERE "companyId" = $1', [company.id])).toEqual([{ assigneeId: null }]);
    expect((await alive.get('/me')).status).toBe(200);

    expect(readdirSync(folder).map((name) => name.split('.')[0])).not.toContain(id);
    expect(readdirSync(folder).map((name) => name.split('.')[0])).toContain(other.id);
    expect((await company.admin.get('/timesheet-history/verify')).body).toMatchObject({ valid: true });
    const [seals] = await server.sql(
      `SELECT count(*)::int AS n, count(s."factsSalt")::int AS facts, count(s."freeTextSalt")::int AS texts FROM timesheet_history_seals s
       JOIN timesheet_history_erasures e ON e."historyId" = s."historyId" AND e.erased = 'row' WHERE s."companyId" = $1`,
      [company.id],
    );
    expect(seals).toEqual({ n: 1, facts: 0, texts: 0 });
    expect((await readLines(ledgerFile(server.config))).people.filter(({ userId }) => userId === id)).toMatchObject([{ kind: 'purged' }]);
  });

  it('as a rehearsal touches nothing but its own row', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    await goneWithRecords(company, await company.person());
    const all = async () =>
      server.sql(
        `SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM audit_logs) AS audits, (SELECT count(*) FROM erasures) AS erasures,
           (SELECT sum(version) FROM timesheets) AS versions`,
      );
    const before = await all();
    const answer = await company.admin.post('/gdpr/purges', { dryRun: true });
    expect(answer).toMatchObject({ status: 200, body: { dryRun: true, held: 0, failed: 0, counts: { users: 1, user_approvers: 2 } } });
    expect(answer.body.finishedAt).toBe(answer.body.startedAt);
    expect(await all()).toEqual(before);
    expect((await company.admin.get('/gdpr/purges')).body.items).toEqual([answer.body]);
  });

  it('takes who was deleted longer ago than the years of the company, to the second', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const [over, exact] = [await gone(company, new Date('2025-06-15T11:59:59Z')), await gone(company, new Date('2025-06-15T12:00:30Z'))];
    const alive = await company.person();
    clock.travelTo(NOW);
    const { counts, startedAt, cutOff } = await purge(company);
    expect([counts.users, cutOff]).toEqual([1, startedAt.replace('2032', '2025')]);
    expect(await naming(over)).toEqual({ erasures: 1 });
    expect(await naming(exact)).toMatchObject({ users: 1 });
    expect((await alive.get('/me')).status).toBe(200);
    clock.travelTo(new Date(NOW.getTime() + 31_000));
    expect((await purge(company)).counts.users).toBe(1);

    await company.admin.put('/gdpr/retention', { deletedUserYears: 1, auditLogYears: 7, accessLogMonths: 12, sessionDays: 90 });
    await gone(company, new Date('2031-06-01T00:00:00Z'));
    await gone(company, new Date('2031-07-01T00:00:00Z'));
    expect((await purge(company)).counts.users).toBe(1);
  });

  it('takes who was anonymised and never deleted as long after that, and who was deleted since as long after the deletion', async () => {
    clock.travelTo(new Date('2024-06-15T12:00:00Z'));
    const company = await server.company();
    const { admin } = company;
    const [person, deletedSince, held] = await Promise.all([company.person(), company.person(), company.person()]);
    await company.insert('timesheets', { userId: person.id, ...anotherDay() });
    for (const { id } of [person, deletedSince, held]) expect(said(await admin.post(`/users/${id}/anonymize`))).toBe('200');
    expect(said(await admin.put(`/users/${held.id}/legal-hold`, {}))).toBe('200');
    clock.travelTo(new Date('2026-01-01T12:00:00Z'));
    expect(said(await admin.delete(`/users/${deletedSince.id}`))).toBe('204');
    const byJob = () => server.app.get(Purges).run(company.id, new AbortController().signal);

    clock.travelTo(new Date('2031-06-15T11:00:00Z'));
    expect(await dryRun(company)).toMatchObject({ held: 0, counts: { users: 0, timesheets: 0 } });
    expect(await purge(company)).toMatchObject({ held: 0, counts: { users: 0 } });
    clock.travelTo(new Date('2031-06-15T13:00:00Z'));
    expect(await dryRun(company)).toMatchObject({ held: 1, counts: { users: 1, timesheets: 1 } });
    expect(await byJob()).toBe('through');
    expect((await admin.get('/gdpr/purges')).body.items[0]).toMatchObject({
      actorUserId: null,
      held: 1,
      failed: 0,
      counts: { users: 1, timesheets: 1 },
    });
    expect(await naming(person.id)).toEqual({ erasures: 2 });
    expect(await naming(held.id)).toMatchObject({ users: 1 });

    clock.travelTo(new Date('2033-01-01T11:00:00Z'));
    expect(await purge(company)).toMatchObject({ counts: { users: 0 } });
    clock.travelTo(new Date('2033-01-01T13:00:00Z'));
    expect(await purge(company)).toMatchObject({ held: 1, counts: { users: 1 } });
  });

  it('of more anonymised people than it takes at once passes over those under hold', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const ids: string[] = [];
    for (let index = 0; index < 120; index++)
      ids.push(await company.insert('users', { ...(await deletedUser(company)), deletedAt: null, isAnonymized: true }));
    await server.sql(
      `INSERT INTO erasures ("companyId", "userId", kind, "erasedAt") SELECT $1, id, 'anonymized', $3 FROM unnest($2::uuid[]) AS id`,
      [company.id, ids, LONG_AGO],
    );
    for (const id of ids.toSorted().slice(40, 60)) expect(said(await company.admin.put(`/users/${id}/legal-hold`, {}))).toBe('200');
    await gone(company);
    expect(await purge(company)).toMatchObject({ held: 20, failed: 0, counts: { users: 101 } });
  });

  it.each([
    ['2031-02-28T23:59:00Z', '2024-02-29T12:00:00Z', 0],
    ['2031-03-01T00:00:01Z', '2024-02-29T23:59:59Z', 1],
    ['2028-02-29T12:00:00Z', '2021-02-28T11:00:00Z', 1],
    ['2028-02-29T12:00:00Z', '2021-02-28T13:00:00Z', 0], // the overflowing day of other calendars would take it
  ])('on leap days: at %s of who was deleted at %s goes %i', async (now, deletedAt, users) => {
    clock.travelTo(new Date('2024-01-01T00:00:00Z'));
    const company = await server.company();
    await gone(company, new Date(deletedAt));
    clock.travelTo(new Date(now));
    await company.admin.signIn();
    expect((await purge(company)).counts.users).toBe(users);
  });

  it('removes logs and ended sessions each by its own clock', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const { admin } = company;
    const log = (table: string, occurredAt: string) =>
      server.sql(`INSERT INTO ${table} ("companyId", "occurredAt", action, "targetType", "userId") VALUES ($1, $2, 'x', 'User', $3)`, [
        company.id,
        occurredAt,
        admin.id,
      ]);
    for (const at of ['2025-06-15T11:59:59Z', '2025-06-15T12:01:00Z', '2031-01-01T00:00:00Z']) await log('audit_logs', at);
    for (const at of ['2031-06-15T11:59:59Z', '2031-06-15T12:01:00Z']) await log('access_logs', at);
    const session = (revokedAt: string) =>
      company.insert('active_sessions', { userId: admin.id, tokenHash: randomUUID(), nonce: 'x', expiresAt: '2099-01-01', revokedAt });
    await session('2032-03-17T11:00:00Z');
    await session('2032-03-17T13:00:00Z');
    clock.travelTo(NOW);
    const expected = { audit_logs: 1, access_logs: 1, active_sessions: 1, users: 0 };
    expect((await dryRun(company)).counts).toMatchObject(expected);
    expect((await purge(company)).counts).toMatchObject(expected);
    const left = await server.sql(`SELECT 1 FROM audit_logs WHERE "companyId" = $1 AND action = 'x'`, [company.id]);
    expect(left).toHaveLength(2);
  });

  it('leaves the ended sessions of who is held', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const held = await company.person();
    const ended = { tokenHash: randomUUID(), nonce: 'x', expiresAt: LONG_AGO, revokedAt: LONG_AGO };
    await company.insert('active_sessions', { userId: held.id, ...ended });
    expect(said(await company.admin.put(`/users/${held.id}/legal-hold`, {}))).toBe('200');
    expect((await purge(company)).counts).toMatchObject({ active_sessions: 0 });
    await company.admin.delete(`/users/${held.id}/legal-hold`);
    expect((await purge(company)).counts).toMatchObject({ active_sessions: 1 });
  });

  it('takes nobody while the history is being sealed', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    await gone(company);
    await server.database.as('superuser', async (sealer) => {
      await sealer.query('BEGIN');
      await sealer.query(`SELECT pg_advisory_xact_lock(${lockKey('history')})`, [company.id]);
      expect(await purge(company)).toMatchObject({ failed: 1, counts: { users: 0 } });
      await sealer.query('COMMIT');
    });
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 1 } });
  });

  it('passes over who is held, with their lines in the logs, and tells how many', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const [held, free] = [await goneWithRecords(company, await company.person()), await gone(company)];
    const oldLine = `INSERT INTO audit_logs ("companyId", "occurredAt", action, "targetType", "userId", ip) VALUES ($1, $2, 'old', 'User', $3, '10.0.0.9')`;
    await server.sql(oldLine, [company.id, LONG_AGO, held]);
    expect((await company.admin.put(`/users/${held}/legal-hold`, { reason: 'Dispute' })).status).toBe(200);
    const before = await naming(held);
    expect(await dryRun(company)).toMatchObject({ held: 1, counts: { users: 1 } });
    const run = await purge(company);
    expect(run).toMatchObject({ held: 1, failed: 0, counts: { users: 1 } });
    expect(await naming(held)).toEqual(before);
    expect(await naming(free)).toEqual({ erasures: 1 });
    await company.admin.delete(`/users/${held}/legal-hold`);
    expect(await purge(company)).toMatchObject({ held: 0, counts: { users: 1, audit_logs: 1 } });
  });

  it('leaves what somebody under hold did to who goes in the log', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const [id, held] = [await gone(company), await company.person()];
    for (const actor of [held.id, company.admin.id])
      await server.sql(
        `INSERT INTO audit_logs ("companyId", "occurredAt", action, "targetType", "userId", "actorUserId", after)
         VALUES ($1, $2, 'user_updated', 'User', $3, $4, '{"roleId": "x"}')`,
        [company.id, clock.now(), id, actor],
      );
    expect((await company.admin.put(`/users/${held.id}/legal-hold`, {})).status).toBe(200);
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 1 } });
    const lines = await server.sql(`SELECT "actorUserId", after FROM audit_logs WHERE "userId" = $1 AND action = 'user_updated'`, [id]);
    expect(new Map(lines.map(({ actorUserId, after }) => [actorUserId, after]))).toEqual(
      new Map<unknown, unknown>([
        [held.id, { roleId: 'x' }],
        [company.admin.id, null],
      ]),
    );
  });

  it('takes an answer kept for a repeat that tells of them', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const [one, two] = [await gone(company), await gone(company)];
    const keep = (key: string, userId: string, headers: object, body: object) =>
      server.sql(
        `INSERT INTO idempotency_keys ("companyId", "userId", key, "requestHash", "statusCode", headers, body, "expiresAt")
         VALUES ($1, $2, $3, 'x', 201, $4, $5, '2100-01-01')`,
        [company.id, userId, key, JSON.stringify(headers), JSON.stringify(body)],
      );
    await server.sql(
      `INSERT INTO idempotency_keys ("companyId", "userId", key, "requestHash", "statusCode", headers, body, "expiresAt")
       SELECT $1, $2, n, 'x', 201, '{}', '{}', '2100-01-01' FROM generate_series(1, 5100) n`, // more than a step
      [company.id, company.admin.id],
    );
    await keep('in the body', company.admin.id, {}, { id: randomUUID(), user: { id: one } });
    await keep('in the address', company.admin.id, { location: `/api/v1/users/${two}` }, {});
    await keep('of others', company.admin.id, { location: `/api/v1/teams/${randomUUID()}` }, { id: randomUUID(), count: 7 });
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 2 } });
    const left = await server.sql<{ key: string }>('SELECT key FROM idempotency_keys WHERE "companyId" = $1', [company.id]);
    expect([left.length, left.map(({ key }) => key).filter((key) => !/^\d/.test(key))]).toEqual([5101, ['of others']]);
  });

  it('and a hold at the same moment: never is one held and gone', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const ids = [];
    for (let index = 0; index < 12; index++) ids.push(await gone(company));
    const [answers] = await Promise.all([Promise.all(ids.map((id) => company.admin.put(`/users/${id}/legal-hold`, {}))), purge(company)]);
    for (const [index, id] of ids.entries()) {
      const rows = await naming(id);
      const isHeld = answers[index]!.status === 200;
      expect([isHeld, rows.users ?? 0, rows.legal_holds ?? 0]).toEqual(isHeld ? [true, 1, 1] : [false, 0, 0]);
    }
  });

  it('counts who cannot go, takes the others, and tries again', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const ids = [await gone(company), await gone(company), await gone(company)];
    // Nobody can be the owner and gone.
    await server.sql('UPDATE company_settings SET "ownerUserId" = $2 WHERE "companyId" = $1', [company.id, ids[1]]);
    const run = await purge(company);
    expect(run).toMatchObject({ failed: 1, held: 0, counts: { users: 2 } });
    expect(await naming(ids[0]!)).toEqual({ erasures: 1 });
    expect(await naming(ids[1]!)).toMatchObject({ users: 1 });
    expect(await naming(ids[1]!)).not.toHaveProperty('erasures');
    const lines = (await readLines(ledgerFile(server.config))).people.map(({ userId }) => userId);
    expect(new Set(lines.filter((id) => ids.includes(id)))).toEqual(new Set([ids[0], ids[2]]));
    expect(server.log.filter(({ msg }) => msg === 'users could not be purged together, or at all')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: expect.stringMatching(/^(23503|23001)$/), constraint: 'company_settings_ownerUserId_fkey' }),
      ]),
    );
    await server.sql('UPDATE company_settings SET "ownerUserId" = $2 WHERE "companyId" = $1', [company.id, company.admin.id]);
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 1 } });
  });

  it('waits for nobody longer than a moment: who is kept by a lock stays for the next one', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const ids = [await gone(company), await gone(company)];
    const task = await company.task({ assigneeId: ids[0]! });
    await server.database.as('superuser', async (busy) => {
      await busy.query('BEGIN');
      await busy.query('SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE', [task.id]);
      expect(await purge(company)).toMatchObject({ failed: 1, counts: { users: 1 } });
    });
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 1 } });
  });

  it('runs once at a time in a company', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    for (let index = 0; index < 5; index++) await gone(company);
    const answers = await Promise.all(Array.from({ length: 20 }, () => company.admin.post('/gdpr/purges', { dryRun: false })));
    await idle();
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThan(0);
    const others = answers.filter(({ status }) => status !== 202);
    expect(new Set(others.map(said))).toEqual(new Set(['409 conflict']));
    const { items } = (await company.admin.get('/gdpr/purges')).body;
    expect(items.map(({ counts }: { counts: Record<string, number> }) => counts.users).reduce((a: number, b: number) => a + b)).toBe(5);
    expect(await server.sql('SELECT 1 FROM erasures WHERE "companyId" = $1', [company.id])).toHaveLength(5);
  });

  it('that is stopped after a batch loses nothing: the next one does the rest, and a dead one is over', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const ids = [];
    for (let index = 0; index < 60; index++) ids.push(company.insert('users', await deletedUser(company)));
    await Promise.all(ids);
    const stopping = new AbortController();
    const people = server.app.get(PurgePeople);
    const { next } = people;
    people.next = (...batch) => (stopping.abort(), next.apply(people, batch)); // in the middle of the first one
    expect(await server.app.get(Purges).run(company.id, stopping.signal)).toBe('early');
    people.next = next;
    const [first] = (await company.admin.get('/gdpr/purges')).body.items;
    const done = await erasures(company);
    expect(first).toMatchObject({ actorUserId: null, counts: { users: done }, failed: 60 - done });
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(60);

    // One that was killed: it never ended, and has told nothing for minutes.
    await server.sql(`UPDATE purge_runs SET "finishedAt" = NULL, "updatedAt" = now() - interval '3 minutes' WHERE id = $1`, [first.id]);
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 60 - done } });
    expect((await company.admin.get(`/gdpr/purges/${first.id}`)).body.finishedAt).not.toBeNull();
    expect(await erasures(company)).toBe(60);
  });
});

describe('the job', () => {
  it('purges every company, as nobody, and leaves a row only where there was something to do', async () => {
    clock.travelTo(NOW);
    const [one, two, three] = [await server.company(), await server.company(), await server.company()];
    await gone(one);
    await gone(two);
    await three.admin.put(`/users/${await gone(three)}/legal-hold`, {});
    await server.app.get(RetentionJob).run();
    for (const company of [one, two]) {
      expect(await runs(company)).toMatchObject([{ actorUserId: null, counts: { users: 1 }, failed: 0 }]);
    }
    expect(await runs(three)).toEqual([]);
    await server.app.get(RetentionJob).run();
    expect(await runs(one)).toHaveLength(1);
  });

  it('fails when a purge ended early, and does the rest a minute later', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    await gone(company);
    const people = server.app.get(PurgePeople);
    const { next } = people;
    people.next = () => Promise.reject(Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' }));
    await expect(server.app.get(RetentionJob).run()).rejects.toThrow('not every company');
    people.next = next;
    const [first] = (await company.admin.get('/gdpr/purges')).body.items;
    expect(first).toMatchObject({ finishedAt: expect.any(String), counts: { users: 0 }, failed: 1 });
    await server.app.get(RetentionJob).run();
    expect(await erasures(company)).toBe(1);
  });

  it('fails while the run of a replica that was killed may still be under way', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const { id } = await purge(company);
    await gone(company);
    const lastHeard = (ago: string) =>
      server.sql(`UPDATE purge_runs SET "finishedAt" = NULL, "updatedAt" = now() - $2::interval WHERE id = $1`, [id, ago]);
    await lastHeard('1 minute');
    await expect(server.app.get(RetentionJob).run()).rejects.toThrow('not every company');
    expect(await erasures(company)).toBe(0);
    await lastHeard('3 minutes');
    await server.app.get(RetentionJob).run();
    expect(await erasures(company)).toBe(1);
  });

  it('fails while somebody cannot go, and tries them again after an hour', async () => {
    clock.travelTo(NOW);
    const [company, other] = [await server.company(), await server.company()];
    const owned = (by: string) => server.sql('UPDATE company_settings SET "ownerUserId" = $2 WHERE "companyId" = $1', [company.id, by]);
    await owned(await gone(company));
    await expect(server.app.get(RetentionJob).run()).rejects.toThrow('not every company');
    await gone(other);
    await expect(server.app.get(RetentionJob).run()).rejects.toThrow('not every company');
    expect(await runs(company)).toMatchObject([{ failed: 1 }]);
    expect(await erasures(other)).toBe(1);
    await owned(company.admin.id);
    clock.travelTo(new Date(NOW.getTime() + 2 * 3_600_000));
    await server.app.get(RetentionJob).run();
    expect(await erasures(company)).toBe(1);
  });

  it('tries them again, too, when the clock was set back since', async () => {
    clock.travelTo(new Date(NOW.getTime() + 6 * 3_600_000));
    const company = await server.company();
    const owned = (by: string) => server.sql('UPDATE company_settings SET "ownerUserId" = $2 WHERE "companyId" = $1', [company.id, by]);
    await owned(await gone(company));
    await expect(server.app.get(RetentionJob).run()).rejects.toThrow('not every company');
    await owned(company.admin.id);
    clock.travelTo(NOW);
    await server.app.get(RetentionJob).run();
    expect(await erasures(company)).toBe(1);
  });

  it('is known by its name', async () => {
    for (const name of ['retention', 'erasures-ledger']) await expect(server.app.get(Jobs).runNow(name)).resolves.toBeUndefined();
  });
});

describe('the routes', () => {
  it('are for who manages retention, of their company', async () => {
    const [company, elsewhere] = [await server.company(), await server.company()];
    const { body: run } = await company.admin.post('/gdpr/purges', { dryRun: true });
    const manager = await company.person({ role: ['manage_retention'] });
    expect((await manager.get(`/gdpr/purges/${run.id}`)).body).toEqual(run);
    expect(said(await manager.post('/gdpr/purges', { dryRun: true }))).toBe('200');
    for (const colleague of [await company.person(), await company.person({ role: 'Manager' }), await company.admin.apiKey([])]) {
      expect(said(await colleague.get('/gdpr/purges'))).toBe('403 forbidden');
      expect(said(await colleague.get(`/gdpr/purges/${run.id}`))).toBe('403 forbidden');
      expect(said(await colleague.post('/gdpr/purges', { dryRun: true }))).toBe('403 forbidden');
    }
    const [foreign, unknown] = [
      await elsewhere.admin.get(`/gdpr/purges/${run.id}`),
      await elsewhere.admin.get(`/gdpr/purges/${randomUUID()}`),
    ];
    expect(said(foreign)).toBe('404 not_found');
    expect({ ...foreign.body, instance: 0, requestId: 0 }).toEqual({ ...unknown.body, instance: 0, requestId: 0 });
    expect((await elsewhere.admin.get('/gdpr/purges')).body.items).toEqual([]);
    for (const body of [undefined, {}, { dryRun: 'yes' }, { dryRun: true, force: true }]) {
      expect(said(await company.admin.post('/gdpr/purges', body))).toMatch(/^400 /);
    }
  });

  it('tell as the last update of a run when it ended, and until then when it was begun', async () => {
    clock.travelTo(NOW);
    const company = await server.company();
    const rehearsed = await dryRun(company);
    expect(rehearsed.updatedAt).toBe(rehearsed.finishedAt);
    const { body: begun } = await company.admin.post('/gdpr/purges', { dryRun: false });
    expect(begun.updatedAt).toBe(begun.startedAt);
    await idle();
    const { items } = (await company.admin.get('/gdpr/purges')).body;
    expect(items).toHaveLength(2);
    for (const run of items) {
      expect(run.updatedAt).toBe(run.finishedAt);
      expect(Date.parse(run.updatedAt)).toBeGreaterThanOrEqual(Date.parse(run.createdAt));
      expect((await company.admin.get(`/gdpr/purges/${run.id}`)).body).toEqual(run);
    }
  });

  it('list the newest first, in pages', async () => {
    const company = await server.company();
    for (let index = 0; index < 3; index++) await company.admin.post('/gdpr/purges', { dryRun: true });
    const first = (await company.admin.get('/gdpr/purges?limit=2')).body;
    const second = (await company.admin.get(`/gdpr/purges?limit=2&cursor=${first.nextCursor}`)).body;
    const all = [...first.items, ...second.items].map(({ startedAt }: { startedAt: string }) => Date.parse(startedAt));
    expect(all).toHaveLength(3);
    expect(all).toEqual(all.toSorted((a, b) => b - a));
    expect(said(await company.admin.get('/gdpr/purges?status=x'))).toBe('400 validation_failed');
  });
});
