import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses, Jobs } from '#core';
import { Subject, toBeErased } from '../../../test/canaries.js';
import type { Installation } from '../../../test/canaries.js';
import type { Company } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { startSystemPostgres } from '../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../test/system-postgres.js';
import { SystemServer } from '../../../test/system-server.js';
import { ErasurePlan } from './erasure/erasure-plan.js';
import { ErasuresReplay } from './erasure/erasures-replay.js';
import { Purges } from './retention/purge.service.js';

const run = promisify(execFile);
const ENV = { TRUST_PROXY: '127.0.0.1' };

/** What anybody may ask that could tell of the person, as the Admin. */
const questions = (id: string) => [
  `/users/${id}`,
  '/users?limit=200',
  `/users/${id}/personal-data`,
  `/users/${id}/sessions`,
  `/timesheets?userId=${id}`,
  `/timesheet-entries?userId=${id}`,
  `/timesheet-history?userId=${id}&limit=200`,
  `/timesheet-history?actorUserId=${id}&limit=200`,
  '/timesheet-approvals?status=REJECTED',
  '/leave-requests?limit=200',
  `/audit-logs?userId=${id}&limit=200`,
  `/audit-logs?actorUserId=${id}&limit=200`,
  `/access-logs?userId=${id}&limit=200`,
  '/reports/time?from=2026-01-01&to=2026-12-31&groupBy=user&format=csv',
  '/api-keys?limit=200',
  '/teams?limit=200',
];

async function answers(company: Company, id: string): Promise<string> {
  const texts: string[] = [];
  for (const path of questions(id)) {
    const { status, body, headers } = await company.admin.get(path);
    expect([path, status]).toEqual([path, 200]);
    texts.push(JSON.stringify([body, headers]));
  }
  return texts.join('\n');
}

const connection = ({ address }: Pick<SystemServer, 'address'>) => ['-h', address.host, '-p', String(address.port), '-U', address.username];
const read = (file: string) => readFile(file, 'utf8');

const anonymise = async ({ company, person }: Subject) =>
  expect((await company.admin.post(`/users/${person.id}/anonymize`)).status).toBe(200);

describe('after the anonymisation of one who is in every table', () => {
  let server: TestServer;
  let subject: Subject;

  beforeAll(async () => {
    server = await startTestServer(ENV);
    subject = await Subject.in(server, await server.company());
    await subject.decide();
  });
  afterAll(() => server.stop());

  it('which is to say that each column that erasure takes holds a word of theirs, and nothing else does', async () => {
    expect(await subject.inDatabase()).toEqual(toBeErased(server));
    expect(subject.in(await answers(subject.company, subject.person.id)).length).toBeGreaterThan(10);
    expect(subject.inMails().length).toBeGreaterThan(0);
  });

  it('no table, log line, mail or answer has a word of theirs', async () => {
    await anonymise(subject);
    await server.app.get(Accesses).flush();
    expect(await subject.inDatabase()).toEqual([]);
    expect(subject.in(await answers(subject.company, subject.person.id))).toEqual([]);
    expect(subject.inLog()).toEqual([]);
    expect(subject.inMails()).toEqual([]);
    expect((await subject.company.admin.get('/timesheet-history/verify')).body).toMatchObject({ valid: true });
  });

  it('or it is found: a table that erasure skips', async () => {
    const forgotten = await Subject.in(server, subject.company);
    const { values } = server.app.get(ErasurePlan);
    const all = values.splice(0);
    values.push(...all.filter(({ table }) => !['leave_requests', 'audit_logs'].includes(table)));
    await anonymise(forgotten);
    values.splice(0, values.length, ...all);
    expect(await forgotten.inDatabase()).toEqual([
      'audit_logs.after',
      'audit_logs.before',
      'audit_logs.ip',
      'audit_logs.requestId',
      'leave_requests.decisionReason',
      'leave_requests.reason',
      'leave_requests.rejectionReason',
    ]);
  });
});

describe('on a PostgreSQL that can be dumped', () => {
  let system: SystemPostgres | undefined;
  let server: SystemServer | undefined;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ncy8-dumps-'));
    system = await startSystemPostgres(15);
    if (system) server = await SystemServer.start(system, ENV);
    else console.warn('NOT TESTED against dumps: the machine has no PostgreSQL 15 in /usr/lib/postgresql/15/bin');
  });
  afterAll(async () => {
    await server?.stop();
    await system?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function dump(of: SystemServer): Promise<string> {
    const file = join(folder, `${of.address.database}-${Date.now()}.sql`);
    await run(join(system!.bin, 'pg_dump'), [...connection(of), '-f', file, of.address.database]);
    return file;
  }

  it('no dump has a word of one who was erased, and the restore of an older one does not bring them back', async () => {
    if (!system || !server) return;
    const company = await server.company();
    const [anonymised, purged, held] = [
      await Subject.in(server, company),
      await Subject.in(server, company),
      await Subject.in(server, company),
    ];
    const all = [anonymised, purged, held];
    await anonymised.decide();
    await held.decide();
    await server.sql(`UPDATE users SET "deletedAt" = '2001-01-01' WHERE id = $1`, [purged.person.id]);
    expect((await company.admin.put(`/users/${held.person.id}/legal-hold`, { reason: 'Dispute' })).status).toBe(200);
    const old = await dump(server);
    const oldText = await read(old);
    for (const subject of all) expect(subject.in(oldText).length).toBeGreaterThan(20);

    await company.admin.delete(`/users/${held.person.id}/legal-hold`);
    await anonymise(anonymised);
    await anonymise(held);
    await server.sql(`UPDATE idempotency_keys SET "expiresAt" = '2001-01-02'`); // a day after the deletion, years before the purge
    await server.app.get(Jobs).runNow('session-expiry');
    expect((await company.admin.post('/gdpr/purges', { dryRun: false })).status).toBe(202);
    await server.app.get(Purges).idle();
    const fresh = await read(await dump(server));
    for (const subject of all) expect(subject.in(fresh)).toEqual([]);
    for (const subject of all) expect(subject.inLog()).toEqual([]);
    for (const subject of all) expect(subject.inMails()).toEqual([]);
    expect((await company.admin.get('/timesheet-history/verify')).body).toMatchObject({ valid: true });

    const restored = await SystemServer.start(system, { ...ENV, BACKUP_DIR: server.config.backupDir }, async (superuser) => {
      const flags = ['-d', superuser.database, '-q', '-v', 'ON_ERROR_STOP=1', '-f', old];
      await run(join(system!.bin, 'psql'), [...connection({ address: superuser }), ...flags]);
    });
    try {
      expect((await anonymised.inDatabase(restored as Installation)).length).toBeGreaterThan(20);
      const replay = restored.app.get(ErasuresReplay);
      expect(await replay.replay()).toEqual({ anonymized: 1, purged: 1, held: [held.person.id], failed: [], companies: [] });
      const again = await read(await dump(restored));
      expect(anonymised.in(again)).toEqual([]);
      expect(purged.in(again)).toEqual([]);
      expect(held.in(again).length).toBeGreaterThan(20);
      const ledger = await restored.sql<{ kind: string }>('SELECT kind FROM erasures ORDER BY kind');
      expect(ledger.map(({ kind }) => kind)).toEqual(['anonymized', 'purged']);
      expect(await replay.replay()).toMatchObject({ anonymized: 0, purged: 0, held: [held.person.id] });
    } finally {
      await restored.stop();
    }
  });
});
