// The list of 50 entries as others build it, beside ours and beside bare fastify and pg: one PostgreSQL, the same rows, in turn.
// `node bench/peers/main.mjs`; BENCH_ROUNDS, BENCH_SECONDS (of one run), BENCH_PEERS (part of a name) change what is run.
import { cpuOfTree } from '../cpu.mjs';
import { load } from '../load.mjs';
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
  { title: 'list of 50 entries with their action code', request: 'withActionCode', judged: true },
  { title: 'list of 50 entries without it', request: 'entries', judged: false },
];

/**
 * @param installation bench/installation.mjs, imported
 * @returns a row for each work and peer; `ratio` is the median over the rounds of its CPU (application and PostgreSQL) through ours; null, with
 *   `error`, of a peer that could not be measured
 */
export default async function peers(installation) {
  const wanted = PEERS.filter(({ name }) => name.toLowerCase().includes((process.env.BENCH_PEERS ?? '').toLowerCase()));
  const ground = await prepare(installation, wanted.map(({ copy }) => copy).filter(Boolean)); // prettier-ignore
  for (const target of Object.values(ground.ours)) target.count = await warmUp(target);
  const blocks = [];
  for (const peer of wanted) {
    try {
      blocks.push({ peer, runs: await beside(ground, peer) });
    } catch (error) {
      console.error(`NOT MEASURED: ${peer.name}: ${error.stack}`);
      blocks.push({ peer, error });
    }
  }
  ground.stop();

  return WORKS.flatMap(({ title, request, judged }) => {
    const row = (against, measured, goal, of) => {
      const pairs = measured.flatMap((runs) => of(runs).map((run, round) => ({ run, ours: runs.ours[request][round] })));
      const ratio = median(pairs.map(({ run, ours }) => (run.app + run.db) / (ours.app + ours.db)));
      return { work: title, against, figures: figures(pairs), ratio: Number(ratio.toFixed(2)), goal, met: goal && ratio >= goal };
    };
    const all = blocks.map(({ runs }) => runs).filter(Boolean);
    return [
      ...(all.length > 0 ? [row('ncy8', all, null, ({ ours }) => ours[request])] : []),
      ...(all.length > 0 && request === 'entries' ? [row('bare fastify and pg', all, null, ({ ours }) => ours.bare)] : []),
      ...blocks.map(({ peer, runs, error }) => {
        const goal = judged ? peer.goal : null;
        if (runs) return row(peer.name, [runs], goal, (own) => own.theirs[request]);
        return { work: title, against: peer.name, figures: null, ratio: null, goal, met: goal && false, error: error.message };
      }),
    ];
  });
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
        for (const [name, target] of Object.entries(targets)) (runs[side][name] ??= []).push(await measure(target, ground.postmaster));
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

async function measure(target, postmaster) {
  await load(target, Math.ceil(target.count / 4)); // it may have cooled down while it was others' turn
  const [app, db] = [cpuOfTree(target.pid), cpuOfTree(postmaster)];
  const times = await load(target, target.count);
  return {
    app: (cpuOfTree(target.pid) - app) / target.count,
    db: (cpuOfTree(postmaster) - db) / target.count,
    p50: times[Math.floor(times.length * 0.5)],
    p99: times[Math.floor(times.length * 0.99)],
  };
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

function figures(pairs) {
  const of = (figure) => median(pairs.map(({ run }) => run[figure]));
  return {
    'app µs': Math.round(of('app')),
    'postgres µs': Math.round(of('db')),
    'p50 ms': Number(of('p50').toFixed(2)),
    'p99 ms': Number(of('p99').toFixed(2)),
  };
}

if (import.meta.filename === process.argv[1]) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // and all that was started ends with it
  const rows = await peers(await import('../installation.mjs'));
  console.table(rows.map(({ work, against, figures: columns, ratio, goal, met }) => ({ work, against, ...columns, ratio, goal, met })));
  process.exit(rows.some(({ error }) => error) ? 1 : 0);
}
