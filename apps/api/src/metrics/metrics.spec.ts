import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Jobs, requestScope, stdoutLines, UnitOfWork } from '#core';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(() => server.stop());

const scrape = async (): Promise<string> => (await server.app.inject('/metrics')).body;
const value = (text: string, sample: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length + 1),
  );

const count = (type: string) => `database_query_duration_seconds_count{query_type="${type}"}`;

it('counts statements by their kind, the one that reads at once among them', async () => {
  const before = await scrape();
  await company.admin.get('/timesheet-entries');
  await company.admin.get('/timesheet-entries');
  await company.admin.post('/teams', { name: 'Counted' });
  const after = await scrape();
  expect(value(after, count('select'))).toBeGreaterThanOrEqual((value(before, count('select')) || 0) + 2);
  expect(value(after, count('insert'))).toBeGreaterThan(value(before, count('insert')) || 0);
  expect(after).not.toContain('query_type="begin"');
});

it('counts them on the connection that the start has made, too', async () => {
  const replica = await server.secondReplica({ DB_POOL_SIZE: '1' });
  const selects = async () => value((await replica.inject('/metrics')).body, count('select')) || 0;
  const before = await selects();
  await company.admin.on(replica).get('/teams');
  expect(await selects()).toBeGreaterThan(before);
});

it('tells how busy the pool and the database are', async () => {
  const [idle] = await Promise.all([scrape(), company.admin.get('/me')]);
  expect(value(idle, 'database_pool_connections{state="total"}')).toBeGreaterThan(0);
  expect(value(idle, 'database_pool_connections{state="waiting"}')).toBe(0);
  await server.sql('SELECT pg_advisory_lock(1)');
  const working = server.app.get(UnitOfWork).outside('SELECT pg_advisory_xact_lock(1)');
  await server.untilSomebodyWaits();
  expect(value(await scrape(), 'database_connections_active')).toBeGreaterThanOrEqual(2);
  await server.sql('SELECT pg_advisory_unlock(1)');
  await working;
});

it('counts sessions and mails over the companies, and the runs of jobs', async () => {
  await server.app.get(Jobs).runNow('session-expiry');
  const text = await scrape();
  expect(value(text, 'sessions_active')).toBeGreaterThanOrEqual(1);
  expect(value(text, 'mail_queue_size')).toBe(0);
  expect(value(text, 'job_runs_total{job="session-expiry",outcome="success"}')).toBe(1);
  expect(value(text, 'job_last_success_timestamp_seconds{job="session-expiry"}')).toBeGreaterThan(Date.now() / 1000 - 60);
  await server.sql(
    `INSERT INTO backup_snapshots (path, size, verified, checksum, "createdAt") VALUES ('/nowhere', 1, true, 'x', '2026-03-02T08:00:00Z')`,
  );
  expect(value(await scrape(), 'backup_last_verified_timestamp_seconds')).toBe(Date.parse('2026-03-02T08:00:00Z') / 1000);
});

it('counts the lines of the log that were lost', async () => {
  expect(value(await scrape(), 'log_lines_lost_total')).toBe(0);
  stdoutLines.lost = 3;
  expect(value(await scrape(), 'log_lines_lost_total')).toBe(3);
});

/** Names of our metrics in what `/metrics` answers, with the labels of their samples. */
function told(text: string): Record<string, string> {
  const names = [...text.matchAll(/^# TYPE (?!process_|nodejs_)(\w+)/gm)].map(([, name]) => name!);
  const labelsOf = (name: string): string[] =>
    [...(new RegExp(`^${name}(?:_count)?\\{(.*)\\} `, 'm').exec(text)?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label!);
  return Object.fromEntries(names.map((name) => [name, labelsOf(name).toSorted().join(' ')]));
}

it('is what docs/OPERATIONS.md lists, label by label', async () => {
  await server.app.get(Jobs).runNow('session-expiry');
  await company.admin.get('/teams');
  const [, table = ''] = /\n### Metrics\n(.*?)\n#/s.exec(
    readFileSync(join(import.meta.dirname, '../../../../docs/OPERATIONS.md'), 'utf8'),
  )!;
  const listed = [...table.matchAll(/^\| `(\w+)` +\| ([^|]*)\|/gm)].map(([, name, labels]) => [
    name,
    [...labels!.matchAll(/\w+/g)].map(String).toSorted().join(' '),
  ]);
  expect(told(await scrape())).toEqual(Object.fromEntries(listed));
});

it('has no ids in its labels', async () => {
  await company.admin.get(`/users/${company.admin.id}`);
  expect(await scrape()).not.toMatch(/[\da-f]{8}-[\da-f]{4}-/);
});

it('answers while the database is away', async () => {
  await server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  expect(await scrape()).toContain('ncy8_build_info');
  while ((await company.admin.get('/me')).status !== 200); // the pool has replaced what was ended
});

it('logs a slow statement as its template, with the route, without its values', async () => {
  const scope = { requestId: 'slow-one', ip: null, userAgent: null, route: '/api/v1/slow' };
  await requestScope.run(scope, () => server.app.get(UnitOfWork).outside(`SELECT pg_sleep(1.1), $1::text`, ['canary-value']));
  expect(server.log).toContainEqual(
    expect.objectContaining({
      msg: 'slow statement',
      route: '/api/v1/slow',
      requestId: 'slow-one',
      statement: 'SELECT pg_sleep(1.1), $1::text',
    }),
  );
  expect(JSON.stringify(server.log)).not.toContain('canary-value');
});
