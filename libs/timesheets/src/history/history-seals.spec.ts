import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clock, Jobs, UnitOfWork } from '#core';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { HistorySealRepository } from './history-seal.repository.js';
import type { HistoryKey } from './history-seal.repository.js';
import { HistorySealer } from './history-sealer.js';
import { HistorySeals, keyAt } from './history-seals.js';
import { TimesheetHistoryWriter } from './history.writer.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** A company with ten lines of history, the last of them unsealed. @returns the ids in the order of the chain */
async function sealedCompany(): Promise<{ company: Company; ids: string[] }> {
  const company = await server.company();
  await write(company, 9);
  await seal(company);
  await write(company, 1);
  const rows = await server.sql<{ historyId: string }>(
    'SELECT "historyId" FROM timesheet_history_seals WHERE "companyId" = $1 ORDER BY sequence',
    [company.id],
  );
  return { company, ids: rows.map(({ historyId }) => historyId) };
}

const within = <T>(company: Company, work: () => Promise<T>, app = server.app) =>
  app.get(UnitOfWork).within({ companyId: company.id, userId: company.admin.id }, work);
const seal = async (company: Company, app = server.app) => (await within(company, () => app.get(HistorySeals).seal(), app))?.sealed;
const proof = async (company: Company) => (await company.admin.get('/timesheet-history/verify')).body;

function write(company: Company, lines: number): Promise<void> {
  const diff = { durationMin: { before: 60, after: 90 }, note: { before: null, after: 'with Ada' } };
  const event = () =>
    ({ userId: company.admin.id, targetType: 'TimesheetEntry', targetId: randomUUID(), action: 'updated', reason: 'Typo', diff }) as const;
  return within(company, () => server.app.get(TimesheetHistoryWriter).record(Array.from({ length: lines }, event)));
}

/** A line of that age that was committed only now. */
const writeLate = (company: Company, age: string) =>
  server.sql(
    `INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "occurredAt")
     VALUES ($1, $2, 'Timesheet', gen_random_uuid(), 'created', $3::timestamptz - $4::interval)`,
    [company.id, company.admin.id, clock.now(), age],
  );

/** As somebody with the database in their hands: no trigger stands in the way. */
const tamper = (text: string, values: unknown[]) =>
  server.database.as('superuser', async (client) => {
    await client.query('SET session_replication_role = replica');
    await client.query(text, values);
  });

/** As the purge does it. */
const erase = (company: Company, statements: string[], id: string) =>
  server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query('SET LOCAL ROLE ncy8_retention');
    await client.query('SELECT enter_company($1, NULL)', [company.id]);
    for (const text of statements) await client.query(text, [company.id, id]);
    await client.query('COMMIT');
  });

const BLANK = `UPDATE timesheet_history SET reason = NULL, diff = diff - 'note' WHERE "companyId" = $1 AND id = $2`;
const REMOVE = 'DELETE FROM timesheet_history WHERE "companyId" = $1 AND id = $2';
const ledger = (erased: string) => `INSERT INTO timesheet_history_erasures ("companyId", "historyId", erased) VALUES ($1, $2, '${erased}')`;
const forgetSalts = `UPDATE timesheet_history_seals SET "factsSalt" = NULL, "freeTextSalt" = NULL WHERE "companyId" = $1 AND "historyId" = $2`;

