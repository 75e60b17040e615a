import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Client } from '../../../test/client.js';
import { PASSWORD } from '../../../test/factories.js';
import type { Company } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

const UUID = /^[\da-f-]{36}$/;

let server: TestServer;
let company: Company;
beforeAll(async () => {
  server = await startTestServer({
    CORS_ORIGINS: 'https://app.example.com',
    RATE_LIMIT_PER_MINUTE: '30',
    LOG_LEVEL: 'info',
    TRUST_PROXY: '127.0.0.1, 10.0.0.0/8',
  });
  company = await server.company();
});
afterAll(() => server.stop());

const ask = (headers: Record<string, string>) => server.app.inject({ method: 'OPTIONS', url: '/api/v1/me', headers });
const from = (origin: string) => server.anybody.get('/health/live', { origin });

describe('every answer', () => {
  it.each(['/me', '/health/live', '/docs/problems', '/openapi.json', '/metrics', '/nowhere'])('%s carries the headers', async (path) => {
    const { headers } = await server.anybody.get(path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringContaining('max-age='),
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-request-id': expect.stringMatching(UUID),
    });
  });

  it('keeps what is personal out of caches', async () => {
    expect((await company.admin.get('/me')).headers['cache-control']).toBe('no-store');
    expect((await server.anybody.get('/me')).headers['cache-control']).toBe('no-store');
    const spelled = await server.app.inject({ url: '/%61pi/v1/me', headers: { authorization: `Bearer ${company.admin.token}` } });
    expect([spelled.statusCode, spelled.headers['cache-control']]).toEqual([200, 'no-store']);
  });

  it.each([
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['198.51.100.1, 203.0.113.7:4711, 10.0.0.9:4711', '203.0.113.7'], // the last is a proxy
    ['198.51.100.1, unknown', '127.0.0.1'], // which nobody vouches for, so the proxy itself
    ['_hidden', '127.0.0.1'],
  ])('knows where a request comes from: %s', async (forwarded, ip) => {
    const { email, id } = company.admin;
    expect((await server.anybody.post('/auth/login', { email, password: PASSWORD }, { 'x-forwarded-for': forwarded })).status).toBe(200);
    const [session] = await server.sql<{ ip: string }>(
      'SELECT host(ip) AS ip FROM active_sessions WHERE "userId" = $1 ORDER BY "createdAt" DESC LIMIT 1',
      [id],
    );
    expect(session!.ip).toBe(ip);
  });

  it.each(['/health', '/health/live', '/health/ready', '/metrics', '/openapi.json'])('of %s does not mind parameters', async (path) => {
    expect((await server.anybody.get(`${path}?probe=1`)).status).toBe(200);
  });

  it('takes a sane request id and makes one else', async () => {
    expect((await server.anybody.get('/health/live', { 'x-request-id': 'trace-1:a.b' })).headers['x-request-id']).toBe('trace-1:a.b');
    for (const bad of ['a b', 'x'.repeat(129), '<script>']) {
      expect((await server.anybody.get('/health/live', { 'x-request-id': bad })).headers['x-request-id']).toMatch(UUID);
    }
  });

  it('names other origins only as configured', async () => {
    const { headers } = await from('https://app.example.com');
    expect(headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(headers['access-control-expose-headers']).toMatch(/Content-Disposition, WWW-Authenticate/);
    expect((await from('https://evil.example.com')).headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('what a browser asks first', () => {
  it('is answered with the headers of every answer', async () => {
    const { statusCode, headers } = await ask({ origin: 'https://app.example.com', 'access-control-request-method': 'PATCH' });
    expect(statusCode).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': expect.stringContaining('PATCH'),
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(UUID),
    });
  });

  it('is no plain text where it asks for nothing', async () => {
    expect((await ask({})).headers['content-type'] ?? '').not.toContain('text/plain');
  });
});

describe('a refusal', () => {
  it('is a problem document with its code, path and request id, and no word of the server', async () => {
    const { status, body, headers } = await server.anybody.get('/nowhere?secret=1');
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toEqual({
      type: '/docs/problems#not_found',
      title: 'Not found',
      status: 404,
      detail: 'Not found',
      instance: '/api/v1/nowhere',
      code: 'not_found',
      requestId: headers['x-request-id'],
    });
  });

  it('is explained at /docs/problems', async () => {
    const { body } = await server.anybody.get('/docs/problems');
    expect(body).toContain('id="not_found"');
    expect(body).toContain('id="entry_overlap"');
  });

  it('comes first for who is not signed in, whatever else is wrong', async () => {
    const employee = await company.person();
    for (const body of ['{', '{"__proto__":1}', Buffer.from([0x22, 0xc3, 0x28, 0x22]), { wrong: 1 }]) {
      expect((await server.anybody.post('/teams', body)).status).toBe(401);
      expect((await employee.post('/teams', body)).status).toBe(403);
      expect((await company.admin.post('/teams', body)).status).toBe(400);
    }
  });
});

describe('limits', () => {
  it('stop a principal that asks too much, and nobody else', async () => {
    const eager = await company.person();
    const answers = [];
    for (let request = 0; request < 31; request++) answers.push(await eager.get('/me'));
    expect(answers.slice(0, 30).every(({ status }) => status === 200)).toBe(true);
    const last = answers[30]!;
    expect([last.status, last.body.code]).toEqual([429, 'too_many_requests']);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(last.headers).toMatchObject({ 'ratelimit-limit': '30', 'ratelimit-remaining': '0' });
    expect((await (await company.person()).get('/me')).status).toBe(200);
  });
});

describe('a record', () => {
  it('answers a conditional GET, and refuses a stale change', async () => {
    const { body: team, headers } = await company.admin.post('/teams', { name: 'Conditional' });
    const path = `/teams/${team.id as string}`;
    expect(headers.location).toBe(`/api/v1${path}`);
    expect(headers.etag).toBe('"1"');
    const unchanged = await company.admin.get(path, { 'if-none-match': '"1"' });
    expect([unchanged.status, unchanged.body, unchanged.headers.etag]).toEqual([304, '', '"1"']);
    expect((await company.admin.patch(path, { name: 'Changed' }, { 'if-match': '"1"' })).headers.etag).toBe('"2"');
    const stale = await company.admin.patch(path, { name: 'Stale' }, { 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    expect((await company.admin.patch(path, { name: 'Any' }, { 'if-match': '*' })).status).toBe(200);
    for (const malformed of ['1', 'W/"3"', '"a"', '']) {
      expect((await company.admin.patch(path, { name: 'X' }, { 'if-match': malformed })).status).toBe(400);
    }
  });
});

describe('the log', () => {
  it('tells requests by their template and never who, what or with which secret', async () => {
    const { email, token } = company.admin;
    await server.anybody.post('/auth/login', { email, password: 'canary of a password' });
    await company.admin.get('/users?q=canary-of-a-search');
    await company.admin.get('/teams/3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10');
    const lines = JSON.stringify(server.log);
    expect(lines).toContain('/api/v1/teams/:id');
    for (const canary of [email, token!, 'canary', '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10', 'Ada']) expect(lines).not.toContain(canary);
  });
});

describe('health and metrics', () => {
  it('tell that all is well, with the version', async () => {
    const { status, body } = await server.anybody.get('/health');
    expect([status, body.status, body.version]).toEqual([200, 'ok', expect.stringMatching(/^\d+\.\d+\.\d+/)]);
    expect(body.details).toMatchObject({ database: { status: 'up' }, migrations: { status: 'up' } });
  });

  it('stay ready while all connections are at work', async () => {
    expect((await server.anybody.get('/health/ready')).status).toBe(200);
    const dataSource = server.app.get(DataSource);
    const runners = Array.from({ length: server.config.poolSize }, () => dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => runner.connect()));
    expect((await server.anybody.get('/health/ready')).status).toBe(200);
    await Promise.all(runners.map((runner) => runner.release()));
  });

  it('say when the schema is behind', async () => {
    const [removed] = await server.sql<{ name: string }>(
      `DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations) RETURNING name`,
    );
    const ready = await server.anybody.get('/health/ready');
    await server.sql('INSERT INTO migrations (timestamp, name) VALUES (0, $1)', [removed!.name]);
    expect([ready.status, ready.body.error.migrations.pending]).toEqual([503, [removed!.name]]);
    expect((await server.anybody.get('/health/live')).status).toBe(200);
  });

  it('say when the login may not look', async () => {
    const replica = await server.secondReplica();
    await server.sql('REVOKE USAGE ON SCHEMA public FROM PUBLIC, ncy8_application');
    const ready = await new Client(replica).get('/health/ready');
    await server.sql('GRANT USAGE ON SCHEMA public TO PUBLIC, ncy8_application');
    expect([ready.status, ready.body.info.database, ready.body.error.migrations]).toEqual([
      503,
      { status: 'up' },
      { status: 'down', message: 'DB_USERNAME may not read them: run `npm run db:bootstrap`' },
    ]);
  });

  it('count requests by the template of the route', async () => {
    await company.admin.get('/me');
    const { body } = await server.anybody.get('/metrics');
    expect(body).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/me",status="200"\} \d+/);
    expect(body).toContain('ncy8_build_info{');
  });
});
