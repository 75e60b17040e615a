import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PROBLEMS } from '#core';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import type { Company } from '../../../test/factories.js';
import { until } from '../../../test/until.js';

const MIB = 1024 * 1024;
const REQUESTS_A_MINUTE = 60;

let server: TestServer;
let company: Company;
let port: number;

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: String(REQUESTS_A_MINUTE) });
  const http = server.app.getHttpServer();
  Object.assign(http, { connectionsCheckingInterval: 50 });
  await server.app.listen(0, '127.0.0.1');
  port = (http.address() as { port: number }).port;
  company = await server.company();
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await server.stop();
});

const open: Socket[] = [];

async function dial(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  open.push(socket);
  socket.on('error', () => undefined); // being cut off is what is looked for
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the server closes, or for so long. */
function received(socket: Socket, ms = 20_000): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = () => resolve(text);
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('close', done);
    setTimeout(done, ms).unref();
  });
}

/** The first answer, a problem, while the connection stays. */
function firstAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (/\r\n\r\n\{.*\}$/s.test(text)) resolve(text);
    });
  });
}

const head = (line: string, headers: Record<string, string | number> = {}): string =>
  [line, 'host: localhost', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');

const signedIn = (): Record<string, string> => ({ authorization: `Bearer ${company.admin.token}`, 'content-type': 'application/json' });

function newTeam(name: string): string {
  const body = JSON.stringify({ name });
  return head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), 'content-length': body.length }) + body;
}

/** A request over a connection of its own. */
async function send(method: string, path: string, body = '', headers: Record<string, string> = signedIn()) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, { method, headers, ...(method === 'GET' ? {} : { body }) });
  const text = await answer.text();
  return { status: answer.status, body: (text.startsWith('{') ? JSON.parse(text) : text) as Record<string, unknown> };
}

/** The last answer of a connection, which must be a problem like any other. */
function refusal(text: string) {
  const begin = text.lastIndexOf('HTTP/1.1 ');
  const [top = '', body = ''] = text.slice(begin).split('\r\n\r\n', 2);
  const [line = '', ...lines] = top.split('\r\n');
  const headers = Object.fromEntries(lines.map((one) => one.split(': ', 2) as [string, string]));
  const status = Number(line.split(' ')[1]);
  const document = JSON.parse(body) as Record<string, unknown>;
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    connection: 'close',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    'referrer-policy': 'no-referrer',
    'strict-transport-security': expect.stringContaining('max-age'),
    'x-content-type-options': 'nosniff',
  });
  expect(document).toMatchObject({ status, requestId: headers['x-request-id'], type: `/docs/problems#${String(document.code)}` });
  expect(Object.keys(PROBLEMS)).toContain(document.code);
  return { status, code: document.code, requestId: headers['x-request-id']! };
}

/** The answer to a request with this address in its line. */
async function ask(method: string, address: string, body = '') {
  const socket = await dial();
  const answer = received(socket);
  socket.write(head(`${method} ${address} HTTP/1.1`, { ...signedIn(), 'content-length': body.length, connection: 'close' }) + body);
  const [top = '', document = ''] = (await answer).split('\r\n\r\n', 2);
  return {
    status: Number(top.split(' ')[1]),
    location: /^location: (.*)$/m.exec(top)?.[1],
    body: JSON.parse(document) as { id: string; instance?: string },
  };
}

const isWell = async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).status;

const by = (token: string | undefined) => ({ authorization: `Bearer ${token}` });

