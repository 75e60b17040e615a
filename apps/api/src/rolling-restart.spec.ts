import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Company } from '../../../test/factories.js';
import { ServerProcess } from '../../../test/server-process.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;
let company: Company;
const running = new Set<ServerProcess>();

/** Asks each replica every 50 ms whether it is ready, as a load balancer does, and sends requests to those that are, in turn. */
class Balancer {
  private ready: ServerProcess[] = [];
  private turn = 0;
  private isStopped = false;
  private readonly watching = this.watch();

  get size(): number {
    return this.ready.length;
  }

  async send(method: string, path: string, body?: object): Promise<number> {
    while (this.ready.length === 0) await sleep(20); // a busy machine asks late
    const { api } = this.ready[this.turn++ % this.ready.length]!;
    const answer = await fetch(api + path, {
      method,
      headers: { authorization: `Bearer ${company.admin.token!}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.watching;
  }

  private async watch(): Promise<void> {
    while (!this.isStopped) {
      const states = await Promise.all([...running].map(async (replica) => ((await isReady(replica)) ? [replica] : [])));
      this.ready = states.flat();
      await sleep(50);
    }
  }
}

const isReady = ({ api }: ServerProcess): Promise<boolean> =>
  fetch(new URL('/health/ready', api)).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );

/** It drains for much longer than the balancer needs to notice, on a busy machine too. */
async function start(): Promise<ServerProcess> {
  const replica = await ServerProcess.start(server, { DRAIN_MS: '3000' });
  running.add(replica);
  return replica;
}

async function stop(replica: ServerProcess): Promise<number | null> {
  const code = await replica.end('SIGTERM');
  running.delete(replica);
  return code;
}

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(async () => {
  await Promise.all([...running].map((replica) => replica.end('SIGKILL')));
  await server.stop();
});

it('of two replicas under load loses no request', async () => {
  const old = [await start(), await start()];
  const balancer = new Balancer();
  while (balancer.size < 2) await sleep(20);

  const statuses = new Map<number | string, number>();
  const stopping = new AbortController();
  const client = async (number: number) => {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const sent = n % 3 === 0 ? balancer.send('POST', '/teams', { name: `${number}-${n}` }) : balancer.send('GET', '/teams');
      const status = await sent.catch((error: unknown) => String((error as { cause?: unknown }).cause));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const clients = Promise.all([1, 2, 3, 4, 5, 6].map(client));

  const codes: (number | null)[] = [];
  try {
    for (const replica of old) {
      const next = await start();
      while (!(await isReady(next))) await sleep(20);
      codes.push(await stop(replica));
    }
    await sleep(200);
  } finally {
    stopping.abort();
    await clients;
    await balancer.stop();
  }
  expect(codes).toEqual([0, 0]);

  expect([...statuses.keys()].toSorted((a, b) => Number(a) - Number(b))).toEqual([200, 201]);
  expect(statuses.get(201)).toBeGreaterThan(20);
  const [row] = await server.sql<{ made: string }>('SELECT count(*) AS made FROM teams WHERE "companyId" = $1', [company.id]);
  expect(Number(row!.made)).toBe(statuses.get(201));
});
