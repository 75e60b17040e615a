// `npm run bench`: measures one after another and writes docs/BENCHMARK.md. Flags: --only=list,create  --large (20 M entries)  --peers (others too)
// --entries=200000 (a smaller set, for a try: nothing is written).
import { install } from './installation.mjs';
import { circumstances } from './circumstances.mjs';
import { keep, render } from './render.mjs';
import { measures, peers } from './measures.mjs';

const flags = Object.fromEntries(process.argv.slice(2).map((flag) => flag.replace(/^--/, '').split('=')));
const only = flags.only?.split(',');
const options = {
  large: 'large' in flags,
  size: flags.entries ? { entries: Number(flags.entries) } : undefined,
};

const available = 'peers' in flags || only?.includes('peers') ? [...measures, peers] : measures;
const unknown = only?.filter((name) => !available.some((measure) => measure.name === name)) ?? [];
if (unknown.length > 0)
  throw new Error(`there is no measure ${unknown.join(', ')}; there are ${available.map(({ name }) => name).join(', ')}`);
const chosen = available.filter(({ name }) => !only || only.includes(name));
const around = circumstances();
const installation = await install();
for (const measure of chosen) {
  const began = performance.now();
  const rows = await measure.measure(installation, options);
  console.log(`\n${measure.title} (${Math.round((performance.now() - began) / 1000)} s)`);
  console.table(rows.map(({ work, against, figures, ratio, goal, met }) => ({ work, against, ratio, ...goal, met, ...figures })));
  if (!options.size) await keep(measure.name, { ...(await around(installation)), rows });
}
if (!options.size) await render();
await installation.stop();
process.exit();