const nested = (levels: number) => `{"name":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

const batch = async (entries: number) =>
  (await send('POST', '/timesheet-entries/batch', JSON.stringify({ entries: Array.from({ length: entries }, () => ({})) }))).body;

describe('a body', () => {
  it('of more than 1 MiB is refused before it is read, also when its size is not told', async () => {
    const exact = await send('POST', '/teams', `{"name":"${'x'.repeat(MIB - 11)}"}`);
    expect([exact.status, exact.body.code]).toEqual([400, 'validation_failed']);
    const over = await send('POST', '/teams', `{"name":"${'x'.repeat(MIB - 10)}"}`);
    expect([over.status, over.body.code]).toEqual([413, 'payload_too_large']);

    const claims = await dial();
    claims.write(head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), 'content-length': 10 ** 12 }));
    expect(await firstAnswer(claims)).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"payload_too_large"/);
    const chunked = await dial();
    chunked.write(head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), 'transfer-encoding': 'chunked' }));
    for (let sent = 0; sent < 20; sent++) chunked.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    expect(await firstAnswer(chunked)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('is refused in words, however much too large it is, and the connection goes on', async () => {
    const socket = await dial();
    const answer = received(socket);
    const size = 20 * MIB;
    socket.write(head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), 'content-length': size }));
    await new Promise((sent) => void socket.write('x'.repeat(size), sent));
    socket.write(head('GET /health/live HTTP/1.1', { connection: 'close' }));
    expect(await answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"payload_too_large"[\s\S]*HTTP\/1\.1 200 /);
  });

  it('that is coded is refused, behind who may not send it', async () => {
    const body = gzipSync('{"name":"Zipped"}');
    const post = (coding: string, sent: Buffer<ArrayBuffer> | string, who: Record<string, string> = signedIn()) =>
      fetch(`http://127.0.0.1:${port}/api/v1/teams`, { method: 'POST', headers: { ...who, 'content-encoding': coding }, body: sent });
    for (const answer of [await post('gzip', body), await post('identity, gzip', body), await post('br', '{"name":"Plain"}')]) {
      expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
      expect(await answer.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    }
    expect((await post('gzip', body, { 'content-type': 'application/json' })).status).toBe(401);
    expect((await post('Identity', '{"name":"Plain"}')).status).toBe(201);

    const socket = await dial();
    const answer = received(socket);
    socket.write(head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), connection: 'close', 'transfer-encoding': 'gzip, chunked' }));
    socket.write('f\r\n{"name":"Coded"}\r\n0\r\n\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"malformed_body"/);
  });

  it('is at most 32 levels deep', async () => {
    const details = async (levels: number) => JSON.stringify((await send('POST', '/teams', nested(levels))).body.errors);
    expect(await details(32)).not.toContain('nested');
    expect(await details(33)).toContain('is nested deeper than 32 levels');
    expect((await send('POST', '/teams', nested(100_000))).status).toBe(400);
  });

  it('holds lists of bounded length', async () => {
    expect(JSON.stringify(await batch(501))).toContain('must be a list of 1 to 500');
    expect(JSON.stringify(await batch(1001))).toContain('has more than 1000 items');
  });
});

function setPatience(headersTimeout: number, requestTimeout: number): void {
  Object.assign(server.app.getHttpServer(), { headersTimeout, requestTimeout });
}

/** Instead of the seconds of the real server; too few for who is not slow, on a busy machine. */
const losePatience = () => setPatience(400, 800);

const CUT_OFF = 'the connection ended before the request was whole';

describe('a client that goes away', () => {
  it.each([
    ['signed in', 'POST /api/v1/timesheet-entries/batch', signedIn],
    ['a stranger', 'POST /api/v1/auth/login', () => ({ 'content-type': 'application/json' })],
  ])('while it sends its body is no fault of the server: %s', async (_, line, headers) => {
    const lines = server.log.length;
    const [socket, came] = [await dial(), once(server.app.getHttpServer(), 'request')];
    socket.write(`${head(`${line} HTTP/1.1`, { ...headers(), 'content-length': 1000 })}{"entries":`);
    await came;
    socket.destroy();
    const told = () => server.log.slice(lines);
    await until(() => told().some(({ level, msg }) => level !== 30 || msg === CUT_OFF), 'nothing was logged');
    expect(told()).toContainEqual(expect.objectContaining({ level: 30, msg: CUT_OFF }));
    expect(told().filter(({ level }) => level !== 30)).toEqual([]);
  });
});

