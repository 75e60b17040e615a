import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { until } from '../../../test/until.js';
import { clock, Jobs } from './index.js';
import type { Job, JobRun } from './index.js';

const HOUR = 3_600_000;
let server: TestServer;
let replica: Jobs;
let ours: Jobs;

beforeAll(async () => {
  server = await startTestServer();
  ours = server.app.get(Jobs);
  replica = (await server.secondReplica()).get(Jobs);
});
afterEach(() => clock.reset());
afterAll(() => server.stop());

/** A job of a name of its own that notes its runs. */
let made = 0;
function job(work: (stopping: AbortSignal) => Promise<void> = async () => {}): Job & { runs: () => number } {
  let runs = 0;
  const run = async (stopping: AbortSignal) => {
    runs++;
    await work(stopping);
  };
  return { name: `job-${made++}`, about: 'A test.', everySeconds: 3600, run, runs: () => runs };
}

const untilStopped = (stopping: AbortSignal) => new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve()));

const row = async ({ name }: Job) => (await server.sql('SELECT * FROM scheduled_jobs WHERE name = $1', [name]))[0];
const travel = (hours: number, minutes = 0) => clock.travelTo(new Date(Date.UTC(2050, 0, 1, hours, minutes)));
/** As if the holder had died: nobody extends its lease any more. */
const expire = ({ name }: Job) =>
  server.sql(`UPDATE scheduled_jobs SET "leasedUntil" = now() - interval '1 second' WHERE name = $1`, [name]);

it('runs each slot once, however many replicas look', async () => {
  travel(0, 30); // no slot begins between two looks
  const counted = job(() => sleep(50));
  const look = () => Promise.all(Array.from({ length: 10 }, () => [ours.runDue(counted), replica.runDue(counted)]).flat());
  expect((await look()).filter(Boolean)).toHaveLength(1);
  expect((await look()).filter(Boolean)).toHaveLength(0);
  clock.travelTo(new Date(clock.now().getTime() + HOUR));
  expect((await look()).filter(Boolean)).toHaveLength(1);
  expect(counted.runs()).toBe(2);
  expect(await row(counted)).toMatchObject({ leasedBy: null, leasedUntil: null, succeededAt: expect.any(Date) });
});

it('is not kept from its slot by one that lies more than a period ahead', async () => {
  const hasty = job();
  travel(1);
  expect(await replica.runDue(hasty)).toBe(true);
  travel(0);
  expect(await ours.runDue(hasty)).toBe(false);
  travel(500);
  expect(await replica.runDue(hasty)).toBe(true);
  travel(1);
  expect([await ours.runDue(hasty), await ours.runDue(hasty)]).toEqual([true, false]);
  expect(await row(hasty)).toMatchObject({ slot: new Date(Date.UTC(2050, 0, 1, 1)) });
});

it('leaves a running one alone, and takes over from a dead holder', async () => {
  const waiting: (() => void)[] = [];
  const held = job(() => new Promise((resolve) => void waiting.push(resolve)));
  const first = ours.runDue(held);
  await until(() => held.runs() > 0);
  expect(await replica.runDue(held)).toBe(false);
  await expect(replica.runNow(held.name)).rejects.toThrow(/There is no job/);
  replica.register(held);
  await expect(replica.runNow(held.name)).rejects.toThrow(/another replica/);
  await expire(held);
  const second = replica.runDue(held);
  await until(() => held.runs() > 1);
  for (const resolve of waiting) resolve();
  expect(await second).toBe(true);
  await first; // it finds its lease gone and writes nothing
});

it('tells a failure, and tries again after a pause', async () => {
  const told: string[] = [];
  ours.listen(({ job: name, outcome }) => told.push(`${name} ${outcome}`));
  const failing = job(async () => {
    if (failing.runs() === 1) throw Object.assign(new Error('the e-mail ada@example.com'), { code: 'XX001' });
  });
  await expect(ours.runDue(failing)).rejects.toThrow('ada@example.com');
  expect(await replica.runDue(failing)).toBe(false);
  expect(await row(failing)).toMatchObject({ slot: null, succeededAt: null, finishedAt: expect.any(Date) });
  await expire(failing);
  expect(await ours.runDue(failing)).toBe(true);
  expect(told).toEqual([`${failing.name} failure`, `${failing.name} success`]);
  expect(JSON.stringify(server.log)).not.toContain('ada@');
  expect(server.log).toContainEqual(expect.objectContaining({ job: failing.name, code: 'XX001' }));
});

it('runs by hand whatever the schedule says', async () => {
  const byHand = job();
  ours.register(byHand);
  await ours.runDue(byHand);
  await ours.runNow(byHand.name);
  expect(byHand.runs()).toBe(2);
  await expect(ours.runNow('tea')).rejects.toThrow(/There is no job "tea". There are: .*mail, .*session-expiry/);
});

it('ends at a safe point when the server stops, which is neither success nor failure, and leaves the slot to another', async () => {
  const app = await server.secondReplica();
  const jobs = app.get(Jobs);
  const told: JobRun[] = [];
  jobs.listen((run) => told.push(run));
  const [patient, everywhere] = [job(untilStopped), { ...job(untilStopped), everywhere: true }];
  jobs.register(everywhere);
  const running = [jobs.runDue(patient), jobs.runNow(everywhere.name)];
  await until(() => patient.runs() > 0 && everywhere.runs() > 0);
  await app.close();
  await Promise.all(running);
  expect(told).toEqual([]);
  expect(await row(patient)).toMatchObject({ slot: null, leasedBy: null });
  const again = job();
  expect(await ours.runDue({ ...again, name: patient.name })).toBe(true);
});

it('is on the clock of each replica, unless JOBS is off', async () => {
  const app = await server.secondReplica({ JOBS: 'on' });
  const names = app.get(Jobs).all.map(({ name }) => name);
  expect(app.get(SchedulerRegistry, { strict: false }).getIntervals().toSorted()).toEqual(names);
  expect(server.app.get(SchedulerRegistry, { strict: false }).getIntervals()).toEqual([]);
});
