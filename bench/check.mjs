// `npm run bench:check`: the list beside the bare server on a small set, in a minute's half. Red on the ratio of CPU and on what goes over the
// wire, never on a time: another machine, or a busy one, changes those and not these.
import { install } from './installation.mjs';
import { PATH, startBare, subject } from './list.mjs';
import { interleave, ratioOf, rounded } from './runs.mjs';

/**
 * Of application and PostgreSQL to bare fastify + pg. It is 0.85 to 0.95, and one run on a busy machine is off by up to 0.15; a principal read at each request, statements without names, entities or a serialiser make it 1.6 and more.
 */
const BOUND = 1.25;
/** A warm list: entering the company and the read, before one Sync. */
const KEPT = { statements: 2, answers: 1, roundTrips: 1 };
/** With the principal read before: BEGIN, entering, principal; then the read and COMMIT. */
const READ = { statements: 5, answers: 2, roundTrips: 2 };
const SMALL = { companies: 3, entries: 6000, people: 50 };

const installation = await install();
const set = await installation.set(SMALL);
const of = await subject(installation, set);
const api = await installation.startApi(set.database, { JOBS: 'off' });
const bare = await startBare(of);
const targets = {
  bare: { ...bare, path: '/list' },
  list: { ...api, path: PATH, headers: { authorization: `Bearer ${of.token}` } },
};

const faults = [];
const compare = (principal, bound, counts) => {
  for (const [what, most] of Object.entries(bound)) {
    if (counts[what] > most) faults.push(`a list with its principal ${principal} takes ${counts[what]} ${what} instead of ${most}`);
  }
};
compare('kept', KEPT, of.statement.kept);
compare('read', READ, of.statement.read);
const measured = async (warm) => {
  const runs = await interleave(installation, targets, { rounds: 5, requests: 400, warm, connections: 4 });
  return rounded(ratioOf(runs.list, runs.bare));
};
const ratios = [await measured(700)];
if (ratios[0] > BOUND) ratios.push(await measured(0)); // once more: something else may have run
if (Math.min(...ratios) > BOUND) faults.push(`a list takes ${ratios.join(', then ')} x the CPU of bare fastify + pg, more than ${BOUND}`);

bare.stop();
await api.stop();
await installation.stop();
const wire = ({ statements, answers, roundTrips }) => `${statements} statements, ${answers} answers, ${roundTrips} round trips`;
console.log(
  `list: ${ratios.at(-1)} x the CPU of bare fastify + pg (at most ${BOUND}); ${wire(of.statement.kept)}; principal read: ${wire(of.statement.read)}`,
);
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
