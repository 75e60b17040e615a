import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rowsRead } from '../../../test/rows-read.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

/** Of one company. */
const PEOPLE = 4000;
/** Of its timesheets, each asking all its Managers and the Admin. */
const SUBMITTED = 40;
const MANAGERS = 40;
/** That have next to nothing: plans are made for the average company. */
const OTHERS = 300;

let server: TestServer;
let company: Company;
let manager: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  manager = await company.person({ role: 'Manager' });
  for (let n = 1; n < MANAGERS; n++) await company.insert('users', await member(`m${n}`, 'Manager'));
  await fill();
});
afterAll(() => server?.stop());

async function member(name: string, role: 'Manager' | 'Employee') {
  const [found] = await server.sql<{ statusId: string }>('SELECT "statusId" FROM users WHERE id = $1', [company.admin.id]);
  return { email: `${name}@example.com`, firstName: name, lastName: name, passwordHash: '', roleId: await company.roleId(role), ...found! };
}

/** What the Admin has decided of each of the people, with an entry and its line; and what is submitted. */
async function fill(): Promise<void> {
  const { id: actionCodeId } = await company.actionCode();
  const { roleId, statusId } = await member('x', 'Employee');
  const values = [company.id, company.admin.id];
  const of = `SELECT $1::uuid AS "companyId", n, md5($1 || n::text)::uuid AS id, $2::uuid AS "adminId" FROM generate_series(1, ${PEOPLE}) n`;
  await server.sql(
    `INSERT INTO users ("companyId", id, email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
     SELECT "companyId", id, 'p' || n || '@example.com', 'First', 'Last ' || n, '', '${roleId}', '${statusId}' FROM (${of}) p`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheets ("companyId", id, "userId", "periodStart", "periodEnd", status, round)
     SELECT "companyId", id, id, date '2026-03-02', date '2026-03-08', 'APPROVED', 1 FROM (${of}) p WHERE "adminId" IS NOT NULL
     UNION ALL SELECT "companyId", gen_random_uuid(), id, date '2026-02-23', date '2026-03-01', 'SUBMITTED', 1 FROM (${of}) p WHERE n <= ${SUBMITTED}`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheet_approvals ("companyId", "timesheetId", "approverId", status)
     SELECT "companyId", id, "adminId", 'APPROVED' FROM (${of}) p
     UNION ALL SELECT t."companyId", t.id, u.id, 'PENDING' FROM timesheets t JOIN users u ON u."companyId" = t."companyId"
       JOIN roles r ON r."companyId" = u."companyId" AND r.id = u."roleId" AND r.name IN ('Admin', 'Manager')
     WHERE t."companyId" = $1 AND t.status = 'SUBMITTED'`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheet_entries ("companyId", id, "userId", "timesheetId", "actionCodeId", country, timezone, "durationMin", day)
     SELECT "companyId", id, id, id, '${actionCodeId}', 'DE', 'UTC', 60, date '2026-03-02' FROM (${of}) p WHERE "adminId" IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "actorUserId", "occurredAt")
     SELECT "companyId", id, 'TimesheetEntry', id, 'created', CASE WHEN n <= ${PEOPLE / 2} THEN "adminId" ELSE id END, timestamptz '2026-03-02' + n * interval '1 minute' FROM (${of}) p`,
    values,
  );
  await server.sql(`SET session_replication_role = replica`); // the others have nobody to point to
  for (const [table, columns, ids] of [
    ['timesheets', '"userId", "periodStart", "periodEnd"', `gen_random_uuid(), date '2026-03-02', date '2026-03-08'`],
    ['timesheet_approvals', '"timesheetId", "approverId"', 'gen_random_uuid(), gen_random_uuid()'],
    [
      'timesheet_entries',
      '"userId", "timesheetId", "actionCodeId", country, timezone, "durationMin", day',
      `gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'DE', 'UTC', 60, date '2026-03-02'`,
    ],
    ['timesheet_history', '"userId", "targetType", "targetId", action', `gen_random_uuid(), 'Timesheet', gen_random_uuid(), 'created'`],
  ])
    await server.sql(`INSERT INTO ${table} ("companyId", ${columns}) SELECT gen_random_uuid(), ${ids} FROM generate_series(1, ${OTHERS})`);
  await server.sql(`SET session_replication_role = origin`);
  await server.sql('VACUUM ANALYZE');
}

/** @throws where it does not answer so many items */
const readFor = (who: Person, path: string, items?: number): Promise<number> =>
  rowsRead(server, company, async () => {
    const { status, body } = await who.get(path);
    expect([path, status, items && body.items.length]).toEqual([path, 200, items]);
  });

describe('of a company with many timesheets', () => {
  it.each([
    ['', 20],
    ['status=PENDING', 20],
    ['status=APPROVED', 20],
    ['status=REJECTED', 0],
  ])('the list of approvals (%s) reads a page', async (filter, items) => {
    expect(await readFor(company.admin, `/timesheet-approvals?limit=20&${filter}`, items)).toBeLessThan(5000);
  });

  it('a page further on reads no more than the first', async () => {
    let cursor = '';
    for (let page = 1; page <= 6; page++) {
      const { body } = await company.admin.get(`/timesheet-approvals?status=PENDING&limit=200${cursor && `&cursor=${cursor}`}`);
      cursor = body.nextCursor;
    }
    const first = await readFor(company.admin, '/timesheet-approvals?status=PENDING&limit=200', 200);
    expect(await readFor(company.admin, `/timesheet-approvals?status=PENDING&limit=200&cursor=${cursor}`, 200)).toBeLessThan(first * 1.5);
  });

  it.each([
    ['/timesheets?status=SUBMITTED', 20],
    ['/timesheets?status=REJECTED', 0],
    ['/timesheet-history?action=rejected', 0],
    ['/timesheet-history?targetType=ActionCode', 0],
    ['/timesheet-history?action=created', 20],
    ['/timesheet-history?targetType=TimesheetEntry', 20],
  ])('%s reads a page', async (path, items) => {
    expect(await readFor(company.admin, `${path}&limit=20`, items)).toBeLessThan(500);
  });

  it('the history of who did much reads a page', async () => {
    expect(await readFor(company.admin, `/timesheet-history?actorUserId=${company.admin.id}&limit=20`, 20)).toBeLessThan(500);
  });

  it.each(['', '/entries', '/history', '?asOf=now', '/entries?asOf=now'])('one of them (%s) is read without all others', async (path) => {
    const [sheet] = await server.sql<{ id: string }>(`SELECT id FROM timesheets WHERE "companyId" = $1 AND status = 'APPROVED' LIMIT 1`, [
      company.id,
    ]);
    expect(await readFor(company.admin, `/timesheets/${sheet!.id}${path.replace('now', new Date().toISOString())}`)).toBeLessThan(500);
  });

  it('who may decide them leaves, and comes back, at the price of whom they ask', async () => {
    const move = (code: string) =>
      rowsRead(server, company, async () => expect((await company.admin.post(`/users/${manager.id}/status`, { code })).status).toBe(200));
    expect(await move('SUSPENDED')).toBeLessThan(SUBMITTED * MANAGERS * 60);
    const [left] = await server.sql<{ count: string }>('SELECT count(*) FROM timesheet_approvals WHERE "approverId" = $1', [manager.id]);
    expect(left!.count).toBe('0');
    expect(await move('ACTIVE')).toBeLessThan(SUBMITTED * MANAGERS * 60);
  });

  it('others lead some of the people, at the price of whom those ask', async () => {
    const some = 10;
    const { id } = await company.team();
    const people = await server.sql<{ userId: string }>(
      `UPDATE timesheets SET "roundPolicy" = 'manager_of_user' WHERE "companyId" = $1 AND status = 'SUBMITTED' RETURNING "userId"`,
      [company.id],
    );
    for (const { userId } of people.slice(0, some)) await company.insert('team_members', { teamId: id, userId });
    await server.sql('ANALYZE timesheets, team_members');
    const lead = await company.person();
    const move = (role: string) =>
      rowsRead(server, company, async () =>
        expect((await company.admin.put(`/teams/${id}/members/${lead.id}`, { role })).status).toBe(200),
      );
    const waiting = async () => (await lead.get('/timesheet-approvals')).body.items.length;
    expect([await move('lead'), await waiting()]).toEqual([expect.any(Number), some]);
    expect(await move('member')).toBeLessThan(some * MANAGERS * 30);
    expect(await waiting()).toBe(0);
    expect(await move('lead')).toBeLessThan(some * MANAGERS * 30);
  });
});
