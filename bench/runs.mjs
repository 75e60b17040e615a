import { cpuOf, cpuOfTree } from './cpu.mjs';
import { load } from './load.mjs';

/** The value below which that share of sorted values lies. */
export const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

export const sorted = (values) => values.toSorted((a, b) => a - b);

export const ninetyNinth = (times) => quantile(sorted(times), 0.99);

export function median(values) {
  const inOrder = sorted(values);
  const upper = Math.floor(inOrder.length / 2);
  return inOrder.length % 2 === 1 ? inOrder[upper] : (inOrder[upper - 1] + inOrder[upper]) / 2;
}

/** One run of requests: microseconds of CPU a request, of the application and of PostgreSQL with all its backends, and what the clock said. */
export async function run({ postmaster }, target, requests, connections) {
  const [app, db, began] = [cpuOf(target.pid), cpuOfTree(postmaster), performance.now()];
  const times = await load(target, requests, connections);
  return {
    app: (cpuOf(target.pid) - app) / requests,
    db: (cpuOfTree(postmaster) - db) / requests,
    rate: requests / ((performance.now() - began) / 1000),
    p50: quantile(times, 0.5),
    p99: ninetyNinth(times),
  };
}

/**
 * Each target in turn, round after round, there and back, so that whatever else the machine does meets all of them. `before()` of a target is
 * not measured.
 * @returns of each target the list of its runs
 */
export async function interleave(installation, targets, { rounds = 5, requests = 2000, warm = 1500, connections = 8 } = {}) {
  const runs = Object.fromEntries(Object.keys(targets).map((name) => [name, []]));
  for (const target of Object.values(targets)) await load(target, target.warm ?? warm, connections);
  for (let round = 0; round < rounds; round++) {
    const inTurn = Object.entries(targets);
    for (const [name, target] of round % 2 === 0 ? inTurn : inTurn.toReversed()) {
      await target.before?.();
      runs[name].push(await run(installation, target, requests, connections));
    }
  }
  return runs;
}

const total = ({ app, db }) => app + db;

/** How one target's CPU stands to another's: the median over the rounds, each beside its own neighbour. */
export const ratioOf = (runs, yardstick, cost = total) => median(runs.map((one, round) => cost(one) / cost(yardstick[round])));

/** Medians, as the report prints them. */
export const figuresOf = (runs) => ({
  'application µs': Math.round(median(runs.map(({ app }) => app))),
  'PostgreSQL µs': Math.round(median(runs.map(({ db }) => db))),
  'requests/s': Math.round(median(runs.map(({ rate }) => rate))),
  'p50 ms': rounded(median(runs.map(({ p50 }) => p50)), 2),
  'p99 ms': rounded(median(runs.map(({ p99 }) => p99)), 2),
});

export const rounded = (value, digits = 2) => Number(value.toFixed(digits));

/**
 * A line of the report. @param goal `{ atMost }` or `{ atLeast }` for the ratio; none for a figure that is only told
 */
export function row(work, against, figures, ratio, goal = null) {
  const shown = ratio === null ? null : rounded(ratio, ratio < 10 ? 2 : 1);
  const met = goal && shown !== null ? shown <= (goal.atMost ?? Infinity) && shown >= (goal.atLeast ?? -Infinity) : null;
  return { work, against, figures, ratio: shown, goal, met };
}
