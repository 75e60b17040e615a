import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { Accesses } from '#core';
import { sentBy } from '../../../test/rows-read.js';
import type { Sent } from '../../../test/rows-read.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import type { Company } from '../../../test/factories.js';
import { until } from '../../../test/until.js';
import { routesOf } from './routes.js';

const ROWS = 9_999; // in each of two companies: with its Admin as many people as a report takes
/** An export reads table by table. */
const isExport = (route: string): boolean => /\/(personal-data|export)$/.test(route);
/** Entering the company; and who asks, where a busy machine needed more than the second for which that is known. */
const NOT_OF_THE_LIST = /enter_company|s\."userId" IS NOT DISTINCT FROM/;
/** Besides: begin, the scope, the page, the commit; or the page, and its line in the access log in a transaction. */
const STATEMENTS = 5;
/** What a list cannot be asked without. */
const NEEDED: Record<string, string> = {
  '/reports/time': 'from=2026-01-01&to=2026-12-31&groupBy=user,month',
  '/reports/payroll': 'from=2026-01-01&to=2026-12-31',
  '/reports/missing': 'from=2026-01-01&to=2026-01-31',
  '/absences': 'from=2026-01-01&to=2026-01-31',
  '/company/holidays': 'year=2026',
};

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

/** Fills the tables that grow, in one company. */
async function fill(server: TestServer, { id, admin }: Company): Promise<void> {
  const on = `SELECT $1::uuid AS "companyId", n, md5($1 || n::text)::uuid AS id FROM generate_series(1, ${ROWS}) n`;
  const values = [id, admin.id];
  await server.sql(
    `INSERT INTO users ("companyId", id, email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
     SELECT r."companyId", r.id, 'p' || r.n || '@example.com', 'First', 'Last ' || r.n, '', u."roleId", u."statusId" FROM (${on}) r JOIN users u ON u.id = $2`,
    values,
  );
  await server.sql(
    `INSERT INTO action_codes ("companyId", id, code, name) SELECT "companyId", id, 'C' || n, 'Code' FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO teams ("companyId", id, name) SELECT "companyId", id, 'Team ' || n FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO tasks ("companyId", id, title) SELECT "companyId", id, 'Task ' || n FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheets ("companyId", id, "userId", "periodStart", "periodEnd", status)
     SELECT "companyId", id, id, date '2026-01-05' + (n % 40) * 7, date '2026-01-11' + (n % 40) * 7, 'SUBMITTED' FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheet_approvals ("companyId", "timesheetId", "approverId") SELECT "companyId", id, $2 FROM (${on}) r`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheet_entries ("companyId", id, "userId", "timesheetId", "actionCodeId", country, timezone, "durationMin", day)
     SELECT "companyId", id, id, id, id, 'DE', 'UTC', 60, date '2026-01-05' + (n % 40) * 7 FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "occurredAt")
     SELECT "companyId", id, 'Timesheet', id, 'created', timestamptz '2026-01-01' + n * interval '1 minute' FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  await server.sql(
    `INSERT INTO leave_requests ("companyId", id, "userId", "startDate", "endDate", "leaveType")
     SELECT "companyId", id, id, date '2026-01-01' + n % 300, date '2026-01-02' + n % 300, 'PTO' FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
  for (const log of ['audit_logs', 'access_logs']) {
    await server.sql(
      `INSERT INTO ${log} ("companyId", action, "targetType", "userId", "occurredAt")
       SELECT "companyId", 'made', 'User', id, timestamptz '2026-01-01' + n * interval '1 minute' FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
      values,
    );
  }
  await server.sql(
    `INSERT INTO active_sessions ("companyId", id, "userId", "tokenHash", nonce, "expiresAt", "lastSeenAt")
     SELECT "companyId", id, id, id::text, '', now() + interval '1 day', now() FROM (${on}) r WHERE $2::uuid IS NOT NULL`,
    values,
  );
}

function sequentialScans({ 'Node Type': type, 'Relation Name': table, Plans = [] }: Plan): string[] {
  return [...(type === 'Seq Scan' && table ? [table] : []), ...Plans.flatMap(sequentialScans)];
}

