import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { isTimeZone } from './fields.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const ZONES = ['CET', 'MET', 'EET', 'WET', 'Cet', 'EEt', 'EST', 'EST5EDT', 'Europe/Berlin', 'America/Panama'];
/** Of these, tables of zones know other rules, the older they are. */
const CHANGED_LATELY = ['Africa/Casablanca', 'Africa/El_Aaiun', 'America/Edmonton'];

it.each([...ZONES, ...CHANGED_LATELY])('days of the zone %s begin when they do there', async (timezone) => {
  const company = await server.company({ timezone });
  for (const month of ['01', '07', '12']) {
    const midnight = Date.parse(`2026-${month}-02T00:00:00Z`) - offsetOf(timezone, `2026-${month}-02T00:00:00Z`);
    for (const [action, at] of [
      [`before_${month}`, midnight - 1000],
      [`after_${month}`, midnight],
    ] as const) {
      await server.sql(`INSERT INTO audit_logs ("companyId", action, "targetType", "occurredAt") VALUES ($1, $2, 'Probe', $3)`, [
        company.id,
        action,
        new Date(at),
      ]);
    }
    const { body } = await company.admin.get(`/audit-logs?from=2026-${month}-02&to=2026-${month}-02`);
    expect(body.items.map(({ action }: { action: string }) => action)).toEqual([`after_${month}`]);
  }
});

it('days of a company that is erased meanwhile are those of nobody who is signed in', async () => {
  const { admin, id } = await server.company();
  expect((await admin.get('/audit-logs?from=2026-03-02')).status).toBe(200);
  await server.database.as('superuser', async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE company_settings');
    const asked = admin.get('/audit-logs?from=2026-03-02');
    await server.untilSomebodyWaits();
    await client.query('DELETE FROM company_settings WHERE "companyId" = $1', [id]);
    await client.query('COMMIT');
    expect((await asked).body.code).toBe('not_signed_in');
  });
});

it.each(CHANGED_LATELY)('where a day of %s meets an instant, the same clocks tell which is first', async (timezone) => {
  const { admin } = await server.company({ timezone });
  const midnight = Date.parse('2026-12-02T00:00:00Z') - offsetOf(timezone, '2026-12-02T00:00:00Z');
  const [before, at] = [midnight - 1, midnight].map((instant) => new Date(instant).toISOString());
  const statuses = [
    `from=2026-12-02&to=${at}`,
    `from=2026-12-02&to=${before}`,
    `from=${before}&to=2026-12-01`,
    `from=${at}&to=2026-12-01`,
  ].map(async (range) => (await admin.get(`/audit-logs?${range}`)).status);
  expect(await Promise.all(statuses)).toEqual([200, 400, 200, 400]);
});

it.each([
  ['Atlantic/Azores', '2026-10-25', '2026-10-25T00:00:00Z', 'comes twice'],
  ['America/Havana', '2026-11-01', '2026-11-01T04:00:00Z', 'comes twice'],
  ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00Z', 'is left out'],
])('a day of %s begins with the first midnight, or where it is left out with what comes instead: %s', async (timezone, day, start) => {
  const company = await server.company({ timezone });
  for (const [action, at] of [
    ['before', Date.parse(start) - 1],
    ['first', Date.parse(start)],
  ] as const)
    await server.sql(`INSERT INTO audit_logs ("companyId", action, "targetType", "occurredAt") VALUES ($1, $2, 'Probe', $3)`, [
      company.id,
      action,
      new Date(at),
    ]);
  const { body } = await company.admin.get(`/audit-logs?targetType=Probe&from=${day}&to=${day}`);
  expect(body.items.map(({ action }: { action: string }) => action)).toEqual(['first']);
});

it('takes instants to the millisecond', async () => {
  const { id, admin } = await server.company();
  await server.sql(`INSERT INTO audit_logs ("companyId", action, "targetType", "occurredAt") VALUES ($1, 'made', 'Probe', $2)`, [
    id,
    '2026-03-02T08:00:00.123456Z',
  ]);
  const { body } = await admin.get('/audit-logs?targetType=Probe');
  const { occurredAt } = body.items[0];
  expect((await admin.get(`/audit-logs?targetType=Probe&from=${occurredAt}&to=${occurredAt}`)).body.items).toEqual(body.items);
});

it.each(['AET', 'IST', 'PST', 'pst', 'SystemV/PST8', 'US/Pacific-New', '+01:00', 'Factory'])('%s is no zone of IANA', (name) => {
  expect(isTimeZone(name)).toBe(false);
});

/** Milliseconds that clocks there are ahead of UTC. */
function offsetOf(timeZone: string, instant: string): number {
  const there = new Date(instant).toLocaleString('sv-SE', { timeZone });
  return Date.parse(`${there.replace(' ', 'T')}Z`) - Date.parse(instant);
}
