import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { isTimeZone } from './fields.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it.each(['CET', 'MET', 'EET', 'WET', 'Cet', 'EEt', 'EST', 'EST5EDT', 'Europe/Berlin', 'America/Panama'])(
  'days of the zone %s begin when they do there',
  async (timezone) => {
    const company = await server.company({ timezone });
    for (const month of ['01', '07']) {
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
  },
);

it.each(['AET', 'IST', 'PST', 'pst', 'SystemV/PST8', 'US/Pacific-New', '+01:00', 'Factory'])('%s is no zone of IANA', (name) => {
  expect(isTimeZone(name)).toBe(false);
});

/** Milliseconds that clocks there are ahead of UTC. */
function offsetOf(timeZone: string, instant: string): number {
  const there = new Date(instant).toLocaleString('sv-SE', { timeZone });
  return Date.parse(`${there.replace(' ', 'T')}Z`) - Date.parse(instant);
}
