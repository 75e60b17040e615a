import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Accesses, UnitOfWork } from '#core';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { HistoryExport } from './history-export.js';
import { HistorySealRepository } from './history-seal.repository.js';
import { HistorySeals } from './history-seals.js';
import { headIn, verifyExport } from './history-verify.js';
import type { HistoryHead } from './history-verify.js';
import { TimesheetHistoryWriter } from './history.writer.js';

let server: TestServer;
let company: Company;
let head: HistoryHead;
/** Ten lines; the head is of the first six. */
let lines: string[];

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  await write(6);
  head = (await company.admin.get('/timesheet-history/verify')).body;
  await write(4);
  lines = await exported();
});
afterAll(() => server.stop());

async function write(count: number, userId = company.admin.id, at?: Date): Promise<void> {
  const work = server.app.get(UnitOfWork);
  const diff = { durationMin: { before: 60, after: 90 }, note: { before: null, after: 'with Ada' } };
  const event = () => ({ userId, targetType: 'TimesheetEntry', targetId: randomUUID(), action: 'updated', reason: 'Typo', diff }) as const;
  const within = <T>(does: () => Promise<T>) => work.within({ companyId: company.id, userId: company.admin.id }, does);
  await within(() => server.app.get(TimesheetHistoryWriter).record(Array.from({ length: count }, event), at));
  await within(() => server.app.get(HistorySeals).seal());
}

async function exported(): Promise<string[]> {
  const { status, body, headers } = await company.admin.get('/timesheet-history/export');
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/x-ndjson; charset=utf-8', 'no-store']);
  return body.trimEnd().split('\n');
}

async function* each(list: string[]): AsyncGenerator<string> {
  yield* list;
}

const verdict = (list: string[], known = head) => verifyExport(each(list), known);

/** The export with one line changed. */
const changed = (at: number, change: (line: Record<string, unknown>) => object) =>
  lines.with(at, JSON.stringify({ ...JSON.parse(lines[at]!), ...change(JSON.parse(lines[at]!)) }));

describe('the export', () => {
  it('has a line for each seal, in the order of the chain, with the row as it is', async () => {
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const [first] = lines.map((line) => JSON.parse(line));
    const { body } = await company.admin.get(`/timesheet-history/${first.historyId}`);
    expect(first).toMatchObject({
      id: body.id,
      occurredAt: body.occurredAt,
      diff: body.diff,
      reason: 'Typo',
      textErased: false,
      rowErased: false,
    });
  });

  it('needs the permission, and has nothing of another company', async () => {
    const reader = await company.person({ role: ['read_timesheet_history'] });
    expect((await reader.get('/timesheet-history/export')).status).toBe(200);
    for (const client of [await company.person(), await company.admin.apiKey([])])
      expect((await client.get('/timesheet-history/export')).status).toBe(403);
    expect((await server.anybody.get('/timesheet-history/export')).status).toBe(401);
    expect((await (await server.company()).admin.get('/timesheet-history/export')).body).toBe('');
  });

  it('is audited, once an export', async () => {
    const { admin, id } = await server.company();
    await admin.get('/timesheet-history/export', { 'x-request-id': 'export-1' });
    const rows = await server.sql(
      `SELECT "targetType", "targetId", "userId", "actorUserId", "requestId" FROM audit_logs WHERE "companyId" = $1 AND action = 'history_exported'`,
      [id],
    );
    expect(rows).toEqual([{ targetType: 'TimesheetHistory', targetId: null, userId: null, actorUserId: admin.id, requestId: 'export-1' }]);
  });

  it('goes through a long history page by page, and is noted once a person', async () => {
    const [ada, ben] = [await company.person(), await company.person()];
    for (const { id } of [ada, ben]) for (let n = 0; n < 2; n++) await write(800, id);
    const all = await exported();
    expect(all.map((line) => JSON.parse(line).sequence)).toEqual(Array.from({ length: 3210 }, (_, n) => n + 1));
    expect(await verdict(all)).toMatchObject({ valid: true });
    await server.app.get(Accesses).flush();
    const noted = await server.sql<{ userId: string }>(
      `SELECT "userId" FROM access_logs WHERE "companyId" = $1 AND "actorUserId" = $2 AND action = 'history_read' AND "targetType" = 'TimesheetHistory'`,
      [company.id, company.admin.id],
    );
    const others = noted.map(({ userId }) => userId).filter((id) => [ada.id, ben.id].includes(id));
    expect(others.toSorted()).toEqual([ada.id, ben.id].toSorted());
  });
});