describe('with 20,000 rows in two companies', () => {
  let server: TestServer;
  let company: Company;
  let large: Set<string>;

  beforeAll(async () => {
    server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
    company = await server.company();
    for (const each of [await server.company(), company]) await fill(server, each);
    await server.sql('VACUUM ANALYZE');
    const rows = await server.sql<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND reltuples >= ${ROWS}`);
    large = new Set(rows.map(({ name }) => name));
  });

  afterAll(() => server.stop());

  /** As the application's role in its company. */
  function inCompany<T>(work: (client: pg.Client) => Promise<T>, setting = 'search_path = public'): Promise<T> {
    return server.database.as('application', async (client) => {
      await client.query('BEGIN');
      await client.query(`SET LOCAL ${setting}`);
      await client.query('SELECT enter_company($1, $2)', [company.id, company.admin.id]);
      return work(client);
    });
  }

  /** The large tables that a statement reads from end to end. */
  function scansOf(statements: Sent[], setting?: string): Promise<string[]> {
    return inCompany(async (client) => {
      const scans: string[] = [];
      for (const { text } of statements.filter(
        (one) => /^\s*(SELECT|WITH)\b/i.test(one.text) && !/enter_company|pg_\w*lock/.test(one.text),
      )) {
        const { rows } = await client.query<{ 'QUERY PLAN': Array<{ Plan: Plan }> }>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
        scans.push(...sequentialScans(rows[0]!['QUERY PLAN'][0]!.Plan).filter((table) => large.has(table)));
      }
      return scans;
    }, setting);
  }

  it('lets every list answer in few statements, none of which reads a table from end to end', async () => {
    const faults: string[] = [];
    const lists = routesOf(server.app).filter(
      ({ method, path, access }) => method === 'GET' && path.startsWith('/api/v1/') && !path.includes(':') && access?.kind !== 'public',
    );
    expect(lists.length).toBeGreaterThan(5);
    for (const { path } of lists) {
      await server.app.get(Accesses).flush(); // what the one before noted is not this one's to write
      await company.admin.get('/me'); // the principal is known now, for a second
      const route = path.replace('/api/v1', '');
      let status = 0;
      const sent = await sentBy(
        server,
        async () => ({ status } = await company.admin.get(NEEDED[route] ? `${route}?${NEEDED[route]}` : route)),
      );
      if (status !== 200) faults.push(`${route} answered ${status}`);
      const counted = sent.filter(({ text }) => !NOT_OF_THE_LIST.test(text)).length;
      if (counted > STATEMENTS && !isExport(route)) faults.push(`${route} took ${counted} statements`);
      const isReport = route.startsWith('/reports/') || ['/me/personal-data', '/timesheet-history/verify'].includes(route); // what reads most rows may well read all
      if (!isReport) faults.push(...(await scansOf(sent)).map((table) => `${route} reads ${table} from end to end`));
    }
    expect(faults).toEqual([]);
  });

  /** The plan of what a list asks of its table. */
  async function planOf(list: () => Promise<unknown>, table = 'timesheet_entries'): Promise<string> {
    const { text } = (await sentBy(server, list)).find((one) => one.text.includes(`FROM ${table}`))!;
    const { rows: lines } = await inCompany((client) => client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${text}`));
    return lines.map((line) => line['QUERY PLAN']).join('\n');
  }

  it('begins a page of entries at its key', async () => {
    const { body } = await company.admin.get('/timesheet-entries?limit=200');
    const plan = await planOf(() => company.admin.get(`/timesheet-entries?limit=10&cursor=${body.nextCursor}`));
    expect(plan).toMatch(/Index Scan using timesheet_entries_page_idx.*\n\s*Index Cond: .*ROW\(day/);
  });

  const readBy = async (index: string): Promise<number> => {
    const [found] = await server.sql<{ read: string }>('SELECT idx_tup_read AS read FROM pg_stat_user_indexes WHERE indexrelname = $1', [
      index,
    ]);
    return Number(found!.read);
  };

  it('reads of each person only their own entries for the payroll', async () => {
    // a connection counts what it has read when it ends, or seconds later
    await server.sql(`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = $1 AND usename = $2`, [
      server.database.name,
      server.config.databaseUsername,
    ]);
    await until(async () => (await company.admin.get('/me')).status === 200);
    const before = await readBy('timesheet_entries_user_day_idx');
    const others = await readBy('timesheet_entries_report_idx');
    expect((await company.admin.get('/reports/payroll?from=2026-01-01&to=2026-12-31')).status).toBe(200);
    const told = async () => (await readBy('timesheet_entries_user_day_idx')) - before >= ROWS; // a second later, as connections count
    await until(told, 'the entries of each person were not read by their index');
    expect(await readBy('timesheet_entries_report_idx')).toBe(others);
  });

  it('reads of each person whose entries one may read no more than a page', async () => {
    const employee = await company.person();
    const plan = await planOf(() => employee.get('/timesheet-entries?limit=10'));
    expect(plan).toMatch(
      /Limit.*\n.*Incremental Sort.*\n.*\n\s*Presorted Key: e\.day\n.*Result.*\n.*\n.*Index Scan using timesheet_entries_user_day_idx/,
    );
  });

  it.each([
    ['/timesheets', 'timesheets'],
    ['/leave-requests', 'leave_requests'],
    ['/timesheet-history', 'timesheet_history'],
    ['/timesheet-entries?teamId=', 'timesheet_entries'],
    ['/timesheets?teamId=', 'timesheets'],
    ['/leave-requests?teamId=', 'leave_requests'],
  ])('looks up once whose records one may read, and finds them by it: %s', async (path, table) => {
    const lead = await company.person();
    const { id } = await company.team({ leads: [lead] });
    const plan = await planOf(() => lead.get(path.endsWith('=') ? path + id : path), table);
    expect(plan).toMatch(/Index Cond: .*"userId" = ANY \(\(?(InitPlan|\$\d+)/); // before PostgreSQL 17 a parameter
  });

  it('notices a list that reads a table from end to end', async () => {
    const planted = { text: `SELECT id FROM timesheet_entries WHERE "companyId" = $1 AND note = 'x'`, values: [company.id] };
    await server.sql('DROP INDEX timesheet_entries_user_day_idx, timesheet_entries_timesheet_idx, timesheet_entries_page_idx');
    await server.sql('DROP INDEX timesheet_entries_action_code_idx, timesheet_entries_task_idx');
    expect(await scansOf([planted], 'enable_bitmapscan = off')).toEqual(['timesheet_entries']);
  });
});
