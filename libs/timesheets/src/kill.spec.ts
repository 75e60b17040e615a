import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Company, Person } from '../../../test/factories.js';
import { ServerProcess } from '../../../test/server-process.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { until } from '../../../test/until.js';

// The server dies with SIGKILL, and its connections to the database die, while several people write: what is left adds up.

const DAYS = ['2026-03-02', '2026-03-04', '2026-03-09', '2026-03-11', '2026-03-30'];
const BATCH = 5;

let server: TestServer;
let company: Company;
let people: Person[];
let code: string;
let replica: ServerProcess;
/** What was answered with 201, and not deleted since. */
const kept = new Set<string>();
const faults: string[] = [];
/** True while answers may be missing or 503. */
let isDying = false;
let done = 0;

/** Until so many more requests of the writers are done. */
const goesOn = (more = 30) => {
  const before = done;
  return until(() => done >= before + more, 'nothing is written any more');
};

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  code = (await company.actionCode()).id;
  people = await Promise.all([company.person(), company.person(), company.person()]);
  for (const person of people) {
    await person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    await person.post('/timesheets', { periodStart: '2026-03-09', periodEnd: '2026-03-15' });
  }
});
afterAll(async () => {
  await replica?.end('SIGKILL');
  await server.stop();
});

async function send(
  person: Person,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: { id: string } } | undefined> {
  try {
    const answer = await fetch(`${replica.api}${path}`, {
      method,
      headers: { authorization: `Bearer ${person.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    const isExpected = [200, 201, 204, 404, 409].includes(answer.status) || (isDying && answer.status === 503);
    if (answer.status < 300) done++;
    if (!isExpected) faults.push(`${method} ${path}: ${answer.status} ${text}`);
    return { status: answer.status, body: (text ? JSON.parse(text) : {}) as { id: string } };
  } catch (error) {
    if (!isDying) faults.push(`${method} ${path}: ${String((error as Error).cause ?? error)}`);
    return undefined; // nobody knows whether it was done
  }
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

const booked = () => ({ day: pick(DAYS), durationMin: 1 + Math.floor(Math.random() * 5), actionCodeId: code, country: 'DE' });

/** One of many that write the time of one person. */
async function writeUntil(stopping: AbortSignal, person: Person): Promise<void> {
  const own: string[] = [];
  while (!stopping.aborted) {
    const id = pick(own);
    const what = Math.random();
    if (!id || what < 0.4) {
      const made = await send(person, 'POST', '/timesheet-entries', booked());
      if (made?.status !== 201) continue;
      own.push(made.body.id);
      kept.add(made.body.id);
    } else if (what < 0.6) {
      const note = `batch ${randomUUID()}`;
      await send(person, 'POST', '/timesheet-entries/batch', { entries: Array.from({ length: BATCH }, () => ({ ...booked(), note })) });
    } else if (what < 0.85) {
      await send(person, 'PATCH', `/timesheet-entries/${id}`, { day: pick(DAYS), durationMin: 1 + Math.floor(Math.random() * 5) });
    } else {
      own.splice(own.indexOf(id), 1);
      kept.delete(id);
      await send(person, 'DELETE', `/timesheet-entries/${id}`);
    }
  }
}

/** While all of them write: what is done to the server. */
async function underLoad(does: () => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  const writers = people.flatMap((person) => [0, 1, 2].map(() => writeUntil(stopping.signal, person)));
  await goesOn();
  isDying = true;
  await does();
  stopping.abort();
  await Promise.all(writers);
  isDying = false;
}

/** Each finds what must not be in the company (`$1`). */
const NEVER = {
  'a sum that is not that of its entries': `
    SELECT t.id FROM timesheets t WHERE t."companyId" = $1 AND t."totalMinutes" <>
      (SELECT coalesce(sum(e."durationMin"), 0) FROM timesheet_entries e WHERE e."timesheetId" = t.id AND e."deletedAt" IS NULL)`,
  'half a batch': `
    SELECT note FROM timesheet_entries WHERE "companyId" = $1 AND note LIKE 'batch %' GROUP BY note HAVING count(*) <> ${BATCH}`,
  'an entry outside the timesheet of its day': `
    SELECT e.id FROM timesheet_entries e
    LEFT JOIN timesheets t ON t."userId" = e."userId" AND t."deletedAt" IS NULL AND e.day BETWEEN t."periodStart" AND t."periodEnd"
    WHERE e."companyId" = $1 AND e."deletedAt" IS NULL AND e."timesheetId" IS DISTINCT FROM t.id`,
  'an entry without its creation, or a creation without its entry': `
    SELECT coalesce(e.id, h."targetId") FROM (SELECT id FROM timesheet_entries WHERE "companyId" = $1) e
    FULL JOIN (SELECT "targetId" FROM timesheet_history WHERE "companyId" = $1 AND "targetType" = 'TimesheetEntry' AND action = 'created') h ON h."targetId" = e.id
    WHERE e.id IS NULL OR h."targetId" IS NULL`,
  'a deletion that only one of both knows': `
    SELECT e.id FROM timesheet_entries e WHERE e."companyId" = $1 AND (e."deletedAt" IS NOT NULL) <> EXISTS (
      SELECT 1 FROM timesheet_history h WHERE h."targetId" = e.id AND h.action = 'deleted')`,
  'an entry whose history ends elsewhere': `
    SELECT e.id FROM timesheet_entries e CROSS JOIN LATERAL jsonb_each(jsonb_build_object('durationMin', e."durationMin", 'day', e.day)) f
    WHERE e."companyId" = $1 AND e."deletedAt" IS NULL AND f.value <> (
      SELECT h.diff -> f.key -> 'after' FROM timesheet_history h WHERE h."targetId" = e.id AND h.diff ? f.key ORDER BY h."occurredAt" DESC, h.xmin::text::bigint DESC LIMIT 1)`,
  'more changes than versions': `
    SELECT e.id FROM timesheet_entries e WHERE e."companyId" = $1 AND e.version <>
      (SELECT count(*) FROM timesheet_history h WHERE h."targetId" = e.id)`,
};

async function expectWhole(): Promise<void> {
  const busy = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`;
  while ((await server.sql(busy)).length > 0) await sleep(20); // what was under way may still end
  for (const [what, statement] of Object.entries(NEVER))
    expect({ what, found: await server.sql(statement, [company.id]) }).toEqual({ what, found: [] });
  const living = await server.sql<{ id: string }>('SELECT id FROM timesheet_entries WHERE "companyId" = $1 AND "deletedAt" IS NULL', [
    company.id,
  ]);
  expect([...kept].filter((id) => !living.some((row) => row.id === id))).toEqual([]); // what was answered stays
  expect(faults).toEqual([]);
}

it('adds up after kill -9 of the server and the end of its connections, under load', async () => {
  for (const _ of [1, 2]) {
    replica = await ServerProcess.start(server);
    await underLoad(async () => {
      await replica.end('SIGKILL');
    });
    await expectWhole();
  }
  replica = await ServerProcess.start(server);
  let ended = 0;
  await underLoad(async () => {
    for (let n = 0; n < 12 || ended <= 3; n++) {
      const killed = await server.sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = $1 AND state IN ('active', 'idle in transaction') ORDER BY random() LIMIT 3`,
        [server.config.databaseUsername],
      );
      ended += killed.length;
      await sleep(100);
    }
  });
  await expectWhole();
  await underLoad(async () => {
    isDying = false; // it has recovered by itself
    await goesOn();
  });
  await expectWhole();
  const [written] = await server.sql<{ entries: number }>('SELECT count(*)::int AS entries FROM timesheet_entries WHERE "companyId" = $1', [
    company.id,
  ]);
  process.stderr.write(`kill: ${written!.entries} entries written, ${ended} connections ended under way\n`);
  expect(ended).toBeGreaterThan(3);
  expect(written!.entries).toBeGreaterThan(20);
});
