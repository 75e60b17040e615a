/** Days of entries: 2023 to 2025. */
const FIRST_DAY = '2023-01-01';
const DAYS = 1096;
const BULK = ['timesheet_entries', 'timesheets'];

/** 200 companies: one with half of all entries, one with 10,000, the others share the rest. */
export const SET = { companies: 200, entries: 2_000_000, people: 2000 };

/**
 * Loads the set into a new database `bench`: of each company people (one of ten a Manager; of the one with 10,000 every second), teams, action codes, tasks, a timesheet a person and month, and entries
 * of two hours, four of five with a start and an end, in the order in which they would have come. Triggers are off and the indexes
 * of the two large tables away meanwhile (but for keys that others point to); all is back before VACUUM ANALYZE, and every foreign key is then looked up.
 * @returns `{ large, medium }`, of each `companyId`, its owner's `userId`, `entries`, `managers` and `employees`
 */
export async function loadSet(
  installation,
  { companies = SET.companies, entries = SET.entries, people = SET.people, database = 'bench' } = {},
) {
  await installation.copy(database, 'empty');
  const owners = await signUps(installation, database, companies);
  const loads = owners.map((owner, index) => ({
    ...owner,
    entries: shares(companies, entries)[index],
    people: index === 0 ? people : index === 1 ? people / 5 : Math.max(2, people / 50),
    managersEach: index === 1 ? 2 : 10,
  }));
  const data = await installation.connect({ database });
  await data.query('SET session_replication_role = replica'); // the rows fit together, which is looked at below
  await data.query(`SET maintenance_work_mem = '512MB'`);
  await data.query(`SET work_mem = '128MB'`);
  const restore = await takeIndexes(data);
  await fill(data, loads);
  for (const text of restore) await data.query(text);
  await lookUpReferences(data);
  await data.query('VACUUM ANALYZE');
  await data.query('CHECKPOINT');
  const withPeople = async (company) =>
    company && { ...company, managers: await peopleOf(data, company, 'Manager'), employees: await peopleOf(data, company, 'Employee') };
  const [large, medium] = [await withPeople(loads[0]), await withPeople(loads[1])];
  await data.end();
  return { database, large, medium };
}

async function peopleOf(data, { companyId }, role) {
  const { rows } = await data.query(
    `SELECT u."companyId", u.id AS "userId" FROM users u JOIN roles r ON r."companyId" = u."companyId" AND r.id = u."roleId"
     WHERE u."companyId" = $1 AND r.name = $2 ORDER BY u.id`,
    [companyId, role],
  );
  return rows;
}

/** Of the entries, by company. */
function shares(companies, entries) {
  if (companies === 1) return [entries];
  const medium = Math.min(10_000, Math.floor(entries / 4));
  const rest = Math.floor((entries / 2 - medium) / (companies - 2));
  return [entries - medium - rest * (companies - 2), medium, ...Array.from({ length: companies - 2 }, () => rest)];
}

async function signUps(installation, database, companies) {
  const api = await installation.startApi(database, { JOBS: 'off' });
  const owners = [];
  const next = Array.from({ length: companies }, (_, index) => index).values();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (const index of next) {
        const { company, user } = await api.signUp(`company${index}`);
        owners[index] = { companyId: company.id, userId: user.id };
      }
    }),
  );
  await api.stop();
  return owners;
}

/** Drops what only slows a load. @returns the statements that bring it back */
async function takeIndexes(data) {
  const { rows } = await data.query(
    `SELECT i.indrelid::regclass AS of, i.indexrelid::regclass AS name, pg_get_indexdef(i.indexrelid) AS index, c.conname,
            pg_get_constraintdef(c.oid) AS constraint
     FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
     WHERE i.indrelid = ANY ($1::regclass[]) AND NOT EXISTS (
       SELECT 1 FROM pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f')`,
    [BULK],
  );
  for (const { of, name, conname } of rows)
    await data.query(conname ? `ALTER TABLE ${of} DROP CONSTRAINT "${conname}"` : `DROP INDEX ${name}`);
  return rows.map(({ of, index, conname, constraint }) =>
    conname ? `ALTER TABLE ${of} ADD CONSTRAINT "${conname}" ${constraint}` : index,
  );
}

