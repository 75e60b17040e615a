// The list of 50 entries as others build it, beside ours and beside bare fastify and pg: one PostgreSQL, the same rows, in turn.
// `npm run bench -- --peers`; BENCH_ROUNDS, BENCH_SECONDS (of one run), BENCH_PEERS (part of a name) change what is run.
import { cpuOfTree } from '../cpu.mjs';
import { load } from '../load.mjs';
import { median, quantile, ratioOf, row, rounded } from '../runs.mjs';
import { directus11, directus12 } from './directus.mjs';
import { prepare } from './ground.mjs';
import { install } from './install.mjs';
import { nest } from './nest.mjs';
import { postGraphile } from './postgraphile.mjs';
import { sameRows } from './same-rows.mjs';

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} folder where its package.json is
 * @property {number} goal how many times less CPU ours is to take
 * @property {string} [copy] name of the copy of the database that it needs for its own tables
 * @property {(ground: object) => Promise<object>} start gives `pid`, `port`, `stop`, and for a person of a company two requests, each with `path`,
 *   `headers` and `rows` (out of its body): `entries` with just the fields of ours, and `withActionCode`, in which each row has its `actionCode`
 */

/** @type {Peer[]} */
const PEERS = [nest, directus11, directus12, postGraphile];

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
/** Of one run. Short, so that nobody's pool lets go of its connections while it is others' turn (10 s in most). */
const SECONDS = Number(process.env.BENCH_SECONDS ?? 1.5);
const WARM_UP = { requests: 6000, seconds: 12 };

/** The goals are of the first; the second says how much of it is the join. */
const WORKS = [
  { title: 'list of 50', request: 'withActionCode', judged: true },
  { title: 'list of 50 without codes', request: 'entries', judged: false },
];

const name = 'peers';
const title = 'The same list elsewhere';
const method = `
The same list, each entry with its action code, of other servers on the same rows (\`bench/peers\`, packages of their own, about 1.5 GB): Nest on Express as
its tutorials have it (TypeORM \`find\` with relations, ClassSerializerInterceptor, ValidationPipe, passport-jwt with a query for the user); Directus 11 with
a permission on the user's company; Directus 12 with a filter on the company; PostGraphile 5 with its own token, below the row security of our migrations.
Each must give the very rows that ours gives and none of another company's, which is looked at first. In turns of ${SECONDS} s, ${ROUNDS} rounds, 8 connections; the
ratio is how many times the CPU of ours it takes, application and PostgreSQL together.`;

async function measure(installation) {
  const wanted = PEERS.filter((peer) => peer.name.toLowerCase().includes((process.env.BENCH_PEERS ?? '').toLowerCase()));
  const ground = await prepare(installation, wanted.map(({ copy }) => copy).filter(Boolean)); // prettier-ignore
  for (const target of Object.values(ground.ours)) target.count = await warmUp(target);
  const blocks = [];
  for (const peer of wanted) {
    try {
      blocks.push({ peer, runs: await beside(ground, peer) });
    } catch (error) {
      console.error(`NOT MEASURED: ${peer.name}: ${error.stack}`);
      blocks.push({ peer });
    }
  }
  await ground.stop();
  const measured = blocks.flatMap(({ runs }) => runs ?? []);
  return WORKS.flatMap(({ title: work, request, judged }) => [
    row(`${work}: ours`, 'itself', figures(measured.flatMap(({ ours }) => ours[request])), 1),
    ...blocks.map(({ peer, runs }) => {
      const goal = judged ? { atLeast: peer.goal } : null;
      if (!runs) return row(`${work}: ${peer.name}`, 'ours (not measured)', {}, null, goal);
      return row(`${work}: ${peer.name}`, 'ours', figures(runs.theirs[request]), ratioOf(runs.theirs[request], runs.ours[request]), goal);
    }),
  ]);
}

function figures(runs) {
  const of = (figure) => median(runs.map((one) => one[figure]));
  return {
    'application µs': Math.round(of('app')),
    'PostgreSQL µs': Math.round(of('db')),
    'p50 ms': rounded(of('p50')),
    'p99 ms': rounded(of('p99')),
  };
}

/** One peer, ours and the yardstick in turn. @throws when it cannot be installed, does not start, or answers something else than ours */
async function beside(ground, peer) {
  install(peer.folder);
  const server = await peer.start(ground);
  try {
    const theirs = {
      entries: await checked(ground, server, 'entries'),
      withActionCode: await checked(ground, server, 'withActionCode'),
    };
    for (const target of Object.values(theirs)) target.count = await warmUp(target);
    const runs = { ours: {}, theirs: {} };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [side, targets] of Object.entries({ ours: ground.ours, theirs })) {
        for (const [request, target] of Object.entries(targets)) (runs[side][request] ??= []).push(await run(target, ground.postmaster));
      }
    }
    return runs;
  } finally {
    server.stop();
  }
}

/** The target of a request, its answer compared with ours. @throws when they differ */
async function checked(ground, { pid, port, ...server }, request) {
  const answers = [];
  for (const person of ground.people.slice(0, 2)) {
    const { path, headers, rows } = server[request](person);
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const body = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${body.slice(0, 1000)}`);
    const expected = await ground.rowsOf(request, person);
    answers.push(sameRows(rows(JSON.parse(body)), expected));
  }
  if (answers[0].some((id) => answers[1].includes(id))) throw new Error('one company sees rows of another');
  const { path, headers } = server[request](ground.people[0]);
  return { pid, port, path, headers };
}

/** @returns how many requests are a run of it */
async function warmUp(target) {
  const began = performance.now();
  const chunk = 100;
  for (let done = 0; ;) {
    const from = performance.now();
    await load(target, chunk);
    done += chunk;
    const now = performance.now();
    if (done >= WARM_UP.requests || now - began > WARM_UP.seconds * 1000) return Math.ceil((SECONDS * 1000 * chunk) / (now - from));
  }
}

async function run(target, postmaster) {
  await load(target, Math.ceil(target.count / 4)); // it may have cooled down while it was others' turn
  const [app, db] = [cpuOfTree(target.pid), cpuOfTree(postmaster)];
  const times = await load(target, target.count);
  return {
    app: (cpuOfTree(target.pid) - app) / target.count,
    db: (cpuOfTree(postmaster) - db) / target.count,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  };
}

export default { name, title, method, measure };
