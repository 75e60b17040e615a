import { BATCH, batch, entry, forWriting, posts } from './entries.mjs';
import { load } from './load.mjs';
import { figuresOf, ratioOf, row, run } from './runs.mjs';

const PEOPLE = 16;
const BATCHES = 8;
const ENTRIES = '/api/v1/timesheet-entries';

const name = 'batch';
const title = 'A batch of 500 entries';
const method = `
\`POST ${ENTRIES}/batch\` with ${BATCH} entries of one month beside ${BATCH} single ones, both with an \`Idempotency-Key\`, both into DRAFT
timesheets; CPU an entry of application and PostgreSQL together.`;

async function measure(installation, options) {
  const set = await installation.set(options.size);
  const { [set.medium.companyId]: actionCodeId } = await forWriting(installation, set, 'batches');
  const tokens = await installation.signIn('batches', set.medium.employees.slice(0, 2 * PEOPLE));
  const api = await installation.startApi('batches', { JOBS: 'off' });
  const target = (path, people, bodyOf) => ({ ...api, status: 201, next: posts(path, people, bodyOf) });
  const single = target(ENTRIES, tokens.slice(0, PEOPLE), (n) => entry(actionCodeId, n));
  const many = target(`${ENTRIES}/batch`, tokens.slice(PEOPLE), (n) => ({ entries: batch(actionCodeId, n) }));
  await load(single, 1000);
  await load(many, BATCHES, 2);
  const [singles, batches] = [[], []];
  for (let round = 0; round < (options.rounds ?? 5); round++) {
    singles.push(await run(installation, single, BATCH));
    batches.push(await run(installation, many, BATCHES, 2));
  }
  await api.stop();
  await installation.drop('batches');
  const each = batches.map((one) => ({ ...one, app: one.app / BATCH, db: one.db / BATCH, rate: one.rate * BATCH }));
  const { 'requests/s': rate, ...figures } = figuresOf(each);
  return [
    row('single entry', 'itself', figuresOf(singles), 1),
    row('entry of a batch', 'single entry', { ...figures, 'entries/s': rate }, 1 / ratioOf(each, singles), { atLeast: 15 }),
  ];
}

export default { name, title, method, measure };