describe('the proof', () => {
  it('holds, and counts what waits for its seal', async () => {
    const { company } = await sealedCompany();
    expect(await proof(company)).toEqual({
      valid: true,
      checked: 9,
      firstBroken: null,
      head: expect.stringMatching(/^[\da-f]{64}$/),
      unsealed: 1,
    });
    expect(await seal(company)).toBe(1);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 10, unsealed: 0 });
    expect(await proof(await server.company())).toEqual({ valid: true, checked: 0, firstBroken: null, head: null, unsealed: 0 });
  });

  it('needs the permission', async () => {
    const company = await server.company();
    const reader = await company.person({ role: ['read_timesheet_history'] });
    expect((await reader.get('/timesheet-history/verify')).status).toBe(200);
    expect((await (await company.person()).get('/timesheet-history/verify')).status).toBe(403);
    expect((await (await company.admin.apiKey([])).get('/timesheet-history/verify')).status).toBe(403);
  });

  it('stays whole when twenty seal at once', async () => {
    const company = await server.company();
    await Promise.all(Array.from({ length: 20 }, () => seal(company))); // every connection is open now
    await write(company, 999);
    const sealed = await Promise.all(Array.from({ length: 20 }, () => seal(company)));
    expect(sealed.filter(Boolean)).toEqual([999]);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 999, unsealed: 0 });
  });
});

const later = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));

/** What the job does every few seconds. */
const job = (app = server.app) => app.get(HistorySealer).sealWaiting();

describe('the job', () => {
  it('seals what was written since, in every company, more than fits into one transaction', async () => {
    await job(); // at the start it looks at all
    const [one, two] = [await server.company(), await server.company()];
    await write(one, 2001);
    await write(two, 3);
    await job();
    expect(await proof(one)).toMatchObject({ valid: true, checked: 2001, unsealed: 0 });
    expect(await proof(two)).toMatchObject({ valid: true, checked: 3, unsealed: 0 });
  });

  it('fails when a company could not be sealed, after the others, and comes back to it', async () => {
    await job();
    const [one, two] = [await server.company(), await server.company()];
    await write(one, 1);
    await write(two, 1);
    const seals = server.app.get(HistorySeals);
    const { seal: sealBatch } = seals;
    seals.seal = () => ((seals.seal = sealBatch), Promise.reject(Object.assign(new Error('no'), { code: '57014' })));
    await expect(server.app.get(Jobs).runNow('history-seals')).rejects.toThrow('everywhere');
    expect(await proof(one)).toMatchObject({ checked: 0, unsealed: 1 });
    expect(await proof(two)).toMatchObject({ checked: 1, unsealed: 0 });
    await job();
    expect(await proof(one)).toMatchObject({ checked: 1, unsealed: 0 });
  });

  it('gets on with another replica', async () => {
    const company = await server.company();
    const replica = await server.secondReplica();
    await write(company, 1500);
    await Promise.all([job(), job(replica), job(), job(replica)]);
    await job(); // what the other one was at meanwhile
    expect(await proof(company)).toMatchObject({ valid: true, checked: 1500, unsealed: 0 });
  });

  it('seals no line again that another replica has sealed since, and one that comes late', async () => {
    const [company, replica] = [await server.company(), await server.secondReplica()];
    await write(company, 1);
    expect(await seal(company)).toBe(1);
    await write(company, 2);
    expect(await seal(company, replica)).toBe(2);
    expect(await seal(company)).toBe(0);
    await write(company, 1);
    expect(await seal(company)).toBe(1);
    await writeLate(company, '1 hour');
    expect([await seal(company, replica), await seal(company)]).toEqual([1, 0]);
    await writeLate(company, '1 hour');
    expect(await seal(company, replica)).toBe(1);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 6, unsealed: 0 });
  });

  it('looks for what another replica left, too, when the clock was set back since', async () => {
    const company = await server.company();
    later(6 * 3_600_000);
    await job();
    clock.reset();
    await writeLate(company, '3 hours');
    await job();
    expect(await proof(company)).toMatchObject({ valid: true, checked: 1, unsealed: 0 });
  });

  it('comes back to a company in which another one seals', async () => {
    const company = await server.company();
    await write(company, 1);
    await within(company, async () => {
      await server.app.get(HistorySealRepository).lock(); // until this transaction ends
      await job();
    });
    expect(await proof(company)).toMatchObject({ checked: 0, unsealed: 1 });
    await job();
    expect(await proof(company)).toMatchObject({ checked: 1, unsealed: 0 });
  });

  it.each([
    ['within ten minutes, among the lines of the last hour', '30 minutes', 10],
    ['within a day, among all', '1 year', 24 * 60],
    ['at its next start, among all', '1 year', 0],
  ])('finds what a dead replica left behind: %s', async (_, age, minutes) => {
    later(DAY_MS);
    const company = await server.company();
    await job(); // looks at all
    await writeLate(company, age);
    const unsealed = async () => (await within(company, () => server.app.get(HistorySeals).verify())).unsealed;
    if (minutes > 0) later((minutes - 1) * MINUTE_MS);
    await job();
    expect(await unsealed()).toBe(1);
    later(11 * MINUTE_MS);
    await job(minutes > 0 ? server.app : await server.secondReplica());
    expect(await unsealed()).toBe(0);
    clock.reset();
  });
});

