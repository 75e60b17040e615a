import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { TIME_GROUPINGS } from './report.dto.js';
import type { TimeGrouping } from './report.dto.js';

// Any entries of four people, summed by any groupings under any filters, against sums made by hand.

interface Entry {
  user: number;
  code: number;
  task: number | null;
  inSheet: boolean;
  day: string;
  minutes: number;
  workMode: string;
  country: string;
  deleted: boolean;
}

interface Question {
  groupBy: TimeGrouping[];
  from: string | null;
  to: string | null;
  user: number | null;
  code: number | null;
  team: number | null;
}

/** What the numbers of entries and questions stand for. */
interface World {
  company: Company;
  users: { id: string; name: string }[];
  teams: { id: string; name: string }[];
  codes: { id: string; code: string; name: string }[];
  tasks: { id: string; name: string }[];
  sheets: string[];
}

const USERS = [0, 1, 2, 3];
/** The teams of each person: one is in two teams, one in none, and one team has nobody. */
const TEAMS_OF = [[1, 2], [2], [1], []];
const CODE_TYPES = ['billable', 'non-billable', 'billable'];
const STATUSES = ['APPROVED', 'DRAFT', 'APPROVED', 'DRAFT'];

let server: TestServer;
let world: World;
beforeAll(async () => {
  server = await startTestServer();
  world = await makeWorld();
});
afterAll(() => server.stop());