describe('a slow client', () => {
  afterEach(() => setPatience(15_000, 30_000));

  it('has 15 s for its headers, and 30 s for a whole request', () => {
    const { headersTimeout, requestTimeout } = server.app.getHttpServer();
    // Node swaps the two where the first is the longer one: a body would get the time that is meant for headers
    expect([headersTimeout, requestTimeout]).toEqual([15_000, 30_000]);
  });

  it('is cut off whose refused body never ends', async () => {
    losePatience();
    const socket = await dial();
    const answer = received(socket);
    socket.write(head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), 'content-length': 10 ** 12 }));
    const trickle = setInterval(() => socket.write('x'), 50);
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    clearInterval(trickle);
    expect(socket.destroyed).toBe(true);
  });

  it('is cut off while it still sends its headers', async () => {
    losePatience();
    const socket = await dial();
    const answer = received(socket);
    socket.write('GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\n');
    const trickle = setInterval(() => socket.write('x'), 50);
    expect(refusal(await answer).status).toBe(408);
    clearInterval(trickle);
    expect(socket.destroyed).toBe(true);
  });

  it('is cut off while it still sends its body', async () => {
    losePatience();
    const socket = await dial();
    const answer = received(socket);
    socket.write(head('POST /api/v1/teams HTTP/1.1', { ...signedIn(), 'content-length': 1000 }));
    const trickle = setInterval(() => socket.write(' '), 50);
    expect(refusal(await answer).status).toBe(408);
    clearInterval(trickle);
    expect(socket.destroyed).toBe(true);
    expect(server.log.filter(({ level }) => level !== 30)).toEqual([]);
  });

  it('keeps nobody else waiting, also when there are many', async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, dial));
    for (const socket of slow) socket.write('POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\n');
    expect((await send('GET', '/me')).status).toBe(200);
    expect(slow.some((socket) => socket.destroyed)).toBe(false); // all still there when it was answered
    losePatience();
    await Promise.all(slow.map((socket) => received(socket)));
    expect(slow.every((socket) => socket.destroyed)).toBe(true);
  });
});

describe('what is no HTTP', () => {
  it('ends the connection on which a good request went before it', async () => {
    const socket = await dial();
    const answer = received(socket);
    socket.write(`${head('GET /health/live HTTP/1.1')}\0\x01garbage\r\n\r\n${head('GET /health/live HTTP/1.1')}`);
    const text = await answer;
    expect(refusal(text)).toMatchObject({ status: 400, code: 'malformed_body' });
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1); // what follows is never run
    expect(socket.destroyed).toBe(true);
  });

  it('takes nothing from the answers of the requests before it', async () => {
    const socket = await dial();
    const answer = received(socket, 20_000);
    await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE teams IN SHARE MODE');
      socket.write(`${newTeam('First')}${newTeam('Second')}\0\x01garbage\r\n\r\n`);
      await server.untilSomebodyWaits(2);
      socket.write('more of it\r\n\r\n');
      await client.query('COMMIT');
    });
    const text = await answer;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 400']);
    expect(refusal(text)).toMatchObject({ status: 400, code: 'malformed_body' });
    expect(socket.destroyed).toBe(true);
  });

  it('takes nothing from them as a tunnel either, and what its client does then ends nothing', async () => {
    const socket = await dial();
    const answer = received(socket);
    const gone = await dial();
    await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE teams IN SHARE MODE');
      const tunnel = head('CONNECT example.org:443 HTTP/1.1', { 'x-request-id': 'tunnel-1' });
      socket.write(`${newTeam('Third')}${newTeam('Fourth')}${tunnel}`);
      gone.write(`${newTeam('Fifth')}${tunnel}`);
      await server.untilSomebodyWaits(3);
      gone.resetAndDestroy();
      await client.query('COMMIT');
    });
    const text = await answer;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 400']);
    expect(refusal(text)).toEqual({ status: 400, code: 'malformed_body', requestId: 'tunnel-1' });
    expect(await isWell()).toBe(200);
  });

  it.each([
    ['no host', 400, 'GET /health/live HTTP/1.1\r\n\r\n'],
    ['an unknown expectation', 417, head('POST /api/v1/teams HTTP/1.1', { expect: 'a-miracle', 'content-length': 1 })],
    ['a tunnel', 400, 'CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n\x16\x03\x01'],
    ['no request line', 400, 'hello\r\n\r\n'],
    ['a TLS handshake', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['two lengths', 400, head('POST /api/v1/teams HTTP/1.1', { 'content-length': 1, 'Content-Length': 2 })],
    ['a length and chunks', 400, head('POST /api/v1/teams HTTP/1.1', { 'content-length': 1, 'transfer-encoding': 'chunked' })],
    ['a chunk without end', 400, `${head('POST /api/v1/teams HTTP/1.1', { 'transfer-encoding': 'chunked' })}zz\r\n`],
    ['headers of 100 kB', 431, head('GET /health/live HTTP/1.1', { 'x-long': 'x'.repeat(100_000) })],
    [
      '2000 headers',
      431,
      head('GET /health/live HTTP/1.1', Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`x-${n}`, 'y'.repeat(20)]))),
    ],
    [
      'a chunk with a long extension',
      413,
      `${head('POST /api/v1/teams HTTP/1.1', { 'transfer-encoding': 'chunked' })}1;${'x'.repeat(20_000)}\r\n`,
    ],
  ])('is refused: %s', async (_, status, bytes) => {
    const socket = await dial();
    const answer = received(socket);
    socket.write(bytes, 'latin1');
    const refused = refusal(await answer);
    expect(refused.status).toBe(status);
    expect(server.log).toContainEqual(expect.objectContaining({ requestId: refused.requestId, status })); // and what was sent is not in it
    expect(JSON.stringify(server.log)).not.toContain('xxxx');
    expect(await isWell()).toBe(200);
  });

  it.each([
    ['into the middle of another answer', 'HPE_INVALID_METHOD', { _httpMessage: { headersSent: true, req: { complete: false } } }],
    ['whoever is gone', 'ECONNRESET', {}],
    ['who takes nothing any more', 'HPE_INVALID_METHOD', { writable: false }],
  ])('is not answered %s', async (_, code, state) => {
    const http = server.app.getHttpServer();
    const [socket] = await Promise.all([once(http, 'connection').then(([one]) => one as Socket), dial()]);
    const sent: unknown[] = [];
    const lines = server.log.length;
    Object.defineProperties(socket, Object.getOwnPropertyDescriptors({ write: (chunk: unknown) => sent.push(chunk), ...state }));
    http.emit('clientError', Object.assign(new Error('Parse Error'), { code }), socket);
    expect([sent, socket.destroyed, server.log.length]).toEqual([[], true, lines]);
  });

  it('is answered each of a hundred requests in one write', async () => {
    const socket = await dial();
    const answer = received(socket, 1500);
    socket.write(head('GET /health/live HTTP/1.1').repeat(100));
    expect((await answer).match(/HTTP\/1\.1 200/g)).toHaveLength(100);
  });
});

