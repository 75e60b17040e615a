import { median, row, rounded } from './runs.mjs';
import { catching } from './statement.mjs';

const RUNS = 9;
const FROM = '2025-03-01';
/** With what a month is asked for; the others only tell what a grouping costs. */
const MONTHLY = ['month', 'user'];
const GROUPINGS = [...MONTHLY, 'user,month', 'actionCode,week', 'team,status', 'task,workMode,country'];
/** As many columns as a report can ask for; exactly its rows. */
const LEAST = `SELECT sum("durationMin") FROM timesheet_entries WHERE "companyId" = $1 AND "deletedAt" IS NULL AND day >= $2 AND day <= $3`;

const name = 'report';
const title = 'The time report of a month';
const method = `
\`GET /api/v1/reports/time?groupBy=...&from=...&to=...\` of the first month from ${FROM} on in which something was worked, of the company that has half of all entries, and of the one that has 10,000,
beside 198 others: the statement that the server sends, as its role, planned for its range as the server has it planned, next to the sum of exactly
those rows by an index-only scan. Milliseconds as PostgreSQL counts them (\`EXPLAIN (ANALYZE, TIMING OFF)\`), medians of ${RUNS} runs in turns.`;

const scansOf = ({ Plans = [], ...node }) => [
  ...(/Scan/.test(node['Node Type']) && node['Relation Name'] === 'timesheet_entries' ? [node] : []),
  ...Plans.flatMap(scansOf),
];

async function explained(client, { text, values }) {
  const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`, values);
  const [plan] = rows[0]['QUERY PLAN'];
  const [scan] = scansOf(plan.Plan);
  return { ms: plan['Execution Time'], entries: scan['Actual Rows'] * scan['Actual Loops'], scan: scan['Node Type'] };
}

/** Each statement in turn, round after round, inside the company. */
async function inTurns(client, { companyId, userId }, statements) {
  await client.query('BEGIN');
  await client.query('SET LOCAL plan_cache_mode = force_custom_plan');
  await client.query('SELECT enter_company($1, $2)', [companyId, userId]);
  const plans = statements.map(() => []);
  for (let round = 0; round < RUNS; round++) {
    for (const [index, statement] of statements.entries()) plans[index].push(await explained(client, statement));
  }
  await client.query('COMMIT');
  return plans;
}

const figuresOf = (plans) => ({ ms: rounded(median(plans.map(({ ms }) => ms)), 2), entries: plans[0].entries, scan: plans[0].scan });

/** The first and the last day of a company's first month with entries. */
async function monthOf({ connect }, database, { companyId }) {
  const data = await connect({ database });
  const { rows } = await data.query(
    `SELECT m.first::text, (m.first + interval '1 month - 1 day')::date::text AS last
     FROM (SELECT date_trunc('month', min(day))::date AS first FROM timesheet_entries WHERE "companyId" = $1 AND day >= '${FROM}') m`,
    [companyId],
  );
  await data.end();
  return [rows[0].first, rows[0].last];
}

async function ofCompany(installation, application, client, set, [label, company]) {
  const [token] = await installation.signIn(set.database, [company]);
  const range = await monthOf(installation, set.database, company);
  const headers = { authorization: `Bearer ${token}` };
  const statementOf = async (groupBy) => {
    const sent = await application.caught({
      method: 'GET',
      url: `/api/v1/reports/time?format=csv&groupBy=${groupBy}&from=${range[0]}&to=${range[1]}`,
      headers,
    });
    return sent.find(({ text }) => /FROM timesheet_entries/.test(text));
  };
  const statements = [{ text: LEAST, values: [company.companyId, ...range] }];
  for (const groupBy of GROUPINGS) statements.push(await statementOf(groupBy));
  const [least, ...reports] = await inTurns(client, company, statements);
  const against = `sum of its rows, ${label}`;
  return [
    row(against, 'itself', figuresOf(least), 1),
    ...reports.map((plans, index) => {
      const ratio = median(plans.map(({ ms }, round) => ms / least[round].ms));
      const groupBy = GROUPINGS[index];
      return row(`month by ${groupBy}, ${label}`, against, figuresOf(plans), ratio, MONTHLY.includes(groupBy) ? { atMost: 1.3 } : null);
    }),
  ];
}

const labelled = (company) => [`${company.entries.toLocaleString('en')} entries`, company];

async function measure(installation, options) {
  const set = await installation.set(options.size);
  const application = await catching(installation.environment(set.database, 0));
  const client = await installation.connect({
    database: set.database,
    login: installation.application,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
  });
  const rows = [];
  for (const one of [labelled(set.medium), labelled(set.large)])
    rows.push(...(await ofCompany(installation, application, client, set, one)));
  await client.end();
  await application.close();
  return rows;
}

export default { name, title, method, measure };