it('is read no faster than it is taken', async () => {
  const seals = server.app.get(HistorySealRepository);
  const read = jest.spyOn(seals, 'after');
  const stream = await server.app
    .get(UnitOfWork)
    .within({ companyId: company.id, userId: company.admin.id }, () => server.app.get(HistoryExport).stream());
  const taking = stream[Symbol.asyncIterator]();
  await taking.next();
  await sleep(300);
  expect(read.mock.calls.length).toBeLessThan(4); // of four pages: one is taken, one waits
  let length = 1;
  while (!(await taking.next()).done) length++;
  expect([length, read.mock.calls.length]).toEqual([4, 4]);
  read.mockRestore();
});

const whole = (behind: number) => ({
  valid: true,
  told: `Valid: 10 lines, ${behind} of them behind the head; 0 with something lawfully erased`,
});

describe('the check of an export against a head', () => {
  it('finds a whole history whole, also where it goes on behind the head, and whatever the head', async () => {
    expect(await verdict(lines)).toEqual(whole(4));
    expect(await verdict(lines, { head: null, checked: 0 })).toEqual(whole(10));
    expect(await verdict(lines, { head: JSON.parse(lines[9]!).hash, checked: 10 })).toEqual(whole(0));
    expect(await verdict([...lines, ''])).toEqual(whole(4));
  });

  it.each<[string, () => string[]]>([
    ['a changed fact', () => changed(2, ({ diff }) => ({ diff: { ...(diff as object), durationMin: { before: 60, after: 480 } } }))],
    ['another person', () => changed(2, () => ({ userId: randomUUID() }))],
    ['another time', () => changed(8, () => ({ occurredAt: '2026-03-02T08:00:00Z' }))],
    ['a changed reason', () => changed(2, () => ({ reason: 'Fraud' }))],
    ['a blanked text', () => changed(2, () => ({ reason: null }))],
    ['a text that is null', () => changed(2, ({ diff }) => ({ diff: { ...(diff as object), notes: null } }))],
    ['a row that is gone, with no word about it', () => changed(2, () => ({ id: null }))],
    ['a fact gone under the cover of an erased text', () => changed(2, () => ({ reason: null, diff: {}, textErased: true }))],
    ['a removed line', () => lines.toSpliced(3, 1)],
    ['two lines in the other order', () => lines.with(2, lines[3]!).with(3, lines[2]!)],
    ['the beginning cut off', () => lines.slice(1)],
    ['a line twice', () => lines.toSpliced(3, 0, lines[3]!)],
  ])('finds %s', async (_, made) => {
    const { valid, told } = await verdict(made());
    expect(valid).toBe(false);
    expect(told).toMatch(/^Broken: line \d+, history [\da-f-]{36}, is changed/);
  });

  it('finds a missing tail up to the head, and cannot find one behind it', async () => {
    expect(await verdict(lines.slice(0, 6))).toMatchObject({ valid: true });
    expect(await verdict(lines.slice(0, 5))).toEqual({
      valid: false,
      told: 'Broken: the tail is missing; the head is line 6, the export ends with line 5',
    });
    expect(await verdict([])).toMatchObject({ valid: false });
  });

  it('finds a history that was sealed anew', async () => {
    const other = { head: 'a'.repeat(64), checked: 6 };
    expect(await verdict(lines, other)).toEqual({
      valid: false,
      told: 'Broken: line 6 is not the one that the head names; the history up to there was written anew',
    });
  });

  it('counts what was lawfully erased', async () => {
    const text = changed(2, ({ diff }) => ({
      reason: null,
      diff: { durationMin: (diff as Record<string, unknown>).durationMin },
      textErased: true,
    }));
    expect(await verdict(text)).toMatchObject({ valid: true, told: expect.stringMatching(/; 1 with something lawfully erased$/) });
    const row = changed(2, () => ({ id: null, factsSalt: null, freeTextSalt: null, rowErased: true }));
    expect(await verdict(row)).toMatchObject({ valid: true });
  });

  it('tells how many lines came long after they say that they happened', async () => {
    for (const days of [0.9, 2, 1.5]) await write(1, company.admin.id, new Date(Date.now() - days * 86_400_000));
    expect(await verdict(await exported())).toMatchObject({
      valid: true,
      told: expect.stringMatching(/; 1 from more than a day before the line ahead$/),
    });
  });

  it.each(['nonsense', '{}', '[]', 'null', '{"sequence":1}', '"x"'])('takes no %s for a line', async (garbage) => {
    expect(await verdict(lines.with(4, garbage))).toEqual({ valid: false, told: 'Line 5 is no line of an export of the history' });
  });

  it('takes nothing else for a head, nor one of a broken history', () => {
    expect(headIn(JSON.stringify(head))).toEqual({ head: head.head, checked: 6 });
    expect(headIn('{"valid":true,"checked":0,"firstBroken":null,"head":null,"unsealed":0}')).toEqual({ head: null, checked: 0 });
    for (const text of [
      '',
      '[]',
      '{}',
      'null',
      '{"head":"x","checked":1}',
      `{"head":"${'a'.repeat(64)}"}`,
      JSON.stringify({ ...head, valid: false }),
    ])
      expect([text, headIn(text)]).toEqual([text, undefined]);
  });
});