describe('an address', () => {
  it.each(['http://evil.example/api/v1/tasks', 'HTTPS://me@evil.example:8443/api/v1/tasks', '/%61pi/v1/tasks'])(
    'of what was made is its path, asked as %s',
    async (address) => {
      const made = await ask('POST', address, '{"title":"A task"}');
      expect([made.status, made.location]).toEqual([201, `/api/v1/tasks/${made.body.id}`]);
    },
  );

  it.each([
    ['http://evil.example/api/v1/nowhere?x=http://evil.example/', '/api/v1/nowhere'],
    ['http://evil.example', '/'],
    ['http://evil.example?x', '/'],
    ['ftp://evil.example/%/nowhere', '/%25/nowhere'],
  ])('in a refusal is its path: %s', async (address, instance) => {
    const refused = await ask('GET', address);
    expect([refused.status, refused.body.instance]).toEqual([404, instance]);
  });
});

describe('a noisy company', () => {
  it('is told to wait, while another one is served', async () => {
    const [noisy, quiet] = [await server.company(), await server.company()];
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 5 * REQUESTS_A_MINUTE }, () => send('GET', '/me', '', by(noisy.admin.token))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(REQUESTS_A_MINUTE);
    expect(answers.filter(({ status, body }) => status === 429 && body.code === 'too_many_requests')).toHaveLength(4 * REQUESTS_A_MINUTE);
    const asked = performance.now();
    expect((await send('GET', '/me', '', by(quiet.admin.token))).status).toBe(200);
    expect(performance.now() - asked).toBeLessThan(asked - began); // than all of theirs
  });

  it('does not slow down another one while it floods the server', async () => {
    const [noisy, quiet] = [await server.company(), await server.company()];
    const over = new AbortController();
    let answers = 0;
    const flood = Array.from({ length: 20 }, async () => {
      for (; !over.signal.aborted; answers++) await send('GET', '/users', '', by(noisy.admin.token));
    });
    await until(() => answers > 2 * REQUESTS_A_MINUTE);
    /** How many of the flood were answered during each request of the other one: some 50, however busy the machine. */
    const meanwhile: number[] = [];
    for (let request = 0; request < 20; request++) {
      const before = answers;
      expect((await send('GET', '/me', '', by(quiet.admin.token))).status).toBe(200);
      meanwhile.push(answers - before);
    }
    over.abort();
    await Promise.all(flood);
    expect(meanwhile.toSorted((a, b) => a - b)[10]).toBeLessThan(5 * flood.length);
  });
});
