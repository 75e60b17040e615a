import { fork } from 'node:child_process';
import { load } from './load.mjs';
import { figuresOf, interleave, ratioOf, row } from './runs.mjs';
import { statementOfList } from './statement.mjs';

export const PATH = '/api/v1/timesheet-entries?limit=50&expand=actionCode';
/** More than are asked in a second, so that each is read anew when its turn comes. */
const SESSIONS = 4000;

const name = 'list';
const title = 'A signed-in list of 50 entries';
const method = `
\`GET ${PATH}\` by a Manager of the company with 10,000 entries (each entry with its action code), of the built server as it is (token, principal, permission, validation, row security, headers, metrics, log), 8 connections,
beside the very statement and values that it sends, caught on their way to the driver, through \`fastify\` and \`pg\` alone (\`bench/bare.mjs\`):
named, nobody signed in, no row security, PostgreSQL's defaults. _Default types_ is what anybody would write; _tuned_ leaves days and instants
text. _Kept_ is one session over and over, whose principal the server may go on with for a second. _Read_ takes ${SESSIONS} sessions of its 200
Managers in turn, each less often than once a second, so that session, status and permissions are read in the request. (That a session was seen is noted
once a minute behind a request; all of them are noted every half minute here, between runs.) Runs are short, as the machine is faster and slower from second to second.`;

/** What the list measure compares, also for other servers: `{ address, superuser, company, userId, statement }`. */
export async function subject(installation, set) {
  const [owner] = set.medium.managers;
  const [token] = await installation.signIn(set.database, [owner]);
  const statement = await statementOfList(installation.environment(set.database, 0), token, PATH);
  return {
    address: { ...installation.address, database: set.database },
    superuser: installation.superuser,
    company: { id: owner.companyId },
    userId: owner.userId,
    statement,
    token,
  };
}

/** Fastify and pg alone, as a process of its own. */
export async function startBare({ address, superuser, statement }) {
  const child = fork('bench/bare.mjs', {
    env: {
      ...process.env,
      BENCH_DATABASE: JSON.stringify({ ...address, ...superuser }),
      BENCH_STATEMENT: statement.text,
      BENCH_VALUES: JSON.stringify(statement.values),
    },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const { port } = await new Promise((resolve) => child.once('message', resolve));
  return { pid: child.pid, port, stop: () => child.kill() };
}

/** Each of them on as many devices as it takes. */
const sessionsOf = (people) => Array.from({ length: SESSIONS }, (_, index) => people[index % people.length]);

const bearer = (token) => ({ authorization: `Bearer ${token}` });

const told = ({ statements, answers, roundTrips }) => ({ statements, answers, 'round trips': roundTrips });

async function measure(installation, options) {
  const set = await installation.set(options.size);
  const of = await subject(installation, set);
  const api = await installation.startApi(set.database);
  const bare = await startBare(of);
  const sessions = (await installation.signIn(set.database, sessionsOf(set.medium.managers))).map(bearer);
  const data = await installation.connect({ database: set.database });
  let turn = 0;
  const read = { ...api, path: PATH, warm: SESSIONS, next: () => ({ headers: sessions[turn++ % SESSIONS] }) };
  let noted = -Infinity;
  read.before = async () => {
    if (performance.now() - noted < 30_000) return;
    await data.query('UPDATE active_sessions SET "lastSeenAt" = now()');
    await data.query('VACUUM active_sessions'); // at once, as autovacuum is off
    await load(read, 500); // statements are planned anew behind it
    noted = performance.now();
  };
  const runs = await interleave(
    installation,
    {
      bare: { ...bare, path: '/list' },
      tuned: { ...bare, path: '/tuned' },
      kept: { ...api, path: PATH, headers: bearer(of.token) },
      read,
    },
    { rounds: options.rounds ?? 40, requests: options.requests ?? 600 },
  );
  await data.end();
  await api.stop();
  bare.stop();
  const fastest = Math.max(...runs.read.map(({ rate }) => rate));
  if (fastest >= SESSIONS) throw new Error(`${fastest} requests a second: with ${SESSIONS} sessions some were kept`);
  const { statement } = of;
  return [
    row('bare, default types', 'itself', figuresOf(runs.bare), 1),
    row('bare, tuned', 'bare, default types', figuresOf(runs.tuned), ratioOf(runs.tuned, runs.bare)),
    row('list, principal kept', 'bare, default types', { ...figuresOf(runs.kept), ...told(statement.kept) }, ratioOf(runs.kept, runs.bare), { atMost: 0.8 }), // prettier-ignore
    row('list, principal read', 'bare, default types', { ...figuresOf(runs.read), ...told(statement.read) }, ratioOf(runs.read, runs.bare), { atMost: 0.95 }), // prettier-ignore
    row('list, principal kept', 'bare, tuned', {}, ratioOf(runs.kept, runs.tuned), { atMost: 1.1 }),
  ];
}

export default { name, title, method, measure };
