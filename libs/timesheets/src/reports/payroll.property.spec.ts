import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

// Any time and leave of three people in any range, against sums made by hand.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
});
afterAll(() => server.stop());

interface Work {
  person: number;
  day: number;
  minutes: number;
  isApproved: boolean;
}

interface Leave {
  gap: number;
  days: number;
  type: 'PTO' | 'SICK' | 'UNPAID';
  status: 'APPROVED' | 'PENDING' | 'CANCELLED';
  start: 'full' | 'afternoon';
  end: 'full' | 'morning';
  /** Whether it was counted day by day at its approval, under a work week and holidays that have changed since. */
  isFrozen: boolean;
}

const FIRST = Date.parse('2025-12-01');
const dayAt = (n: number): string => new Date(FIRST + n * 86_400_000).toISOString().slice(0, 10);
const PEOPLE = [0, 1, 2];
const LAST = 120;
const KINDS = { PTO: 'ptoDays', SICK: 'sickDays', UNPAID: 'unpaidDays' } as const;

/** Under the work week that was. */
const wasWorked = (day: string): boolean => [1, 2, 4, 5].includes(new Date(day).getUTCDay());

const minutesOf = (list: Work[]): number => list.reduce((sum, { minutes }) => sum + minutes, 0);

const work = fc.record<Work>({ person: fc.nat(2), day: fc.nat(LAST), minutes: fc.nat(1440), isApproved: fc.boolean() });
const request = fc.record<Leave>({
  gap: fc.nat(15),
  days: fc.nat(12),
  type: fc.constantFrom('PTO', 'SICK', 'UNPAID'),
  status: fc.constantFrom('APPROVED', 'APPROVED', 'APPROVED', 'PENDING', 'CANCELLED'),
  start: fc.constantFrom('full', 'full', 'afternoon'),
  end: fc.constantFrom('full', 'full', 'morning'),
  isFrozen: fc.boolean(),
});

it('agrees with sums made by hand, as JSON and as CSV', async () => {
  const company = await server.company();
  await company.admin.patch('/company/settings', {
    holidayCalendar: 'DE-BY',
    workWeek: { monday: [9, 17], tuesday: [9, 17], wednesday: [9, 13], saturday: [10, 14] },
  });
  const years = await Promise.all([2025, 2026].map((year) => company.admin.get(`/company/holidays?year=${year}`)));
  const holidays = new Set<string>(years.flatMap(({ body }) => body.items.map(({ date }: { date: string }) => date)));
  const isWorked = (day: string) => [1, 2, 3, 6].includes(new Date(day).getUTCDay()) && !holidays.has(day);
  const people = await Promise.all(PEOPLE.map((n) => company.person({ firstName: 'P', lastName: String(n) })));
  const { id: actionCodeId } = await company.actionCode();
  const sheets = await Promise.all(
    people.map(({ id: userId }) =>
      company.insert('timesheets', { userId, periodStart: '2020-01-01', periodEnd: '2020-01-01', status: 'APPROVED' }),
    ),
  );

  async function write(entries: Work[], requests: Leave[][]): Promise<void> {
    await server.sql('DELETE FROM timesheet_entries WHERE "companyId" = $1', [company.id]);
    await server.sql('DELETE FROM leave_requests WHERE "companyId" = $1', [company.id]);
    for (const { person, day, minutes, isApproved } of entries) {
      await company.insert('timesheet_entries', {
        userId: people[person]!.id,
        timesheetId: isApproved ? sheets[person] : null,
        actionCodeId,
        country: 'DE',
        timezone: 'UTC',
        durationMin: minutes,
        day: dayAt(day),
      });
    }
    for (const [person, list] of requests.entries())
      for (const one of placed(list))
        await company.insert('leave_requests', { userId: people[person]!.id, startDate: one.from, endDate: one.to, ...one.columns });
  }

  /** One behind the other, so that none overlap. */
  function placed(list: Leave[]) {
    let next = 0;
    return list.map(({ gap, days, type, status, start, end, isFrozen }) => {
      const [first, last] = [next + gap, next + gap + days];
      next = last + 1;
      const halves = days > 0 ? [start, end] : start === 'full' ? [end, end] : [start, start];
      const count = (n: number) =>
        (isFrozen ? wasWorked : isWorked)(dayAt(n))
          ? (n === first && halves[0] !== 'full') || (n === last && halves[1] !== 'full')
            ? 0.5
            : 1
          : 0;
      const costs = Array.from({ length: days + 1 }, (_, n) => ({ day: dayAt(first + n), cost: count(first + n) }));
      const workingDays = status === 'APPROVED' ? costs.reduce((sum, { cost }) => sum + cost, 0) : null;
      const countedDays = isFrozen
        ? JSON.stringify(costs.map(({ day, cost }) => ({ day, counted: cost, reason: 'as counted then' })))
        : null;
      const columns = { leaveType: type, status, startPortion: halves[0], endPortion: halves[1], workingDays, countedDays };
      return { from: dayAt(first), to: dayAt(last), columns, costs };
    });
  }

  const agreement = async (entries: Work[], requests: Leave[][], a: number, b: number): Promise<void> => {
    await write(entries, requests);
    const [from, to] = [dayAt(Math.min(a, b)), dayAt(Math.max(a, b))];
    const inside = (day: string) => from <= day && day <= to;
    const expected = PEOPLE.map((n) => {
      const own = entries.filter(({ person, day }) => person === n && inside(dayAt(day)));
      const sums = { ptoDays: 0, sickDays: 0, unpaidDays: 0 };
      for (const { columns, costs } of placed(requests[n]!)) {
        if (columns.status !== 'APPROVED') continue;
        for (const { day, cost } of costs) if (inside(day)) sums[KINDS[columns.leaveType]] += cost;
      }
      return { workedMinutes: minutesOf(own), approvedMinutes: minutesOf(own.filter(({ isApproved }) => isApproved)), ...sums };
    });
    const { items } = (await company.admin.get(`/reports/payroll?from=${from}&to=${to}`)).body;
    const told = items.filter(({ user }: { user: { id: string } }) => user.id !== company.admin.id);
    expect(told.map(({ user: _, ...figures }: { user: unknown }) => figures)).toEqual(expected);
    const csv = await company.admin.get(`/reports/payroll?from=${from}&to=${to}&format=csv`);
    const lines = csv.body.trimEnd().split('\r\n').slice(1, 4);
    expect(lines.map((line: string) => line.split(',').slice(3).map(Number))).toEqual(expected.map((figures) => Object.values(figures)));
  };

  await fc.assert(
    fc.asyncProperty(
      fc.array(work, { maxLength: 30 }),
      fc.tuple(...PEOPLE.map(() => fc.array(request, { maxLength: 6 }))),
      fc.nat(LAST),
      fc.nat(LAST),
      agreement,
    ),
    { interruptAfterTimeLimit: 4000, numRuns: 100 },
  );
});
