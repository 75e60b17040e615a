import { readFileSync } from 'node:fs';
import { load } from './load.mjs';
import { median, row, rounded } from './runs.mjs';

const STARTS = 5;
const PATH = '/api/v1/timesheet-entries?limit=10';

const name = 'start';
const title = 'Start and memory';
const method = `
From the start of the process on a migrated external database until \`/health/ready\` answers 200 (median of ${STARTS}; asked each 10 ms). Memory is the
resident set as the operating system counts it (shared libraries and V8's spare room included), with jobs on, after \`GET ${PATH}\` so many times.`;

const megabytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function measure(installation, options) {
  const { database, large } = await installation.set(options.size);
  const seconds = [];
  let api;
  for (let n = 0; n < STARTS; n++) {
    await api?.stop();
    const began = performance.now();
    api = await installation.startApi(database);
    seconds.push((performance.now() - began) / 1000);
  }
  const [token] = await installation.signIn(database, [large]);
  const target = { ...api, path: PATH, headers: { authorization: `Bearer ${token}` } };
  const fresh = megabytes(api.pid);
  const many = options.size ? 20_000 : 100_000;
  await load(target, 10_000);
  const early = megabytes(api.pid);
  let most = early;
  for (let done = 10_000; done < many; done += 10_000) {
    await load(target, 10_000);
    most = Math.max(most, megabytes(api.pid));
  }
  const late = megabytes(api.pid);
  await api.stop();
  const memory = { 'MB at start': Math.round(fresh), 'MB after 10 k': Math.round(early), 'MB after 100 k': Math.round(late), 'most MB between': Math.round(most) }; // prettier-ignore
  return [
    row('start to ready, seconds', 'the clock', { 'fastest s': rounded(Math.min(...seconds)), 'slowest s': rounded(Math.max(...seconds)) }, median(seconds), { atMost: 1.5 }), // prettier-ignore
    row('memory after 10,000 requests, MB', 'resident set', memory, early, { atMost: 150 }),
    row('memory after 100,000 requests', 'after 10,000', {}, late / early, { atMost: 1.1 }),
  ];
}

export default { name, title, method, measure };
