import { createConnection } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { statementsOf } from '../../../../test/unscoped.js';

const PAGES = 8;
const CLIENTS = 12; // more than there are connections

let server: TestServer;
let company: Company;
let port: number;

/** How often the large table was read. */
let reads = 0;
const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
function counted(this: pg.Client, ...args: unknown[]) {
  if (statementsOf(args[0]).some(({ text }) => text.includes('JOIN audit_logs x'))) reads++;
  return original.apply(this, args);
}

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  await server.sql(
    `INSERT INTO audit_logs ("companyId", action, "targetType", "userId", before)
     SELECT $1, 'made', 'User', $2, jsonb_build_object('note', (SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, 60) i))
     FROM generate_series(1, ${PAGES * 1000}) n`,
    [company.id, company.admin.id],
  );
  pg.Client.prototype.query = counted as typeof pg.Client.prototype.query;
  await server.app.listen(0, '127.0.0.1');
  port = (server.app.getHttpServer().address() as AddressInfo).port;
});
afterAll(async () => {
  pg.Client.prototype.query = original as typeof pg.Client.prototype.query;
  await server.stop();
});

/** Asks over a socket and reads the beginning of the answer only, so many bytes and some. */
function begin(query: string, bytes = 1) {
  const socket = createConnection(port, '127.0.0.1');
  socket.write(`GET /api/v1/me/personal-data${query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${company.admin.token}\r\n\r\n`);
  return new Promise<typeof socket>((resolve, reject) => {
    let left = bytes;
    const take = (part: Buffer) => {
      left -= part.length;
      if (left <= 0) resolve(socket.pause().off('data', take));
    };
    socket.once('error', reject).on('data', take);
  });
}

const busy = () =>
  server.sql(
    `SELECT state, query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'`,
  );

/** Waits until the server has read nothing more for two seconds, and holds no transaction. @returns how often it has read */
async function quiet(): Promise<number> {
  for (;;) {
    const before = reads;
    await sleep(2000);
    if (reads === before && (await busy()).length === 0) return before;
  }
}

it.each(['', '?format=zip'])('a client that does not read on makes the server wait, without a transaction (%s)', async (query) => {
  const start = reads;
  const socket = await begin(query);
  expect((await quiet()) - start).toBeLessThan(PAGES);
  socket.destroy();
});

it('a client that reads on gets the rest', async () => {
  const socket = await begin('');
  await quiet();
  let size = 0;
  await new Promise((whole) => {
    let end = '';
    socket.on('data', (part: Buffer) => {
      size += part.length;
      end = (end + part.toString('latin1')).slice(-5);
      if (end === '0\r\n\r\n') whole(true);
    });
    socket.resume();
  });
  socket.destroy();
  expect(size).toBeGreaterThan(PAGES * 1000 * 1920);
});

it.each(['', '?format=zip'])('a client that hangs up leaves nothing behind (%s)', async (query) => {
  const start = reads;
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => begin(query, 200_000)));
  expect(reads - start).toBeGreaterThanOrEqual(CLIENTS); // each is in the middle of the large table
  for (const socket of sockets) socket.destroy();
  expect((await quiet()) - start).toBeLessThan(CLIENTS * PAGES);
  expect(await busy()).toEqual([]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => company.admin.get('/me')));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
});
