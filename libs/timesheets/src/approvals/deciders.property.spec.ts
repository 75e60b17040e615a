import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ApproverPolicy } from '#companies';
import { Query, UnitOfWork } from '#core';
import type { Principal } from '#rbac';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { decidable, mayDecide, POLICY } from '../timesheet.policy.js';
import { TimesheetRepository } from '../timesheet.repository.js';
import { DECIDERS } from './timesheet-approvers.js';

// Who decides a timesheet is asked in three ways: of one caller and one timesheet, of a caller's list, and of a timesheet that asks its
// deciders. In any small company they agree.

interface Someone {
  status: 'ACTIVE' | 'SUSPENDED';
  isDeleted: boolean;
  /** Has a role with `approve_timesheet`. */
  holds: boolean;
  /** Calls with an API key for own data only. */
  ownOnly: boolean;
}

interface Team {
  isDeleted: boolean;
  /** Of each of the people. */
  roles: ('member' | 'lead' | null)[];
}

/** Of one of the people. */
interface Sheet {
  status: 'DRAFT' | 'SUBMITTED' | 'APPROVED';
  /** The company's while there is none. */
  policy: ApproverPolicy | null;
  approvals: ('PENDING' | 'APPROVED' | null)[];
}

interface World {
  policy: ApproverPolicy;
  people: Someone[];
  teams: Team[];
  /** Of each of the people, who of them is listed. */
  lists: boolean[][];
  sheets: Sheet[];
}

const PEOPLE = [0, 1, 2, 3];

const each = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(value, { minLength: PEOPLE.length, maxLength: PEOPLE.length });
const mostly = <T>(usual: T, other: T): fc.Arbitrary<T> => fc.constantFrom(usual, usual, usual, other);
const policy = fc.constantFrom<ApproverPolicy>('manager_of_user', 'role_manager', 'explicit', 'explicit');

const world = fc.record<World>({
  policy,
  people: each(
    fc.record<Someone>({
      status: mostly<Someone['status']>('ACTIVE', 'SUSPENDED'),
      isDeleted: mostly(false, true),
      holds: fc.boolean(),
      ownOnly: mostly(false, true),
    }),
  ),
  teams: fc.array(
    fc.record<Team>({ isDeleted: mostly(false, true), roles: each(fc.constantFrom<Team['roles'][number]>('member', 'lead', null)) }),
    { minLength: 2, maxLength: 2 },
  ),
  lists: each(each(mostly(false, true))),
  sheets: each(
    fc.record<Sheet>({
      status: fc.constantFrom<Sheet['status']>('SUBMITTED', 'SUBMITTED', 'DRAFT', 'APPROVED'),
      policy: fc.option(policy),
      approvals: each(fc.constantFrom<Sheet['approvals'][number]>('PENDING', 'APPROVED', null)),
    }),
  ),
});

let server: TestServer;
let company: Company;
let userIds: string[];
let roleIds: { holder: string; other: string };

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  userIds = (await Promise.all(PEOPLE.map(() => company.person({ status: 'INVITED' })))).map(({ id }) => id);
  roleIds = { holder: await company.role(['approve_timesheet']), other: await company.role([]) };
  await server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [
    company.admin.id,
  ]);
});
afterAll(() => server?.stop());

