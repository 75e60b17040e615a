import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Documented } from '../../../test/documented-answers.js';
import { FuzzRequests } from '../../../test/fuzz-requests.js';
import type { FuzzDocument } from '../../../test/fuzz-requests.js';
import { KNOWN, World } from '../../../test/fuzz-world.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 25);
const SEED = Number(process.env.FUZZ_SEED ?? 20_260_302);
const SHRINKING_MS = 30_000;
const BATCH = 60; // sequences; then the log is looked at, and sometimes two new companies begin

let server: TestServer;
let world: World;
let requests: FuzzRequests;

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'warn' });
  const { body } = await server.anybody.get('/openapi.json');
  world = await World.of(server, body as Documented);
  requests = new FuzzRequests(body as FuzzDocument, KNOWN);
});
afterAll(() => server.stop());

/** A finding is told by the shortest requests that still show it. */
async function batch(seed: number): Promise<void> {
  const property = fc.asyncProperty(requests.sequence(), async (plans) => {
    for (const plan of plans) await world.send(plan);
  });
  const result = await fc.check(property, { seed, numRuns: BATCH, interruptAfterTimeLimit: SECONDS * 1000 + SHRINKING_MS });
  const errors = server.log.splice(0).filter(({ level }) => Number(level) >= 50 || level === 'error');
  if (result.failed) throw new Error(`FUZZ_SEED=${seed}: ${(result.errorInstance as Error | null)?.message ?? 'interrupted'}`);
  if (errors.length > 0) throw new Error(`FUZZ_SEED=${seed}: logged ${JSON.stringify(errors[0])}`);
}

it(
  'no request makes the server fail, answer what is not documented, or tell of another company',
  async () => {
    const end = performance.now() + SECONDS * 1000;
    const isTooLittle = () => world.reached.size <= requests.operations.length / 2 && performance.now() < end + SHRINKING_MS;
    let count = 0;
    for (; performance.now() < end || isTooLittle(); count++) {
      if (count % 20 === 19) await world.begin();
      await batch(SEED + count);
    }
    const statuses = [...world.statuses].toSorted(([a], [b]) => a - b).map(([status, times]) => `${times} x ${status}`);
    const missed = requests.operations.map(({ method, path }) => `${method} ${path}`).filter((name) => !world.reached.has(name));
    process.stderr.write(
      `fuzz: seeds ${SEED} to ${SEED + count - 1}, ${world.requests} requests (${statuses.join(', ')}), ${world.reached.size} of ${requests.operations.length} operations answered 2xx${missed.length > 0 && missed.length < 15 ? `, not ${missed.join(', ')}` : ''}\n`,
    );
    expect(world.reached.size).toBeGreaterThan(requests.operations.length / 2);
  },
  SECONDS * 1000 + 4 * SHRINKING_MS,
);