const sealsOf = async ({ id }: Company): Promise<{ sealedAt: Date }[]> =>
  server.sql('SELECT "sealedAt" FROM timesheet_history_seals WHERE "companyId" = $1 ORDER BY sequence', [id]);

describe('the job, when it is stopped in the middle', () => {
  it('ends after the present batch, and the next one goes on from there', async () => {
    await job(await server.secondReplica()); // what others left unsealed
    const company = await server.company();
    for (let n = 0; n < 5; n++) await write(company, 1200);
    const jobs = (await server.secondReplica()).get(Jobs);
    const ending = await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE timesheet_history_seals IN SHARE MODE');
      const running = jobs.runNow('history-seals');
      await server.untilSomebodyWaits(); // with its first batch
      const stopping = jobs.beforeApplicationShutdown();
      await client.query('COMMIT');
      return [running, stopping];
    });
    await Promise.all(ending);
    expect(await sealsOf(company)).toHaveLength(1000);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 1000, unsealed: 5000 });
    await job(await server.secondReplica());
    expect(await proof(company)).toMatchObject({ valid: true, checked: 6000, unsealed: 0 });
  });
});

describe('the first sealing of a long history', () => {
  it('reads each line once, so that the last batch costs what the first did', async () => {
    const company = await server.company();
    await server.sql(
      `INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "occurredAt")
       SELECT $1, $2, 'Timesheet', gen_random_uuid(), 'created', timestamptz '2025-01-01' + n / 10 * interval '1 minute' FROM generate_series(1, 30000) n`,
      [company.id, company.admin.id],
    );
    await server.sql('ANALYZE timesheet_history');
    const [reads, seals] = [[] as number[], server.app.get(HistorySeals)];
    const rowsRead = async () => {
      const [found] = await server.sql<{ read: string }>(
        `SELECT idx_tup_read AS read FROM pg_stat_user_indexes WHERE indexrelname = 'timesheet_history_newest_idx'`,
      );
      return Number(found!.read);
    };
    for (let after = keyAt(new Date(0)); ;) {
      const began = await rowsRead();
      const batch = (await within(company, async () => {
        const done = await seals.seal(after);
        await server.app.get(UnitOfWork).query('SELECT pg_stat_force_next_flush() WHERE $1::uuid IS NOT NULL');
        return done;
      }))!;
      reads.push((await rowsRead()) - began);
      if (!batch.next) break;
      after = batch.next;
    }
    process.stderr.write(
      `rows read by the first batches of 30,000: ${reads.slice(0, 3).join(', ')}; by the last: ${reads.slice(-4).join(', ')}\n`,
    );
    expect(reads).toHaveLength(31);
    // All together, as a connection may tell late: each line about once. From the beginning each time it would be 465,000.
    expect(reads.reduce((sum, read) => sum + read, 0)).toBeLessThan(100_000);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 30_000, unsealed: 0 });

    // Another one does not know that nothing is left: it looks at all, some at a time, and finds what came late.
    await writeLate(company, '1 hour');
    const looks: number[] = [];
    for (let after: HistoryKey | null = keyAt(new Date(0)); after;) {
      const from: HistoryKey = after;
      const batch = await within(company, () =>
        new HistorySeals(server.app.get(UnitOfWork), server.app.get(HistorySealRepository)).seal(from),
      );
      looks.push(batch!.sealed);
      after = batch!.next;
    }
    expect(looks).toEqual([0, 0, 0, 1]);
  });
});

