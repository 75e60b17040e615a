// What the peers need of the installation, in one place: its data, our API and the bare yardstick on it, its PostgreSQL.
const DATABASE = 'peers';
const COMPANIES = 20;
const ENTRIES = 5000;
const LIST = '/timesheet-entries?limit=50';
const LISTS = { entries: LIST, withActionCode: `${LIST}&expand=actionCode` };

/**
 * Companies with entries, our API started on them.
 * @param copies names of copies of the database
 * @returns `people`: one of each company, with a token of our API; `rowsOf`: what our API gives them
 */
export async function prepare(installation, copies) {
  const { address, application, connect, copy, drop, postmaster, superuser } = installation;
  await copy(DATABASE, 'empty');
  const filling = await installation.startApi(DATABASE, { JOBS: 'off' });
  const people = [];
  for (let company = 0; company < COMPANIES; company++) {
    const { company: own, user, tokens } = await filling.signUp(`peers${company}`);
    people.push({ companyId: own.id, userId: user.id, token: tokens.accessToken });
  }
  await filling.stop();
  const data = await connect({ database: DATABASE });
  for (const { companyId, userId } of people) {
    await data.query(`INSERT INTO action_codes ("companyId", code, name) VALUES ($1::uuid, 'DEV', 'Development of ' || $1::uuid)`, [
      companyId,
    ]);
    await data.query(
      `INSERT INTO timesheet_entries ("companyId", "userId", "actionCodeId", country, timezone, "startedAt", "endedAt", "durationMin", day, note)
       SELECT $1::uuid, $2::uuid, a.id, 'DE', 'UTC', t, t + interval '2 hours', 120, t::date, 'Mill ' || n
       FROM action_codes a, generate_series(0, ${ENTRIES - 1}) n, LATERAL (SELECT timestamptz '2022-01-01 08:00Z' + n * interval '6 hours' AS t) s
       WHERE a."companyId" = $1`,
      [companyId, userId],
    );
  }
  await data.query('VACUUM ANALYZE');
  await data.end();
  for (const name of copies) await copy(name, DATABASE);

  const api = await installation.startApi(DATABASE, { JOBS: 'off' });
  const ask = (person, path) => api.call('GET', path, { token: person.token });
  const headers = { authorization: `Bearer ${people[0].token}` };
  const ours = (path) => ({ pid: api.pid, port: api.port, path: `/api/v1${path}`, headers });
  return {
    postmaster,
    superuser: { ...address, ...superuser, database: DATABASE },
    application: { ...address, ...application, database: DATABASE },
    people,
    rowsOf: async (request, person) => (await ask(person, LISTS[request])).items,
    ours: { entries: ours(LISTS.entries), withActionCode: ours(LISTS.withActionCode) },
    async stop() {
      await api.stop();
      for (const name of [DATABASE, ...copies]) await drop(name);
    },
  };
}

/** @param login of the superuser, whom row security does not bind, or of the application */
export const databaseUrl = ({ user, password, host, port, database }) =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