describe('npm run history:verify', () => {
  const main = join(import.meta.dirname, '../../../../dist/apps/api/src/history-verify.js');
  const dir = mkdtempSync(join(tmpdir(), 'ncy8-history-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  const file = (name: string, content: string) => writeFileSync(join(dir, name), content);

  /** Without any variable that tells of a database. */
  const run = (...args: string[]) =>
    new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], { cwd: dir, env: {} }, (error, out, err) => resolve([error ? error.code : 0, out, err]));
    });

  it('ends with 0 or 1, and one line', async () => {
    file('head.json', JSON.stringify(head));
    file('whole.ndjson', `${lines.join('\n')}\n`);
    file('short.ndjson', lines.slice(0, 5).join('\n'));
    expect(await run('--head', 'head.json', '--export', 'whole.ndjson')).toEqual([0, expect.stringMatching(/^Valid: 10 lines.*\n$/), '']);
    expect(await run('--head', 'head.json', '--export', 'short.ndjson')).toEqual([1, '', expect.stringMatching(/^Broken: the tail.*\n$/)]);
    expect(await run('--head', 'whole.ndjson', '--export', 'whole.ndjson')).toEqual([
      1,
      '',
      expect.stringMatching(/^whole.ndjson is not.*\n$/),
    ]);
    expect(await run('--head', 'head.json', '--export', 'none')).toEqual([1, '', expect.stringMatching(/^ENOENT.*\n$/)]);
    expect(await run('--head', 'head.json')).toEqual([1, '', expect.stringMatching(/^Say both files: .*\n$/)]);
  });

  it('ends a line at a line feed alone, whatever people wrote', async () => {
    const { admin, id: companyId } = await server.company();
    const notes = `a\u2028b\u2029c\u0085d\r\ne${'é'.repeat(3900)}`; // a file of more than is read at once
    for (let day = 10; day < 30; day++) {
      const sheet = { periodStart: `2026-03-${day}`, periodEnd: `2026-03-${day}`, notes };
      expect((await admin.post('/timesheets', sheet)).status).toBe(201);
    }
    await server.app.get(UnitOfWork).within({ companyId, userId: admin.id }, () => server.app.get(HistorySeals).seal());
    file('breaks.json', JSON.stringify((await admin.get('/timesheet-history/verify')).body));
    file('breaks.ndjson', (await admin.get('/timesheet-history/export')).body);
    expect(await run('--head', 'breaks.json', '--export', 'breaks.ndjson')).toEqual([0, expect.stringMatching(/^Valid: 20 lines/), '']);
  });
});
