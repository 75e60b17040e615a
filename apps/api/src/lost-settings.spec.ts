import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ConfigError } from '#core';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { start } from './start.js';

const LIMITS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

let server: TestServer;
/** What the pooler keeps to itself of a connection's settings. */
let ignored: string[];
const pooler = createServer((socket: Socket) => {
  const { host, port } = server.database.address('application');
  const upstream = connect(port, host);
  for (const end of [socket, upstream]) end.on('error', () => undefined);
  socket.once('data', (startup) => {
    upstream.write(without(startup));
    socket.pipe(upstream);
  });
  upstream.pipe(socket);
  socket.once('close', () => upstream.destroy());
});

/** The first message of a connection: its length, the version of the protocol, names and values. */
function without(startup: Buffer): Buffer {
  const words = startup.subarray(8, -2).toString().split('\0');
  const pairs = words.flatMap((name, place) => (place % 2 === 0 && !ignored.includes(name) ? `${name}\0${words[place + 1]}\0` : []));
  const rest = Buffer.from(`${pairs.join('')}\0`);
  const head = Buffer.from(startup.subarray(0, 8));
  head.writeInt32BE(head.length + rest.length);
  return Buffer.concat([head, rest]);
}

beforeAll(async () => {
  server = await startTestServer();
  await setAll({ TimeZone: 'UTC' }); // as most servers have it: nothing shows there
  await once(pooler.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  pooler.close();
  await server.stop();
});

async function setAll(settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) await server.sql(`ALTER DATABASE ${server.database.name} SET ${name} = '${value}'`);
}

function startBehindPooler() {
  const { port } = pooler.address() as AddressInfo;
  const env = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent', DB_HOST: '127.0.0.1', DB_PORT: String(port) };
  return start(server.config.with(env), new AbortController().signal);
}

it.each([...LIMITS.map((name) => [name, `${name} "0"`]), ['options', 'plan_cache_mode "auto"']])(
  'the start is refused in a line behind a pooler that ignores %s',
  async (name, told) => {
    ignored = [name];
    const refused = (await startBehindPooler().catch((error: unknown) => error)) as Error;
    expect(refused).toBeInstanceOf(ConfigError);
    expect(refused.message).toBe(
      `the database's sessions have ${told}: a pooler that ignores the settings of a connection needs them on the role, see docs/OPERATIONS.md`,
    );
  },
);

it('behind one that ignores all of them they are set in the database', async () => {
  ignored = [...LIMITS, 'options'];
  await setAll({
    plan_cache_mode: 'force_generic_plan',
    statement_timeout: '30s',
    lock_timeout: '5s',
    idle_in_transaction_session_timeout: '15s',
  });
  const running = await startBehindPooler();
  expect(running.addresses[0]).toMatch(/^API /);
  await running.stop();
});