async function fill(data, loads) {
  await data.query(
    `CREATE TEMP TABLE loads AS SELECT * FROM jsonb_to_recordset($1::jsonb) AS l("companyId" uuid, "userId" uuid, entries integer, people integer, "managersEach" integer)`,
    [JSON.stringify(loads)],
  );
  const steps = [
    `INSERT INTO users ("companyId", email, "firstName", "lastName", "passwordHash", "roleId", "statusId")
     SELECT l."companyId", 'p' || n || '@' || left(l."companyId"::text, 8) || '.example.com', 'First', 'Last ' || n, '', r.id, u."statusId"
     FROM loads l JOIN users u ON u."companyId" = l."companyId" AND u.id = l."userId"
     CROSS JOIN generate_series(2, l.people) n
     JOIN roles r ON r."companyId" = l."companyId" AND r.name = CASE n % l."managersEach" WHEN 0 THEN 'Manager' ELSE 'Employee' END`,
    `INSERT INTO action_codes ("companyId", code, name) SELECT "companyId", 'C' || n, 'Code ' || n FROM loads, generate_series(1, 30) n`,
    `INSERT INTO tasks ("companyId", title) SELECT "companyId", 'Task ' || n FROM loads, generate_series(1, 100) n`,
    `INSERT INTO teams ("companyId", name) SELECT "companyId", 'Team ' || n FROM loads, generate_series(1, 3) n`,
    `CREATE TEMP TABLE people AS
     SELECT "companyId", id, row_number() OVER (PARTITION BY "companyId" ORDER BY "createdAt", length("lastName"), "lastName") - 1 AS n FROM users`,
    `CREATE TEMP TABLE codes AS SELECT "companyId", id, row_number() OVER (PARTITION BY "companyId") - 1 AS n FROM action_codes`,
    `CREATE TEMP TABLE works AS SELECT "companyId", id, row_number() OVER (PARTITION BY "companyId") - 1 AS n FROM tasks`,
    `INSERT INTO team_members ("companyId", "teamId", "userId")
     SELECT p."companyId", t.id, p.id FROM people p JOIN teams t ON t."companyId" = p."companyId" AND t.name = 'Team ' || 1 + p.n % 3`,
    `CREATE TEMP TABLE sheets AS
     SELECT p."companyId", p.id AS "userId", m AS month, gen_random_uuid() AS id
     FROM people p, generate_series(0, 35) m`,
    'ANALYZE loads, people, codes, works, sheets',
    // 'k' is the person's own counter: at most twelve entries of two hours share a day, each at an hour of its own.
    `INSERT INTO timesheet_entries ("companyId", "userId", "timesheetId", "actionCodeId", "taskId", "workMode", country, timezone, "startedAt", "endedAt",
       "durationMin", day, note)
     SELECT e."companyId", p.id, s.id, c.id, CASE WHEN e.n % 3 = 0 THEN w.id END, (ARRAY['office', 'remote', 'hybrid'])[1 + e.n % 3],
            (ARRAY['DE', 'FR'])[1 + e.n % 2], 'UTC', CASE WHEN e.n % 5 > 0 THEN e.start END, CASE WHEN e.n % 5 > 0 THEN e.start + interval '2 hours' END,
            120, e.day, 'What was done, number ' || e.n
     FROM (SELECT l."companyId", l.people, n, n / l.people AS k, d.day, d.day::timestamp AT TIME ZONE 'UTC' + n / l.people % 12 * interval '2 hours' AS start
           FROM loads l, generate_series(0, l.entries - 1) n,
                LATERAL (SELECT date '${FIRST_DAY}' + (n / l.people * ${DAYS}.0 / ceil(l.entries::numeric / l.people))::integer % ${DAYS} AS day) d) e
     JOIN people p ON p."companyId" = e."companyId" AND p.n = e.n % e.people
     JOIN codes c ON c."companyId" = e."companyId" AND c.n = e.n * 7 % 30
     JOIN works w ON w."companyId" = e."companyId" AND w.n = e.n * 11 % 100
     JOIN sheets s ON s."companyId" = e."companyId" AND s."userId" = p.id
       AND s.month = (extract(year FROM e.day) - 2023) * 12 + extract(month FROM e.day) - 1
     ORDER BY e.day, e.n`,
    `INSERT INTO timesheets ("companyId", id, "userId", "periodStart", "periodEnd", status, "totalMinutes")
     SELECT s."companyId", s.id, s."userId", f.first, f.first + interval '1 month - 1 day', CASE WHEN s.month < 34 THEN 'APPROVED' ELSE 'DRAFT' END,
            coalesce(t.minutes, 0)
     FROM sheets s CROSS JOIN LATERAL (SELECT (date '${FIRST_DAY}' + s.month * interval '1 month')::date AS first) f
     LEFT JOIN (SELECT "timesheetId", sum("durationMin") AS minutes FROM timesheet_entries GROUP BY 1) t ON t."timesheetId" = s.id`,
    'DROP TABLE loads, people, codes, works, sheets',
  ];
  for (const text of steps) await data.query(text);
}

/** What the triggers would have asked, all at once. @throws when a row points nowhere */
async function lookUpReferences(data) {
  const { rows } = await data.query(
    `SELECT c.conname, c.conrelid::regclass AS child, c.confrelid::regclass AS parent,
            (SELECT json_agg(json_build_array(a.attname, b.attname)) FROM unnest(c.conkey, c.confkey) k(own, other)
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
             JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.other) AS columns
     FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace`,
  );
  for (const { conname, child, parent, columns } of rows) {
    const isGiven = columns.map(([own]) => `c."${own}" IS NOT NULL`).join(' AND ');
    const fits = columns.map(([own, other]) => `p."${other}" = c."${own}"`).join(' AND ');
    const { rowCount } = await data.query(
      `SELECT 1 FROM ${child} c WHERE ${isGiven} AND NOT EXISTS (SELECT 1 FROM ${parent} p WHERE ${fits}) LIMIT 1`,
    );
    if (rowCount > 0) throw new Error(`the rows of the set break ${conname}`);
  }
}
