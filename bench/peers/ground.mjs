// What the peers need of the installation, in one place: its data, our API and the bare yardstick on it, its PostgreSQL.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from './server.mjs';
import { statementOfList } from '../statement.mjs';

const COMPANIES = 20;
const ENTRIES = 5000;
const LIST = '/timesheet-entries?limit=50';
const LISTS = { entries: LIST, withActionCode: `${LIST}&expand=actionCode` };

/** The application's login, which row security binds. */
const APPLICATION = { user: 'bench_app', password: 'bench' };

/**
 * Companies with entries, our API and the yardstick started.
 * @param copies names of copies of the database, made while nobody has connected yet but our API
 * @returns `people`: one of each company, with a token of our API; `ask`: GET of our API as one of them
 */
export async function prepare(installation, copies) {
  const { address, connect, copy, postmaster, startApi, superuser } = installation;
  const api = await startApi(await freePort());
  const people = [];
  for (let company = 0; company < COMPANIES; company++) {
    const { company: own, user, tokens } = await api.signUp(`peers${company}`);
    people.push({ companyId: own.id, userId: user.id, token: tokens.accessToken });
  }
  const data = await connect();
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
  for (const name of copies) {
    for (let left = 20; ; left--) {
      try {
        await copy(name);
        break;
      } catch (error) {
        if (error.code !== '55006' || left === 0) throw error; // our API has connected anew meanwhile
      }
    }
  }

  const ask = (person, path) => api.call('GET', path, { token: person.token });
  for (const person of people.slice(0, 2)) await ask(person, LIST).catch(() => ask(person, LIST)); // its connections were ended by the copy
  const application = { ...address, ...APPLICATION };
  const { text, values } = await statementOfList(
    { host: address.host, port: address.port, database: address.database, username: APPLICATION.user, password: APPLICATION.password },
    people[0].token,
    `/api/v1${LIST}`,
  );
  const bare = fork(join(import.meta.dirname, '../bare.mjs'), {
    env: {
      ...process.env,
      BENCH_DATABASE: JSON.stringify({ ...address, ...superuser }),
      BENCH_STATEMENT: text,
      BENCH_VALUES: JSON.stringify(values),
    },
  });
  process.once('exit', () => bare.kill('SIGKILL'));
  const { port: barePort } = await new Promise((resolve) => bare.once('message', resolve));

  const headers = { authorization: `Bearer ${people[0].token}` };
  return {
    postmaster,
    superuser: { ...address, ...superuser },
    application,
    people,
    rowsOf: async (request, person) => (await ask(person, LISTS[request])).items,
    ours: {
      bare: { pid: bare.pid, port: barePort, path: '/list' },
      entries: { pid: api.child.pid, port: api.port, path: `/api/v1${LISTS.entries}`, headers },
      withActionCode: { pid: api.child.pid, port: api.port, path: `/api/v1${LISTS.withActionCode}`, headers },
    },
    stop() {
      bare.kill('SIGKILL');
      api.child.kill('SIGKILL');
    },
  };
}

/** @param login of the superuser, whom row security does not bind, or of the application */
export const databaseUrl = ({ user, password, host, port, database }) =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
