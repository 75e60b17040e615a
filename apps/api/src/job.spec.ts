import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Jobs } from '#core';
import { connect } from '../../../test/database.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { environmentOf } from '../../../test/server-process.js';
import { until } from '../../../test/until.js';

const program = join(import.meta.dirname, '../../../dist/server/job.js');
const JOB = 'session-expiry';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.company();
});
afterAll(() => server.stop());

/** The command as a process of its own. */
function start(name: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [program, name], { env: { ...environmentOf(server), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(([[code], out, err]) => ({
    code,
    out,
    err,
  }));
  return { child, ended };
}

/** Nothing goes on in a table that the job asks for. */
async function holdUp(table: string): Promise<() => Promise<unknown>> {
  const session = await connect(server.database.address('superuser'));
  await session.query('BEGIN');
  await session.query(`LOCK TABLE ${table}`);
  return () => session.end();
}

const lease = async () =>
  (await server.sql('SELECT "leasedBy", "leasedUntil", "succeededAt" FROM scheduled_jobs WHERE name = $1', [JOB]))[0];

it.each(['SIGTERM', 'SIGINT'] as const)('ends at a safe point on %s, gives its lease back and says that it is not done', async (signal) => {
  const letGo = await holdUp('sign_in_attempts');
  const { child, ended } = start(JOB);
  await server.untilSomebodyWaits();
  expect(await lease()).toMatchObject({ leasedBy: expect.any(String) });
  child.kill(signal);
  child.kill(signal); // Ctrl+C arrives twice, from the terminal and from npm
  await letGo();
  expect(await ended).toEqual({ code: 1, out: '', err: `${JOB} was stopped before it was done\n` });
  expect(await lease()).toEqual({ leasedBy: null, leasedUntil: null, succeededAt: null });
});

it('is ended at once by a signal some time after the first', async () => {
  const letGo = await holdUp('sign_in_attempts');
  const { child, ended } = start(JOB);
  await server.untilSomebodyWaits();
  await until(() => !child.kill('SIGINT'));
  expect(await ended).toMatchObject({ code: 1, err: expect.stringMatching(/^session-expiry was ended at once.*\n$/) });
  await letGo();
  await server.sql('UPDATE scheduled_jobs SET "leasedUntil" = now() WHERE name = $1', [JOB]);
});

it('says in one line that it runs elsewhere, and is done when it is run again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isRunning = false;
  const run = () => ((isRunning = true), promise); // held up for longer than a statement waits for a lock
  const elsewhere = server.app.get(Jobs).runDue({ name: JOB, about: 'A test.', everySeconds: 3600, run });
  await until(() => isRunning);
  const { code, err } = await start(JOB).ended;
  expect([code, err]).toEqual([1, expect.stringMatching(/^The job "session-expiry" runs on another replica, .*\n$/)]);
  resolve();
  expect(await elsewhere).toBe(true);
  expect(await start(JOB).ended).toEqual({ code: 0, out: `${JOB} is done\n`, err: '' });
});

it('says in one line what keeps it from running', async () => {
  expect(await start(JOB, { DB_PASSWORD: 'wrong' }).ended).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/^The database at .* does not let .* in: password authentication failed .*\n$/),
  });
  expect(await start(JOB, { BACKUP_DIR: program }).ended).toMatchObject({ code: 1, err: expect.stringMatching(/^BACKUP_DIR .*\n$/) });
});
