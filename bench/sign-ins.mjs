import { load } from './load.mjs';
import { median, ninetyNinth, row, rounded } from './runs.mjs';

const SIGN_INS = 200;

const name = 'sign-ins';
const title = 'Sign-ins beside reads';
const method = `
${SIGN_INS} sign-ins with the right password at once, each an argon2id hash, beside \`GET /api/v1/me\` on 4 connections and \`/health\`; p99 of the
reads, alone and beside them.`;

const figures = (times) => ({ requests: times.length, 'p50 ms': rounded(median(times)), 'p99 ms': rounded(ninetyNinth(times)) });

async function measure(installation, options) {
  const { database, large } = await installation.set(options.size);
  const api = await installation.startApi(database);
  const [token] = await installation.signIn(database, [large]);
  const reads = { ...api, path: '/api/v1/me', headers: { authorization: `Bearer ${token}` } };
  await load(reads, 2000);
  const alone = await load(reads, 2000, 4);

  const began = performance.now();
  let refused = 0;
  const pending = new Set();
  for (let n = 0; n < SIGN_INS; n++) {
    const body = { email: 'company0@example.com', password: installation.password };
    const signIn = api.call('POST', '/auth/login', { body }).catch(() => refused++);
    pending.add(signIn);
    void signIn.finally(() => pending.delete(signIn));
  }
  const [beside, health] = [[], []];
  while (pending.size > 0) {
    beside.push(...(await load(reads, 40, 4)));
    health.push(...(await load({ port: api.port, path: '/health' }, 4, 1)));
  }
  const seconds = (performance.now() - began) / 1000;
  await api.stop();
  return [
    row('reads alone', 'itself', figures(alone), 1),
    row('reads beside sign-ins: p99', 'reads alone', figures(beside), ninetyNinth(beside) / ninetyNinth(alone), { atMost: 3 }),
    row('/health beside sign-ins', 'itself', figures(health), 1),
    row('sign-ins refused', `of ${SIGN_INS}`, { requests: SIGN_INS, seconds: rounded(seconds, 1) }, refused, { atMost: 0 }),
  ];
}

export default { name, title, method, measure };