describe('tampering shows', () => {
  it.each([
    [
      'a changed fact',
      `UPDATE timesheet_history SET diff = jsonb_set(diff, '{durationMin,after}', '480') WHERE "companyId" = $1 AND id = $2`,
    ],
    ['another person', `UPDATE timesheet_history SET "userId" = gen_random_uuid() WHERE "companyId" = $1 AND id = $2`],
    ['another time', `UPDATE timesheet_history SET "occurredAt" = "occurredAt" + interval '1 hour' WHERE "companyId" = $1 AND id = $2`],
    ['a changed reason', `UPDATE timesheet_history SET reason = 'Fraud' WHERE "companyId" = $1 AND id = $2`],
    ['a blanked text', BLANK],
    ...['null', '0', '""', 'false'].map((value): [string, string] => [
      `a text that is ${value}`,
      `UPDATE timesheet_history SET diff = diff || '{"notes": ${value}}' WHERE "companyId" = $1 AND id = $2`,
    ]),
    ['a removed line', REMOVE],
    ['a removed seal', 'DELETE FROM timesheet_history_seals WHERE "companyId" = $1 AND "historyId" = $2'],
  ])('%s', async (_, text) => {
    const { company, ids } = await sealedCompany();
    await tamper(text, [company.id, ids[4]]);
    const firstBroken = text.includes('DELETE FROM timesheet_history_seals') ? ids[5] : ids[4];
    expect(await proof(company)).toMatchObject({ valid: false, firstBroken });
  });

  it('also when the seal is made anew', async () => {
    const { company, ids } = await sealedCompany();
    await tamper('UPDATE timesheet_history_seals SET hash = repeat(\'0\', 64) WHERE "companyId" = $1 AND "historyId" = $2', [
      company.id,
      ids[8],
    ]);
    expect(await proof(company)).toMatchObject({ valid: false, firstBroken: ids[8] });
  });

  it('when a fact goes under the cover of an erased text', async () => {
    const { company, ids } = await sealedCompany();
    await erase(company, [BLANK, ledger('text')], ids[2]!);
    await tamper(`UPDATE timesheet_history SET diff = '{}' WHERE "companyId" = $1 AND id = $2`, [company.id, ids[2]]);
    expect(await proof(company)).toMatchObject({ valid: false, firstBroken: ids[2] });
  });
});

describe('lawful erasure', () => {
  it('of text leaves the minutes provable', async () => {
    const { company, ids } = await sealedCompany();
    await erase(company, [BLANK, ledger('text')], ids[2]!);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 9 });
  });

  it('of a row leaves the chain whole, without anything to guess by', async () => {
    const { company, ids } = await sealedCompany();
    await erase(company, [REMOVE, forgetSalts, ledger('row')], ids[0]!);
    expect(await proof(company)).toMatchObject({ valid: true, checked: 9 });
  });

  it('is nothing that the application does or excuses without entering the role of retention', async () => {
    const { company, ids } = await sealedCompany();
    await server.database.as('application', async (client) => {
      for (const text of [ledger('row'), forgetSalts, 'DELETE FROM timesheet_history_seals WHERE "companyId" = $1 AND "historyId" = $2']) {
        await client.query('BEGIN');
        await client.query('SELECT enter_company($1, NULL)', [company.id]);
        await expect(client.query(text, [company.id, ids[0]])).rejects.toMatchObject({ code: '42501' });
        await client.query('ROLLBACK');
      }
    });
  });
});
