import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApprovalWorld } from '../../../../test/approval-world.js';
import type { MadeSheet } from '../../../../test/approval-world.js';
import type { Answer } from '../../../../test/client.js';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { until } from '../../../../test/until.js';
import { Purges } from './purge.service.js';

// A purge and what others do at the same moment.

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const said = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();
const entryOf = async ({ id }: MadeSheet) =>
  (await server.sql<{ id: string }>('SELECT id FROM timesheet_entries WHERE "timesheetId" = $1', [id]))[0]!.id;
const idle = () => server.app.get(Purges).idle();
const isHere = async (id: string) => (await server.sql('SELECT 1 FROM users WHERE id = $1', [id])).length > 0;
const begin = async ({ admin }: Company) => (await admin.post('/gdpr/purges', { dryRun: false })).body;
const runOf = async ({ admin }: Company, { id }: { id: string }) => (await admin.get(`/gdpr/purges/${id}`)).body;

/** A real run, to its end. */
async function purge(company: Company) {
  const begun = await begin(company);
  await idle();
  return runOf(company, begun);
}

/** The first of them longest ago, and all of them so long ago that they go. */
async function areGone(...people: { id: string }[]): Promise<void> {
  for (const [index, { id }] of people.entries())
    await server.sql(`UPDATE users SET "deletedAt" = '2015-01-01'::timestamptz + $2 * interval '1 day' WHERE id = $1`, [id, index]);
}

async function deleted(company: Company): Promise<{ id: string }> {
  const person = await company.person({ status: 'TERMINATED' });
  await areGone(person);
  return person;
}

/** What happens while a purge is about to delete from the table, however long it takes. @returns the run, at its end */
async function whilePurging(company: Company, table: string, work: () => Promise<unknown>) {
  await server.sql(
    `CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS 'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END'`,
  );
  await server.sql(`CREATE TRIGGER pause BEFORE DELETE ON ${table} EXECUTE FUNCTION pause()`);
  try {
    return await server.database.as('superuser', async (pause) => {
      await pause.query('SELECT pg_advisory_lock(77)');
      const begun = await begin(company);
      await server.untilSomebodyWaits();
      await work();
      await pause.query('SELECT pg_advisory_unlock(77)');
      await idle();
      return await runOf(company, begun);
    });
  } finally {
    await server.sql('DROP FUNCTION pause CASCADE');
  }
}

describe('a purge beside a write on the time of who goes', () => {
  let world: ApprovalWorld;
  let company: Company;
  beforeAll(async () => {
    world = await ApprovalWorld.begin(server);
    ({ company } = world);
  });

  const filled = () => world.filled();
  const submitted = () => world.submitted();

  const WRITES: Record<string, [() => Promise<MadeSheet>, (sheet: MadeSheet) => Promise<Answer>, string]> = {
    'the deletion of an entry': [
      filled,
      async (sheet) => company.admin.delete(`/timesheet-entries/${await entryOf(sheet)}`),
      '404 not_found',
    ],
    'a new note': [
      filled,
      async (sheet) => company.admin.patch(`/timesheet-entries/${await entryOf(sheet)}`, { note: 'ill' }),
      '404 not_found',
    ],
    'the deletion of a timesheet': [filled, ({ path }) => company.admin.delete(path), '404 not_found'],
    'an approval': [submitted, ({ path }) => company.admin.post(`${path}/approve`, {}), '404 not_found'],
    'an approver who leaves': [submitted, ({ lead }) => company.admin.post(`/users/${lead.id}/status`, { code: 'SUSPENDED' }), '200'],
  };

  it.each(Object.keys(WRITES).flatMap((write) => [[write, 'timesheet_entries'] as const, [write, 'users'] as const]))(
    'leaves no history behind where that is %s, beside the removal of %s',
    async (write, table) => {
      const [make, change, expected] = WRITES[write]!;
      const sheet = await make();
      await areGone(sheet.person);
      let answer: Promise<Answer>;
      const run = await whilePurging(company, table, async () => {
        let isAnswered = false;
        answer = change(sheet).finally(() => (isAnswered = true));
        await until(async () => isAnswered || (await server.lockWaits()) > 1);
      });
      expect(said(await answer!)).toBe(expected);
      expect(run).toMatchObject({ failed: 0, counts: { users: 1 } });
      expect(await server.sql('SELECT action FROM timesheet_history WHERE "userId" = $1', [sheet.person.id])).toEqual([]);
    },
  );

  it('leaves who is just being written about to the next one, which the job asks for', async () => {
    const sheet = await world.filled();
    const entryId = await entryOf(sheet);
    await areGone(sheet.person, await deleted(company));
    const written = await world.behind(
      'SELECT 1 FROM timesheet_entries WHERE id = $1 FOR UPDATE',
      [entryId],
      () => company.admin.delete(`/timesheet-entries/${entryId}`),
      async () => {
        expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 1 } });
        expect(await server.app.get(Purges).run(company.id, new AbortController().signal)).toBe('early');
      },
    );
    expect(said(written)).toBe('204');
    expect(await purge(company)).toMatchObject({ failed: 0, counts: { users: 1 } });
    expect(await server.sql('SELECT action FROM timesheet_history WHERE "userId" = $1', [sheet.person.id])).toEqual([]);
  });
});

describe('a purge of people who cannot go together', () => {
  it('takes each in a transaction of its own, and locks nobody else meanwhile', async () => {
    const company = await server.company();
    const people = [await deleted(company), await deleted(company), await deleted(company)];
    await areGone(...people);
    const [first, second, third] = people.map(({ id }) => id);
    const tasks = [await company.task({ assigneeId: second! }), await company.task({ assigneeId: third! })];
    await server.database.as('superuser', async (busy) => {
      await busy.query('BEGIN');
      await busy.query('SELECT 1 FROM tasks WHERE id = ANY ($1) FOR UPDATE', [tasks.map(({ id }) => id)]);
      const begun = await begin(company);
      await until(async () => !(await isHere(first!)));
      await until(async () => (await server.lockWaits()) > 0 || (await runOf(company, begun)).finishedAt !== null);
      const { rows } = await busy.query('SELECT id FROM users WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED', [[second, third]]);
      expect(rows.length).toBeGreaterThan(0);
      expect(await runOf(company, begun)).toMatchObject({ finishedAt: null, counts: { users: 1 } });
      await busy.query('ROLLBACK');
      await idle();
    });
  });

  it('tells all that went, also of a run that was taken for dead', async () => {
    const company = await server.company();
    await deleted(company);
    const first = await whilePurging(company, 'users', async () => {
      await server.sql(`UPDATE purge_runs SET "updatedAt" = now() - interval '3 minutes' WHERE "companyId" = $1`, [company.id]);
      const other = await begin(company);
      await until(async () => (await runOf(company, other)).finishedAt !== null);
    });
    await purge(company);
    expect(first.finishedAt).not.toBeNull();
    const [told] = await server.sql(`SELECT sum((counts->>'users')::int)::int AS n FROM purge_runs WHERE "companyId" = $1`, [company.id]);
    expect(told).toEqual({ n: 1 });
    expect(await server.sql('SELECT kind FROM erasures WHERE "companyId" = $1', [company.id])).toEqual([{ kind: 'purged' }]);
  });
});
