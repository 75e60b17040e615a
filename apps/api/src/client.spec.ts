import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { clock } from '#core';
import { schemaText } from '../../../packages/client/generate/schema-text.js';
import type { Document } from '../../../packages/client/generate/schema-text.js';
import { Client, memoryStore, ProblemError, SignedOut } from '../../../packages/client/src/index.js';
import type { ClientOptions } from '../../../packages/client/src/index.js';
import { PASSWORD } from '../../../test/factories.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { until } from '../../../test/until.js';

const root = join(import.meta.dirname, '../../..');

/** Between client and server: loses answers after the server gave them, and has a gateway that refuses. */
class Network {
  /** What came by, such as `POST /api/v1/auth/refresh`. */
  readonly seen: string[] = [];
  losing = 0;
  /** Answers that never arrive, on connections that stay. */
  holding = 0;
  refusing = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => {
    const upstream = connect(this.target, '127.0.0.1');
    this.sockets.add(socket);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
    socket.on('data', (chunk) => {
      const line = /^([A-Z]+ \S+) HTTP/.exec(chunk.toString('latin1'))?.[1];
      if (line) this.seen.push(line);
      if (this.refusing-- > 0) socket.write('HTTP/1.1 503 Away\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n');
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (this.holding-- > 0) return;
      if (this.losing-- > 0) socket.destroy();
      else socket.write(chunk);
    });
  });

  constructor(private readonly target: number) {}

  async listen(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  count(call: string): number {
    return this.seen.filter((line) => line === call).length;
  }

  calm(): void {
    this.seen.length = this.losing = this.holding = this.refusing = 0;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

let server: TestServer;
let network: Network;
let baseUrl: string;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  await server.app.listen(0, '127.0.0.1');
  network = new Network((server.app.getHttpServer().address() as AddressInfo).port);
  baseUrl = await network.listen();
  company = await server.company();
});
afterEach(() => {
  network.calm();
  clock.reset();
});
afterAll(async () => {
  network.close();
  await server.stop();
});

async function signedIn(person: Person, options: ClientOptions = {}): Promise<Client> {
  const client = new Client({ baseUrl, firstWaitMs: 10, ...options });
  await client.signIn({ email: person.email, password: PASSWORD, companyId: person.companyId });
  return client;
}

const page = (status: number): Response => new Response('<html>', { status, headers: { 'content-type': 'text/html' } });

/** A `fetch` for calls of which something between client and server answers some. */
function behind(some: RegExp): { answer?: (() => Response) | undefined; fetch: NonNullable<ClientOptions['fetch']> } {
  const inBetween: ReturnType<typeof behind> = {
    fetch: async (url, init) => (some.test(`${init.method} ${url}`) && inBetween.answer?.()) || fetch(url, init),
  };
  return inBetween;
}