/** Most questions have few filters: with all of them nothing would be left to sum. */
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const entries = fc.array(
  fc.record<Entry>({
    user: fc.nat(3),
    code: fc.nat(2),
    task: fc.constantFrom(null, 0, 1),
    inSheet: fc.boolean(),
    day: fc
      .date({ min: new Date('2024-12-20'), max: new Date('2027-01-10'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
    minutes: fc.nat(1440),
    workMode: fc.constantFrom('office', 'remote', 'hybrid'),
    country: fc.constantFrom('DE', 'FR'),
    deleted: fc.nat(4).map((n) => n === 0),
  }),
  { minLength: 10, maxLength: 60, size: 'max' },
);

const question = fc.record<Question>({
  groupBy: fc
    .subarray([...TIME_GROUPINGS], { minLength: 1, maxLength: 4 })
    .chain((some) => fc.shuffledSubarray(some, { minLength: some.length })),
  from: rarely(fc.constantFrom('2025-01-01', '2026-06-30')),
  to: rarely(fc.constantFrom('2026-07-01', '2026-12-31')),
  user: rarely(fc.nat(3)),
  code: rarely(fc.nat(2)),
  team: rarely(fc.nat(2)),
});

it('agrees with sums made by hand, as JSON and as CSV', async () => {
  await fc.assert(fc.asyncProperty(entries, fc.array(question, { minLength: 3, maxLength: 3 }), expectAgreement), {
    interruptAfterTimeLimit: 4000,
    numRuns: 200,
  });
});

async function expectAgreement(made: Entry[], questions: Question[]): Promise<void> {
  await replaceEntries(made);
  for (const asked of questions) await expectSums(made, asked);
}

async function makeWorld(): Promise<World> {
  const company = await server.company();
  const [status] = await server.sql<{ id: string }>(`SELECT id FROM user_statuses WHERE code = 'ACTIVE'`);
  const roleId = await company.roleId('Employee');
  const user = { lastName: 'L', passwordHash: '', roleId, statusId: status!.id };
  const users = await Promise.all(
    USERS.map(async (n) => ({
      id: await company.insert('users', { ...user, firstName: `F${n}`, email: `u${n}@example.com` }),
      name: `F${n} L`,
    })),
  );
  const teams = await Promise.all(['T0', 'T1', 'T2'].map((name) => company.team({ name })));
  for (const n of USERS) {
    for (const team of TEAMS_OF[n]!) await company.insert('team_members', { teamId: teams[team]!.id, userId: users[n]!.id });
  }
  const codes = await Promise.all(CODE_TYPES.map((type, n) => company.actionCode({ code: `C${n}`, type })));
  const tasks = await Promise.all(['K0', 'K1'].map(async (title) => ({ id: (await company.task({ title })).id, name: title })));
  const period = { periodStart: '2026-01-01', periodEnd: '2026-01-07' };
  const sheets = await Promise.all(
    USERS.map((n) => company.insert('timesheets', { ...period, userId: users[n]!.id, status: STATUSES[n] })),
  );
  return { company, users, teams, codes, tasks, sheets };
}

async function replaceEntries(made: Entry[]): Promise<void> {
  const { company, users, codes, tasks, sheets } = world;
  await server.sql('DELETE FROM timesheet_entries WHERE "companyId" = $1', [company.id]);
  const rows = made.map(({ user, code, task, inSheet, day, minutes, workMode, country, deleted }) => ({
    companyId: company.id,
    userId: users[user]!.id,
    actionCodeId: codes[code]!.id,
    taskId: task === null ? null : tasks[task]!.id,
    timesheetId: inSheet ? sheets[user] : null,
    day,
    durationMin: minutes,
    workMode,
    country,
    deletedAt: deleted ? new Date() : null,
  }));
  const columns = Object.keys(rows[0]!)
    .map((name) => `"${name}"`)
    .join(', ');
  await server.sql(
    `INSERT INTO timesheet_entries (${columns}, timezone) SELECT ${columns}, 'UTC' FROM json_populate_recordset(NULL::timesheet_entries, $1)`,
    [JSON.stringify(rows)],
  );
}

async function expectSums(made: Entry[], asked: Question): Promise<void> {
  const counted = made.filter((entry) => matches(entry, asked));
  const sums = sumsByHand(counted, asked);
  const path = `/reports/time?groupBy=${asked.groupBy.join(',')}${filterOf(asked)}`;
  const { body: report } = await world.company.admin.get(path);
  const answered = report.items.map(({ entries: count, totalMinutes, ...groups }: Record<string, unknown>) => [
    JSON.stringify(asked.groupBy.map((name) => groups[name])),
    [count, totalMinutes],
  ]);
  expect(answered).toHaveLength(sums.size);
  expect(Object.fromEntries(answered)).toEqual(Object.fromEntries(sums));
  expect(report.totalMinutes).toBe(counted.reduce((sum, { minutes }) => sum + minutes, 0));

  const { body: csv } = await world.company.admin.get(`${path}&format=csv`);
  const minutes = csv
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line: string) => Number(line.split(',').at(-1)));
  expect(minutes).toEqual(report.items.map(({ totalMinutes }: { totalMinutes: number }) => totalMinutes));
}

const matches = ({ deleted, day, ...entry }: Entry, { from, to, user, code, team }: Question): boolean =>
  !deleted &&
  (from === null || day >= from) &&
  (to === null || day <= to) &&
  (user === null || entry.user === user) &&
  (code === null || entry.code === code) &&
  (team === null || TEAMS_OF[entry.user]!.includes(team));

/** Number and minutes of the entries of each item, by its groupings. */
function sumsByHand(counted: Entry[], { groupBy, team: only }: Question): Map<string, [number, number]> {
  const sums = new Map<string, [number, number]>();
  for (const entry of counted) {
    const teams = TEAMS_OF[entry.user]!.filter((team) => only === null || team === only);
    for (const team of groupBy.includes('team') && teams.length > 0 ? teams : [null]) {
      const values = valuesOf(entry, team);
      const key = JSON.stringify(groupBy.map((name) => values[name]));
      const [count, minutes] = sums.get(key) ?? [0, 0];
      sums.set(key, [count + 1, minutes + entry.minutes]);
    }
  }
  return sums;
}

function valuesOf(entry: Entry, team: number | null): Record<TimeGrouping, unknown> {
  const { users, teams, codes, tasks } = world;
  return {
    user: users[entry.user],
    team: team === null ? null : teams[team],
    actionCode: codes[entry.code],
    actionCodeType: CODE_TYPES[entry.code],
    task: entry.task === null ? null : tasks[entry.task],
    day: entry.day,
    week: isoWeek(entry.day),
    month: entry.day.slice(0, 7),
    workMode: entry.workMode,
    country: entry.country,
    status: entry.inSheet ? STATUSES[entry.user] : null,
  };
}

function filterOf({ from, to, user, code, team }: Question): string {
  const { users, codes, teams } = world;
  const filters = {
    from,
    to,
    userId: user === null ? null : users[user]!.id,
    actionCodeId: code === null ? null : codes[code]!.id,
    teamId: team === null ? null : teams[team]!.id,
  };
  return Object.entries(filters)
    .map(([name, value]) => (value === null ? '' : `&${name}=${value}`))
    .join('');
}

/** By the rule: a week belongs to the year of its Thursday. */
function isoWeek(day: string): string {
  const thursday = new Date(`${day}T00:00:00Z`);
  thursday.setUTCDate(thursday.getUTCDate() - ((thursday.getUTCDay() + 6) % 7) + 3);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000));
  return `${year}-W${String(week).padStart(2, '0')}`;
}
