import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Company } from '../../../test/factories.js';
import { environmentOf, ServerProcess } from '../../../test/server-process.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { until } from '../../../test/until.js';

const root = join(import.meta.dirname, '../../..');
/** Beside the bundle, with what they need: two are told to the bundler (tools/bundle.mjs), one is read when a calendar is asked for. */
const APART = ['@node-rs/argon2', 'date-holidays', 'pino'];

const ID = 'the-same-on-both';

let server: TestServer;
let company: Company;
let bundled: ServerProcess;
/** What V8 tells of the process, when it ends. */
let told: string;

beforeAll(async () => {
  told = mkdtempSync(join(tmpdir(), 'ncy8-bundle-'));
  server = await startTestServer();
  company = await server.company();
  bundled = await ServerProcess.start(server, { NODE_V8_COVERAGE: told });
});
afterAll(async () => {
  await bundled.end('SIGKILL');
  await server.stop();
  rmSync(told, { recursive: true });
});

const ask = (path: string, { method = 'GET', body }: { method?: 'GET' | 'POST'; body?: object } = {}) =>
  fetch(bundled.api + path, {
    method,
    headers: {
      authorization: `Bearer ${company.admin.token!}`,
      'x-request-id': ID,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });

it('describes itself as docs/openapi.json does, by the same names', async () => {
  const answer = await ask('/../../openapi.json');
  expect(await answer.json()).toEqual(JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')));
});

const requests: { what: string; method?: 'POST'; path: string; body?: object }[] = [
  { what: 'a list', path: '/users?limit=5' },
  { what: 'a query that is wrong', path: '/timesheet-entries?limit=0&from=2026-02-30' },
  { what: 'what is not there', path: '/users/3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10' },
  { what: 'parts that are wrong', method: 'POST', path: '/timesheet-entries/batch', body: { entries: [{ minutes: 'many' }, 3], more: 1 } },
  { what: 'holidays', path: '/company/holidays?year=2026' },
  { what: 'the data map, by the entities', path: '/gdpr/data-map' },
];

it.each(requests)('answers as its modules do: $what', async ({ method = 'GET' as const, path, body }) => {
  const answer = await ask(path, { method, body });
  const expected = await company.admin.send(method, path, body, { 'x-request-id': ID });
  expect({ status: answer.status, body: (await answer.json()) as unknown }).toEqual({ status: expected.status, body: expected.body });
});

const mails = () => readdirSync(server.config.dataDir, { recursive: true }).filter((name) => String(name).endsWith('.eml'));

it('reads, when they are needed, what calendars and mails are made with', async () => {
  const made = await ask('/me/calendar-token', { method: 'POST' });
  const { token } = (await made.json()) as { token: string };
  expect(await (await ask(`/leave-calendar.ics?token=${token}`)).text()).toMatch(/^BEGIN:VCALENDAR/);

  expect((await ask('/auth/password/forgot', { method: 'POST', body: { email: company.admin.email } })).status).toBe(202);
  await until(() => mails().length > 0);
  expect(mails()).toHaveLength(1);
});

it('serves the files of its pages', async () => {
  const page = await (await ask('/../../docs')).text();
  const paths = [...page.matchAll(/(?:src|href)="(\/docs\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(2);
  for (const path of paths) expect({ path, status: (await ask(`/../..${path}`)).status }).toEqual({ path, status: 200 });
});

const job = (...names: string[]) =>
  promisify(execFile)(process.execPath, [join(root, 'dist/server/job.js'), ...names], { env: environmentOf(server) });

it('runs a job, and tells which there are', async () => {
  expect((await job('history-seals')).stdout).toBe('history-seals is done\n');
  await expect(job()).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^Say which job:\n(  [\w-]+ +\S.*\n)+$/) });
});

it('holds one copy of each package: nothing is read beside it but what stays apart, and no part of Node that it does not need', async () => {
  for (const path of ['health', 'metrics']) await (await ask(`/../../${path}`)).text();
  expect(await bundled.end('SIGTERM')).toBe(0);
  const [file = ''] = readdirSync(told);
  const { result } = JSON.parse(readFileSync(join(told, file), 'utf8')) as { result: { url: string }[] };
  const packages = result.flatMap(({ url }) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  const apart = withDependencies(APART);
  expect([...new Set(packages)].filter((name) => !apart.has(name))).toEqual([]);
  expect(result.filter(({ url }) => url.includes('/dist/') && !url.includes('/dist/server/'))).toEqual([]);
  expect(result.some(({ url }) => url.endsWith('/dist/server/main.js'))).toBe(true);
  expect(result.map(({ url }) => url)).not.toContain('node:internal/deps/undici/undici'); // the client of fetch, 5 MB
});

function withDependencies(names: string[]): Set<string> {
  const found = new Set<string>();
  for (const queue = [...names]; queue.length > 0;) {
    const name = queue.pop()!;
    if (found.has(name)) continue;
    found.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    queue.push(...Object.keys(dependencies));
  }
  return found;
}
