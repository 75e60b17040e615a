// Makes docs/BENCHMARK.md and docs/benchmark.svg from bench/results.json: `node bench/render.mjs`, and at the end of `npm run bench`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as prettier from 'prettier';
import { chart } from './chart.mjs';
import { measures, peers } from './measures.mjs';

const RESULTS = 'bench/results.json';

const read = () => (existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {});

async function write(file, text) {
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...options, filepath: file, proseWrap: 'always' }));
}

/** Replaces one measure's part of the results. */
export const keep = (name, part) => write(RESULTS, JSON.stringify({ ...read(), [name]: part }));

export async function render() {
  const results = read();
  const parts = [...measures, peers].filter(({ name }) => name in results).map((measure) => ({ ...measure, ...results[measure.name] }));
  await write('docs/BENCHMARK.md', [preface, overview(parts), ...parts.map(section), tried()].join('\n\n'));
  writeFileSync('docs/benchmark.svg', chart(parts.flatMap(({ rows }) => rows)));
}

const preface = `
# Benchmark

\`npm run bench\` starts a real PostgreSQL (the embedded one), loads 200 companies with 2 million entries (one company has half of them, one has
10,000, the others 5,000 each; \`--large\` adds a database of 20 million), runs the built server as a process of its own, and writes this page.
\`--only=list,create\` runs some measures, \`--peers\` adds other servers. Nothing in the server knows of it: what it runs is what runs in production, with
\`RATE_LIMIT_PER_MINUTE=0\`, an access token that lives for hours, and sessions made by rows such as signing in leaves.

- What is compared is measured in turns, round after round, and a ratio is the median of the rounds' ratios.
- CPU is user and system time as the operating system counted it, of the process and of PostgreSQL with all its backends, divided by requests.
- PostgreSQL runs with \`fsync\`, \`synchronous_commit\` and \`full_page_writes\` off, on files that are deleted in the end, so that the disk is not
  what is measured; autovacuum is off and VACUUM ANALYZE done by hand, so that its work is not charged to whoever runs
  (on for the purge, its bare form, and the sealing, which are work of minutes).
- Figures of the clock (requests/s, ms, rows/s) hold for the machine and what else it did: _busy_ says that it was not alone. Ratios of CPU hold
  much better.

![Ratios beside their goals](benchmark.svg)`;

const goalText = (goal) => {
  if (!goal) return '';
  if (typeof goal !== 'object') return String(goal);
  return goal.atMost === undefined ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
};
const metText = (met) => (met === true ? 'yes' : met === false ? '**no**' : '');
const cell = (text) => String(text).replaceAll('|', '\\|');

function table(columns, lines) {
  return [columns, columns.map(() => '---'), ...lines].map((line) => `| ${line.map(cell).join(' | ')} |`).join('\n');
}

function overview(parts) {
  const lines = parts.flatMap(({ rows }) =>
    rows
      .filter(({ goal }) => goal)
      .map(({ work, against, ratio, goal, met }) => [work, against, ratio ?? '', goalText(goal), metText(met)]),
  );
  return ['## Goals', table(['work', 'measured against', 'ratio', 'goal', 'met'], lines)].join('\n\n');
}

function section({ title, method, rows, date, isBusy, machine, versions }) {
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const lines = rows
    .filter(({ figures }) => Object.keys(figures).length > 0)
    .map(({ work, figures, ratio, against }) => [
      work,
      ...names.map((name) => figures[name] ?? ''),
      ratio === null || against === 'itself' ? '' : `${ratio} x ${against}`,
    ]);
  const ran = `${date}, ${machine}${isBusy ? ', busy' : ''}; ${Object.entries(versions)
    .map((one) => one.join(' '))
    .join(', ')}`;
  return [`## ${title}`, method.trim(), table(['work', ...names, 'ratio'], lines), `_${ran}_`].join('\n\n');
}

const tried = () => ['## What helped, and what did not', readFileSync('bench/tried.md', 'utf8').trim()].join('\n\n');

if (import.meta.filename === process.argv[1]) await render();
