import { entry, forWriting, posts } from './entries.mjs';
import { PATH } from './list.mjs';
import { asScript, pgbenchProgram, used } from './pgbench.mjs';
import { figuresOf, median, ratioOf, row, run } from './runs.mjs';
import { load } from './load.mjs';
import { catching } from './statement.mjs';

const PEOPLE = 16;
const ENTRIES = '/api/v1/timesheet-entries';
const EACH = 100;
const SHORT = 13;
const FEW = 48;

const name = 'create';
const title = 'One entry recorded';
const method = `
\`POST ${ENTRIES}\` with an \`Idempotency-Key\`, by ${PEOPLE} employees of the company with 10,000 entries in turn, each into the DRAFT timesheet of its month: checks, entry, roll-up,
history and the kept answer in one transaction (\`JOBS=off\`: the seals of history are measured below). Beside it **pgbench** as the same role sends
the same statements, caught on their way to the driver from as many other entries, prepared, with the same settings, pipelined where the server does
not wait either; its connecting and preparing (a short run taken off a long one) and the fetching of its values are not counted. Only PostgreSQL's CPU
is compared; the server's own stands beside that of the list of 50, by the same people in the same run. Another line has ${PEOPLE} employees of the company with half of all
entries record theirs: what stands in the table must not matter.`;

/** Transactions of `count` entries, by people of whom the server keeps who they are. */
async function record(environment, next, count) {
  const { caught, close } = await catching(environment);
  const recorded = new Map();
  for (let tries = 0; tries < count * 3; tries++) {
    const { path, body, ...request } = next();
    const sent = await caught({ ...request, url: path, payload: body, status: 201 });
    const form = sent.map(({ text }) => text).join('\n');
    recorded.set(form, [...(recorded.get(form) ?? []), sent]); // some read the principal again
    if (recorded.get(form).length === count) {
      await close();
      return recorded.get(form);
    }
  }
  throw new Error(`entries took statements of ${recorded.size} forms`);
}

async function measure(installation, options) {
  const { rounds = 5 } = options;
  const set = await installation.set(options.size);
  const { large, medium } = set;
  const codes = await forWriting(installation, set, 'creates');
  const entriesBy = (company, tokens) => posts(ENTRIES, tokens, (n) => entry(codes[company.companyId], n));
  const pgbench = pgbenchProgram();
  let script;
  if (pgbench) {
    await installation.drop('replays');
    await installation.copy('replays', 'creates'); // with the same timesheets
    const recorders = await installation.signIn('creates', medium.employees.slice(PEOPLE, 2 * PEOPLE));
    const recorded = await record(installation.environment('creates', 0), entriesBy(medium, recorders), rounds * used(EACH, SHORT));
    script = await asScript(installation, 'replays', recorded);
  } else console.error('NO PGBENCH in /usr/lib/postgresql/*/bin: entries are not measured against it');

  const tokens = await installation.signIn('creates', medium.employees.slice(0, PEOPLE));
  const api = await installation.startApi('creates', { JOBS: 'off' });
  const create = { ...api, status: 201, next: entriesBy(medium, tokens) };
  const atLarge = await installation.signIn('creates', large.employees.slice(0, PEOPLE));
  const createAtLarge = { ...create, next: entriesBy(large, atLarge) };
  const list = { ...api, path: PATH, headers: { authorization: `Bearer ${tokens[0]}` } };
  for (const target of [create, list]) await load(target, 1000);
  await load(createAtLarge, FEW);
  const [creates, many, lists, scripts] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    creates.push(await run(installation, create, 1000));
    many.push(await run(installation, createAtLarge, FEW));
    lists.push(await run(installation, list, 1000));
    if (script) scripts.push({ app: 0, db: await script.perTransaction(EACH, SHORT) });
  }
  await api.stop();
  await installation.drop('creates');
  await installation.drop('replays');
  const ofApplication = ratioOf(creates, lists, ({ app }) => app);
  return [
    ...(script
      ? [
          row('pgbench', 'itself', { 'PostgreSQL µs': Math.round(median(scripts.map(({ db }) => db))) }, 1),
          row(
            'entry: PostgreSQL',
            'pgbench',
            figuresOf(creates),
            ratioOf(creates, scripts, ({ db }) => db),
            { atMost: 1.15 },
          ),
        ]
      : [row('entry: PostgreSQL', 'pgbench (not here)', figuresOf(creates), null, { atMost: 1.15 })]),
    row('entry: application', 'list of 50', {}, ofApplication, { atMost: 2 }),
    row('entry beside half of all', 'entry beside 10,000', figuresOf(many), ratioOf(many, creates), { atMost: 1.2 }),
    row('list of 50', 'itself', figuresOf(lists), 1),
  ];
}

export default { name, title, method, measure };