const outcomes = async <T>(calls: Promise<T>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((result) => (result.status === 'fulfilled' ? result.value : result.reason) as unknown);

const twenty = <T>(call: () => Promise<T>): Promise<T>[] => Array.from({ length: 20 }, call);

const wait = (ms: number): Date => new Date(clock.now().getTime() + ms);

describe('the session', () => {
  it('is refreshed once for twenty calls that meet one expired access token', async () => {
    const person = await company.person();
    const client = await signedIn(person);
    clock.travelTo(wait(11 * 60_000));
    const people = await Promise.all(twenty(() => client.get('/api/v1/me')));
    expect(people.map(({ id }) => id)).toEqual(Array(20).fill(person.id));
    expect(network.count('POST /api/v1/auth/refresh')).toBe(1);
    expect(network.count('GET /api/v1/me')).toBeLessThanOrEqual(40);
  });

  it('survives that the answer of the refresh is lost', async () => {
    const client = await signedIn(await company.person());
    clock.travelTo(wait(11 * 60_000));
    await expect(client.get('/api/v1/teams')).resolves.toMatchObject({ items: [] });
    clock.travelTo(wait(11 * 60_000));
    const lost = client.get('/api/v1/teams');
    while (network.count('POST /api/v1/auth/refresh') < 2) await new Promise(setImmediate);
    network.losing = 1;
    await expect(lost).resolves.toMatchObject({ items: [] });
    expect(network.count('POST /api/v1/auth/refresh')).toBe(3);
  });

  it('survives that the refresh hangs: it is repeated while the server still answers the token that it has replaced', async () => {
    const person = await company.person();
    const store = memoryStore();
    const client = await signedIn(person, { store });
    const { refreshToken } = (await store.load())!;
    const began = Date.now();
    network.holding = 1;
    await expect(client.post('/api/v1/auth/refresh', { body: { refreshToken } })).resolves.toHaveProperty('accessToken');
    expect(Date.now() - began).toBeLessThan(6_000);
    expect(network.count('POST /api/v1/auth/refresh')).toBe(2);
  });

  it('repeats no refresh so late that the server would take it for a theft', async () => {
    const began = Date.now();
    const now = jest.spyOn(Date, 'now');
    const sentAt: number[] = [];
    const store = memoryStore();
    await store.save({ accessToken: 'a', refreshToken: 'r', expiresIn: 600, expiresAt: began });
    const away = (url: string): Promise<Response> => {
      sentAt.push(Date.now() - began);
      now.mockReturnValue(Date.now() + 2_500);
      return Promise.reject(new TypeError(url));
    };
    try {
      now.mockReturnValue(began);
      await expect(new Client({ store, firstWaitMs: 10, fetch: away }).accessToken()).rejects.toThrow('/auth/refresh');
      expect(sentAt).toEqual([0, 2_500, 5_000]);
    } finally {
      now.mockRestore();
    }
  });

  it('ends once for all who wait when it was revoked, and asks no second time', async () => {
    const person = await company.person();
    let ended = 0;
    const client = await signedIn(person, { onSignedOut: () => ended++ });
    await person.post('/auth/logout-all');
    const errors = await outcomes(twenty(() => client.get('/api/v1/me')));
    expect(errors).toEqual(Array(20).fill(expect.any(SignedOut)));
    expect(network.count('POST /api/v1/auth/refresh')).toBe(1);
    expect(ended).toBe(1);
    await expect(client.get('/api/v1/me')).rejects.toMatchObject({ code: 'not_signed_in' });
    await expect(client.signOut()).resolves.toBeUndefined();
  });

  it('is not ended by the sign-in page of a proxy', async () => {
    const person = await company.person();
    let ended = 0;
    const inBetween = behind(/auth/);
    const client = await signedIn(person, { fetch: inBetween.fetch, onSignedOut: () => ended++ });
    clock.travelTo(wait(11 * 60_000));
    inBetween.answer = () => page(401);
    await expect(client.get('/api/v1/me')).rejects.toMatchObject({ status: 401, code: 'unexpected_answer' });
    expect(ended).toBe(0);
    inBetween.answer = undefined;
    await expect(client.get('/api/v1/me')).resolves.toHaveProperty('id', person.id);
    inBetween.answer = () => page(401);
    await expect(client.signOut()).rejects.toMatchObject({ code: 'unexpected_answer' }); // the server was not told
  });

  it('keeps its tokens while the server is away', async () => {
    const client = await signedIn(await company.person(), { attempts: 1 });
    clock.travelTo(wait(11 * 60_000));
    const first = client.get('/api/v1/me');
    while (network.count('POST /api/v1/auth/refresh') < 1) {
      network.refusing = network.count('GET /api/v1/me') > 0 ? 1 : 0;
      await new Promise(setImmediate);
    }
    await expect(first).rejects.toMatchObject({ status: 503, code: 'unexpected_answer' });
    network.calm();
    await expect(client.get('/api/v1/me')).resolves.toHaveProperty('email');
  });

  it('goes on with the token that it has while it cannot be renewed before its time', async () => {
    const person = await company.person();
    const client = await signedIn(person, { attempts: 1 });
    const began = Date.now();
    const now = jest.spyOn(Date, 'now');
    const renewals = async (minutes: number, refusing = 0) => {
      now.mockReturnValue(began + minutes * 60_000);
      network.refusing = refusing;
      await expect(client.get('/api/v1/me')).resolves.toHaveProperty('id', person.id);
      return network.count('POST /api/v1/auth/refresh');
    };
    try {
      expect([await renewals(9, 1), await renewals(9), await renewals(9.5)]).toEqual([1, 1, 2]);
      now.mockReturnValue(began + 20 * 60_000);
      network.refusing = 1;
      await expect(client.accessToken()).rejects.toMatchObject({ status: 503 }); // there is none that is good
    } finally {
      now.mockRestore();
    }
  });

  it('gives a fresh token after a restart too, and asks for none that it does not need', async () => {
    const store = memoryStore();
    await signedIn(await company.person(), { store });
    const old = (await store.load())!.accessToken;
    const began = Date.now();
    const now = jest.spyOn(Date, 'now'); // the server's too
    try {
      await expect(new Client({ baseUrl, store }).accessToken()).resolves.toBe(old);
      now.mockReturnValue(began + 60 * 60_000);
      const restarted = new Client({ baseUrl, store });
      const fresh = await restarted.accessToken();
      expect(fresh).not.toBe(old);
      await expect(restarted.accessToken()).resolves.toBe(fresh);
      await expect(new Client({ baseUrl, store }).accessToken()).resolves.toBe(fresh);
      expect(network.count('POST /api/v1/auth/refresh')).toBe(1);
      await restarted.adopt((await store.load())!); // what was kept elsewhere lasts no longer for that
      now.mockReturnValue(began + 120 * 60_000);
      await expect(restarted.accessToken()).resolves.not.toBe(fresh);
    } finally {
      now.mockRestore();
    }
  });

  it('is not renewed for a wrong password, nor ever for an API key', async () => {
    const person = await company.person();
    const client = await signedIn(person);
    const body = { currentPassword: 'not the one it was', newPassword: 'a longer walk along the river' };
    await expect(client.post('/api/v1/auth/password/change', { body })).rejects.toMatchObject({ code: 'invalid_credentials' });
    await expect(client.get('/api/v1/me')).resolves.toHaveProperty('id', person.id);
    const program = new Client({ baseUrl, apiKey: 'ncy8_not_a_key' });
    await expect(program.get('/api/v1/me')).rejects.toMatchObject({ status: 401 });
    expect(network.count('POST /api/v1/auth/refresh')).toBe(0);
  });
});

const codes = () => server.sql('SELECT code FROM action_codes WHERE "companyId" = $1', [company.id]);

describe('repeats', () => {
  it('a POST under its one key after 503, no sooner than the server asks, and makes one record', async () => {
    const admin = await signedIn(company.admin);
    network.refusing = 1;
    const began = Date.now();
    await admin.post('/api/v1/action-codes', { body: { code: 'REFUSED', name: 'Refused once' } });
    expect(Date.now() - began).toBeGreaterThanOrEqual(1000);
    expect(network.count('POST /api/v1/action-codes')).toBe(2);
    expect((await codes()).filter(({ code }) => code === 'REFUSED')).toHaveLength(1);
  });

  it('a POST whose answer was lost after the commit: it gets the first answer, and there is one record', async () => {
    const admin = await signedIn(company.admin);
    network.losing = 1;
    const made = await admin.post('/api/v1/action-codes', { body: { code: 'LOST', name: 'Lost once' } });
    expect(network.count('POST /api/v1/action-codes')).toBe(2);
    expect(await codes()).toContainEqual({ code: 'LOST' });
    await expect(admin.get('/api/v1/action-codes/{id}', { path: { id: made.id } })).resolves.toEqual(made);
    network.losing = 1;
    await expect(admin.delete('/api/v1/action-codes/{id}', { path: { id: made.id } })).resolves.toBeUndefined();
  });

  it('a DELETE whose answer was lost, which is done only when the server itself finds nothing', async () => {
    const inBetween = behind(/^DELETE/);
    const admin = await signedIn(company.admin, { fetch: inBetween.fetch });
    const { id } = await admin.post('/api/v1/teams', { body: { name: 'Behind a proxy' } });
    inBetween.answer = () => {
      inBetween.answer = () => page(404);
      throw new TypeError('lost');
    };
    await expect(admin.delete('/api/v1/teams/{id}', { path: { id } })).rejects.toMatchObject({ status: 404, code: 'unexpected_answer' });
    await expect(admin.get('/api/v1/teams/{id}', { path: { id } })).resolves.toHaveProperty('id', id);
  });

  it('no sign-up, whose answer carries secrets, and no change under a version that it has itself moved', async () => {
    const admin = await signedIn(company.admin);
    const owner = { email: 'lost@example.com', password: PASSWORD, firstName: 'Lost', lastName: 'Person' };
    network.losing = 1;
    await expect(admin.post('/api/v1/companies', { body: { name: 'Lost', owner } })).rejects.toHaveProperty('name', 'TypeError');
    expect(network.count('POST /api/v1/companies')).toBe(1);
    const { id, version } = await admin.post('/api/v1/teams', { body: { name: 'Before' } });
    network.losing = 1;
    await expect(admin.patch('/api/v1/teams/{id}', { path: { id }, ifMatch: version, body: { name: 'After' } })).rejects.toHaveProperty(
      'name',
      'TypeError',
    );
    await expect(admin.get('/api/v1/teams/{id}', { path: { id } })).resolves.toMatchObject({ name: 'After', version: version + 1 });
  });

  it('while the first still runs', async () => {
    const admin = await signedIn(company.admin);
    const idempotencyKey = 'one for twenty';
    const made = await Promise.all(twenty(() => admin.post('/api/v1/teams', { body: { name: 'Once' }, idempotencyKey })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });

  it('at most as often as it may, and not against the will of its caller', async () => {
    let answers = 0;
    const counting = async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      answers++;
      return answer;
    };
    const admin = await signedIn(company.admin, { attempts: 3, patienceMs: 10_000, fetch: counting });
    network.refusing = 9;
    await expect(admin.get('/api/v1/me')).rejects.toBeInstanceOf(ProblemError);
    expect(network.count('GET /api/v1/me')).toBe(3);
    const stop = new AbortController();
    const answered = answers;
    const call = admin.get('/api/v1/company', { signal: stop.signal });
    call.catch(() => undefined); // looked at below
    await until(() => answers > answered); // now it waits for the second that the 503 asks for
    stop.abort(new Error('changed my mind'));
    await expect(call).rejects.toThrow('changed my mind');
    expect(network.count('GET /api/v1/company')).toBe(1);
  });
});

it('walks through three pages', async () => {
  const admin = await signedIn(company.admin);
  const { id } = company.admin;
  const code = await company.actionCode();
  const days = Array.from({ length: 7 }, (_, index) => `2026-03-0${index + 1}`);
  const entries = days.map((day) => ({ day, actionCodeId: code.id, country: 'DE', durationMin: 60 }));
  await admin.post('/api/v1/timesheet-entries/batch', { body: { entries } });
  network.calm();
  const seen: string[] = [];
  for await (const entry of admin.pages('/api/v1/timesheet-entries', { query: { userId: id, limit: 3 } })) seen.push(entry.day);
  expect(seen).toEqual(days);
  expect(network.seen).toHaveLength(3);
});

it('tells a refusal by its code and its fields', async () => {
  const admin = await signedIn(company.admin);
  const body = { actionCodeId: 'none', country: 'Germany' };
  const error = await admin.post('/api/v1/timesheet-entries', { body }).catch((cause: unknown) => cause as ProblemError);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ status: 400, code: 'validation_failed', requestId: expect.any(String) });
  expect((error as ProblemError).errors.map(({ pointer }) => pointer)).toEqual(['/day', '/actionCodeId', '/country', '/durationMin']);
});