/** @returns the ids of the timesheets */
async function make({ policy: companyPolicy, people, teams, lists, sheets }: World): Promise<string[]> {
  for (const table of ['timesheets', 'user_approvers', 'team_members', 'teams'])
    await server.sql(`DELETE FROM ${table} WHERE "companyId" = $1`, [company.id]);
  await server.sql('UPDATE company_settings SET "timesheetApproverPolicy" = $2 WHERE "companyId" = $1', [company.id, companyPolicy]);
  for (const [n, { status, isDeleted, holds }] of people.entries())
    await server.sql(
      'UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = $2), "deletedAt" = $3, "roleId" = $4 WHERE id = $1',
      [userIds[n], status, isDeleted ? new Date() : null, holds ? roleIds.holder : roleIds.other],
    );
  const madeTeams = teams.map((team) => ({ ...team, id: randomUUID() }));
  const madeSheets = sheets.map((sheet) => ({ ...sheet, id: randomUUID() }));
  await insert(
    'teams',
    madeTeams.map(({ id, isDeleted }) => ({ id, name: id, deletedAt: isDeleted ? new Date() : null })),
  );
  await insert(
    'team_members',
    madeTeams.flatMap(({ id: teamId, roles }) => roles.flatMap((role, n) => (role ? { teamId, userId: userIds[n], role } : []))),
  );
  await insert(
    'user_approvers',
    lists.flatMap((list, n) => list.flatMap((isListed, m) => (isListed ? { userId: userIds[n], approverId: userIds[m] } : []))),
  );
  const period = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };
  await insert(
    'timesheets',
    madeSheets.map(({ id, status, policy: roundPolicy }, n) => ({ id, userId: userIds[n], ...period, status, roundPolicy, round: 1 })),
  );
  await insert(
    'timesheet_approvals',
    madeSheets.flatMap(({ id: timesheetId, approvals }) =>
      approvals.flatMap((status, n) => (status ? { timesheetId, approverId: userIds[n], status, round: 1 } : [])),
    ),
  );
  return madeSheets.map(({ id }) => id);
}

async function insert(table: string, rows: object[]): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0]!)
    .map((name) => `"${name}"`)
    .join(', ');
  await server.sql(
    `INSERT INTO ${table} ("companyId", ${columns}) SELECT $1, ${columns} FROM json_populate_recordset(NULL::${table}, $2)`,
    [company.id, JSON.stringify(rows)],
  );
}

const ASKED = `
  WITH sheets AS (SELECT t.id, t."userId", ${POLICY} AS policy, NULL::uuid AS leaving FROM timesheets t WHERE t."companyId" = $1)
  SELECT d.* FROM (${DECIDERS}) d`;

const principal = (userId: string, { holds, ownOnly }: Someone): Principal => ({
  companyId: company.id,
  userId,
  sessionId: null,
  permissions: new Set(holds && !ownOnly ? ['approve_timesheet'] : []),
  mustChangePassword: false,
  ownOnly,
});

/** Which of the timesheets the caller decides, one by one and as a list. */
async function decided(caller: Principal, ids: string[]): Promise<{ one: string[]; list: string[] }> {
  const [work, timesheets] = [server.app.get(UnitOfWork), server.app.get(TimesheetRepository, { strict: false })];
  const sheets = await Promise.all(ids.map((id) => timesheets.get(caller, id)));
  const { text, values } = decidable(new Query('SELECT t.id FROM timesheets t WHERE t."companyId" = $1'), caller).page('t.id', 9);
  return {
    one: sheets.flatMap((sheet) => (mayDecide(caller, sheet) ? sheet.id : [])).toSorted(),
    list: (await work.query<{ id: string }>(text, values)).map(({ id }) => id),
  };
}

async function expectAgreement(made: World): Promise<void> {
  const ids = await make(made);
  const work = server.app.get(UnitOfWork);
  await work.within({ companyId: company.id, userId: null }, async () => {
    const asked = await work.query<{ timesheetId: string; approverId: string }>(ASKED);
    const isUndecided = (id: string) => !hasApproval(made.sheets[ids.indexOf(id)]!);
    const present = [...made.people.entries()].filter(([, { isDeleted, status }]) => !isDeleted && status === 'ACTIVE');
    for (const [n, someone] of present) {
      const { one, list } = await decided(principal(userIds[n]!, someone), ids);
      expect(one).toEqual(list);
      const asks = someone.ownOnly ? [] : asked.filter(({ approverId }) => approverId === userIds[n]).map(({ timesheetId }) => timesheetId);
      expect(list).toEqual(expect.arrayContaining(asks));
      expect(list.filter(isUndecided)).toEqual(asks.filter(isUndecided).toSorted());
    }
    const here = present.map(([n]) => userIds[n]!);
    expect(asked.filter(({ approverId }) => !here.includes(approverId))).toEqual([]);
  });
}

/** Once the listed ones have approved holders decide too, who are not asked as long as one of those is left. */
const hasApproval = ({ status, approvals }: Sheet): boolean => status === 'SUBMITTED' && approvals.includes('APPROVED');

it('whoever is asked decides, and whoever decides is asked', async () => {
  await fc.assert(fc.asyncProperty(world, expectAgreement), { interruptAfterTimeLimit: 4000, numRuns: 100 });
});
