import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Company } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

const POOL = 4;
const PLACES = POOL / 2; // of one company

let server: TestServer;
let origin: string;
let noisy: Company;
let quiet: Company;

beforeAll(async () => {
  server = await startTestServer({ DB_POOL_SIZE: String(POOL) });
  await server.app.listen(0, '127.0.0.1');
  origin = `http://127.0.0.1:${(server.app.getHttpServer().address() as AddressInfo).port}/api/v1`;
  [noisy, quiet] = [await server.company(), await server.company()];
});
afterAll(() => server.stop());

/** Over a connection of its own. */
async function ask({ admin }: Company, path: string) {
  const answer = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${admin.token}` } });
  const { code } = (await answer.json()) as { code?: string };
  return { status: answer.status, code, retryAfter: answer.headers.get('retry-after') };
}

const ask20 = (path: string, told = () => {}) => Promise.all(Array.from({ length: 20 }, () => ask(noisy, path).finally(told)));

/** While every timesheet is out of reach. */
const locked = <T>(does: () => Promise<T>): Promise<T> =>
  server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE timesheets IN ACCESS EXCLUSIVE MODE');
    return does();
  });

it('a company whose requests are stuck is told to come back, and another one is served', async () => {
  const flood = await locked(async () => {
    let told = 0;
    const answers = ask20('/timesheets', () => told++);
    await server.untilSomebodyWaits(PLACES);
    for (let request = 0; request < 3; request++) expect((await ask(quiet, '/teams')).status).toBe(200);
    expect([await server.lockWaits(), told]).toEqual([PLACES, 0]); // without places of its own it would have come after them, if at all
    return answers;
  });
  for (const answer of flood) expect(answer).toMatchObject({ status: 503, code: 'service_unavailable', retryAfter: '1' });
  const logged = server.log.filter(({ msg }) => msg === 'service_unavailable');
  const [errors, warnings] = [50, 40].map((level) => logged.filter((line) => line.level === level));
  for (const error of errors!) expect(error).toMatchObject({ err: { message: 'database error 55P03' } }); // not for those who only waited
  expect(warnings![0]).toMatchObject({ detail: 'Too many requests of this company at once', refused: 1 });
  const times = warnings!.map(({ time }) => Date.parse(String(time)));
  for (const [index, time] of times.slice(1).entries()) expect(time - times[index]!).toBeGreaterThan(990);
});

it('afterwards it has as many places as before, and they do the work of all that it asks', async () => {
  const answers = await locked(async () => {
    const all = ask20('/timesheets');
    await server.untilSomebodyWaits(PLACES);
    expect((await ask(quiet, '/teams')).status).toBe(200);
    expect(await server.lockWaits()).toBe(PLACES);
    return [all];
  });
  for (const { status } of await answers[0]!) expect(status).toBe(200);
  expect(await server.lockWaits()).toBe(0);
});