it('gives what is not JSON as it comes', async () => {
  const admin = await signedIn(company.admin);
  const answer = await admin.fetch('get', '/api/v1/reports/time', { query: { groupBy: ['user', 'day'], format: 'csv' } });
  expect(await answer.text()).toMatch(/^userId,userName/);
});

describe('the package', () => {
  it('has the types of docs/openapi.json (else: npm run client)', () => {
    const document = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as Document;
    expect(readFileSync(join(root, 'packages/client/src/schema.ts'), 'utf8')).toBe(schemaText(document));
  });

  it('is packed as it would be published, installed without a network, refuses what the document does not know, and runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ncy8-client-'));
    const [source, program] = [join(folder, 'source'), join(folder, 'program')];
    try {
      cpSync(join(root, 'packages/client'), source, { recursive: true, filter: (path) => !path.endsWith(join('client', 'dist')) });
      const packed = JSON.parse(await run(source, 'npm', 'pack', '--json', '--offline', '--foreground-scripts=false')) as {
        filename: string;
        files: { path: string }[];
      }[];
      const paths = packed[0]!.files.map(({ path }) => path);
      expect(paths.filter((path) => !/^dist\/[\w-]+\.(js|d\.ts)$/.test(path)).toSorted()).toEqual(['README.md', 'package.json']);

      mkdirSync(join(program, 'src'), { recursive: true });
      writeFileSync(join(program, 'package.json'), JSON.stringify({ name: 'program', version: '1.0.0', type: 'module' }));
      await run(program, 'npm', 'install', '--offline', '--no-audit', '--no-fund', join(source, packed[0]!.filename));
      writeFileSync(join(program, 'src/wrong.ts'), WRONG);
      writeFileSync(join(program, 'src/main.ts'), PROGRAM);
      const compilerOptions = {
        strict: true,
        module: 'nodenext',
        target: 'es2022',
        lib: ['es2023', 'dom'],
        types: [],
        rootDir: 'src',
        outDir: 'out',
      };
      writeFileSync(join(program, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
      await run(program, 'tsc', '-p', '.');

      const { email, companyId, id } = company.admin;
      const told = await run(program, process.execPath, 'out/main.js', baseUrl, email, PASSWORD, companyId);
      expect(JSON.parse(told)).toEqual({ id, codes: ['PACKED'], minutes: 90, refused: 'action_code_taken' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** What a command printed; the server in this process goes on meanwhile. @throws with all that it said when it fails */
async function run(cwd: string, command: string, ...words: string[]): Promise<string> {
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const npm = { npm_config_update_notifier: 'false', npm_config_cache: join(dirname(cwd), 'cache') }; // of a user whose home cannot be written
  const env = { ...process.env, PATH, NODE_OPTIONS: '', ...npm };
  try {
    return (await promisify(execFile)(command, words, { cwd, env })).stdout;
  } catch (error) {
    const { message, stdout } = error as { message: string; stdout: string };
    throw new Error(`${message}\n${stdout}`, { cause: error });
  }
}

/** A day's work of a program that knows nothing but the package. */
const PROGRAM = `
import { Client, ProblemError } from '@ncy8/client';
import type { ActionCodeView, CreateTimesheetEntry } from '@ncy8/client';

declare const process: { argv: string[] };
const [baseUrl = '', email = '', password = '', companyId = ''] = process.argv.slice(2);
const client = new Client({ baseUrl });
const { user } = await client.signIn({ email, password, companyId });

const made: ActionCodeView = await client.post('/api/v1/action-codes', { body: { code: 'PACKED', name: 'From the package' } });
const refused = await client.post('/api/v1/action-codes', { body: { code: 'PACKED', name: 'Again' } }).then(
  () => 'nothing',
  (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
);
const entry: CreateTimesheetEntry = { day: '2026-06-01', actionCodeId: made.id, country: 'DE', durationMin: 45 };
await client.post('/api/v1/timesheet-entries/batch', { body: { entries: [entry, entry] } });

const codes: string[] = [];
for await (const { code } of client.pages('/api/v1/action-codes', { query: { limit: 1 } })) if (code === made.code) codes.push(code);
const report = await client.get('/api/v1/reports/time', { query: { groupBy: ['day'], actionCodeId: made.id } });
await client.signOut();
console.log(JSON.stringify({ id: user.id, codes, minutes: report.totalMinutes, refused }));
`;

/** What must not compile, beside what must. */
const WRONG = `
import { Client, ProblemError } from '@ncy8/client';
import type { ProblemCode } from '@ncy8/client';
const client = new Client({ baseUrl: 'https://time.example.com' });
const sheet = await client.get('/api/v1/timesheets/{id}', { path: { id: '1' } });
const minutes: number = sheet.totalMinutes;
await client.post('/api/v1/timesheets/{id}/approve', { path: { id: sheet.id }, ifMatch: sheet.version, body: { reason: 'Good' } });
for await (const { day } of client.pages('/api/v1/timesheet-entries', { query: { from: '2026-03-02' } })) day.slice(minutes);
client.pages('/api/v1/timesheets/{id}/entries', { path: { id: sheet.id } });
client.pages('/api/v1/absences', { query: { from: '2026-03-02', to: '2026-03-08' } });
const csv = await client.fetch('get', '/api/v1/reports/time', { query: { groupBy: ['user', 'day'], format: 'csv' } });
await client.fetch('get', '/api/v1/me/personal-data', { query: { format: 'zip' } });
const isTaken = (error: ProblemError) => error.code === 'action_code_taken';
// @ts-expect-error a path that does not exist
await client.get('/api/v1/timesheet');
// @ts-expect-error a method that the path does not have
await client.delete('/api/v1/me');
// @ts-expect-error the id is missing
await client.get('/api/v1/timesheets/{id}');
// @ts-expect-error a field that is not known
await client.post('/api/v1/teams', { body: { name: 'A', version: 1 } });
// @ts-expect-error a required field is missing
await client.post('/api/v1/action-codes', { body: { code: 'DEV' } });
// @ts-expect-error a filter that is not known
client.pages('/api/v1/timesheet-entries', { query: { user: '1' } });
// @ts-expect-error nothing that one groups by
await client.get('/api/v1/reports/time', { query: { groupBy: ['users'] } });
// @ts-expect-error the id is missing
client.pages('/api/v1/timesheets/{id}/entries');
// @ts-expect-error the required filters are missing
client.pages('/api/v1/absences');
// @ts-expect-error no list
client.pages('/api/v1/me');
// @ts-expect-error a grouping is missing
await client.fetch('get', '/api/v1/reports/time', { query: { format: 'csv' } });
// @ts-expect-error the id is missing
await client.fetch('get', '/api/v1/users/{id}/personal-data');
// @ts-expect-error a parameter that is not known
await client.fetch('get', '/api/v1/me/personal-data', { query: { form: 'zip' } });
// @ts-expect-error a method that the path does not have
await client.fetch('post', '/api/v1/me/personal-data');
// @ts-expect-error a code that is not known
export const code: ProblemCode = 'teapot';
// @ts-expect-error no such member of an answer
export const wrong = [sheet.minutes, isTaken, csv];
`;
