import { loadSet, SET } from './set.mjs';
import { figuresOf, interleave, ratioOf, row } from './runs.mjs';

const LIMIT = 10;
const PAGE = 1000;
const LIST = '/timesheet-entries?limit=';

const name = 'pages';
const title = 'Pages of a list in tables of different size';
const method = `
The first and the thousandth page of the entries of a company's owner, ${LIMIT} a page so that a table of ten thousand has a thousand: one company
alone with 10,010 entries, the company with half of 2 million, and with \`--large\` that with half of 20 million. The thousandth page is found by
following the cursor. One connection; the ratio is that of p50.`;

/** The path of the thousandth page: in longer steps, as a cursor is not bound to a limit. */
async function thousandth(api, token) {
  let cursor = '';
  for (let left = LIMIT * (PAGE - 1); left > 0;) {
    const limit = Math.min(200, left);
    const { items, nextCursor } = await api.call('GET', `${LIST}${limit}${cursor}`, { token });
    if (!nextCursor) throw new Error('there is no thousandth page');
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
    left -= items.length;
  }
  return `/api/v1${LIST}${LIMIT}${cursor}`;
}

async function measure(installation, options) {
  const sets = { '10 k': await loadSet(installation, { companies: 1, entries: 10_010, people: 40, database: 'small' }) };
  sets[options.size ? 'some' : '2 M'] = await installation.set(options.size);
  if (options.large) sets['20 M'] = await loadSet(installation, { ...SET, entries: 20_000_000, database: 'large' });
  const targets = {};
  const apis = [];
  for (const [rows, { database, large }] of Object.entries(sets)) {
    const api = await installation.startApi(database, { JOBS: 'off' });
    apis.push(api);
    const [token] = await installation.signIn(database, [large]);
    const target = { ...api, headers: { authorization: `Bearer ${token}` } };
    targets[`first page, ${rows} rows`] = { ...target, path: `/api/v1${LIST}${LIMIT}` };
    targets[`thousandth page, ${rows} rows`] = { ...target, path: await thousandth(api, token) };
  }
  const runs = await interleave(installation, targets, { rounds: 5, requests: 500, warm: 500, connections: 1 });
  for (const api of apis) await api.stop();
  await installation.drop('small');
  if (options.large) await installation.drop('large');
  const [[first, yardstick], ...others] = Object.entries(runs);
  return [
    row(first, 'itself', figuresOf(yardstick), 1),
    ...others.map(([work, one]) => row(work, 'first page, 10 k rows', figuresOf(one), ratioOf(one, yardstick, ({ p50 }) => p50), { atMost: 1.2 })), // prettier-ignore
  ];
}

export default { name, title, method, measure };
