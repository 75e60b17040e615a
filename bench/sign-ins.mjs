// 200 sign-ins at once beside signed-in reads and /health: how long the reads take, alone and beside them. `node bench/sign-ins.mjs`
import { PASSWORD, quantile, startApi } from './installation.mjs';
import { load } from './load.mjs';

const SIGN_INS = 200;
const api = await startApi(3902);
const { tokens } = await api.signUp('sign-ins');
const reads = { port: api.port, path: '/api/v1/me', headers: { authorization: `Bearer ${tokens.accessToken}` } };
await load(reads, 2000);
const alone = await load(reads, 2000, 4);

const began = performance.now();
let refused = 0;
const pending = new Set();
for (let n = 0; n < SIGN_INS; n++) {
  const signIn = api.call('POST', '/auth/login', { body: { email: 'sign-ins@example.com', password: PASSWORD } }).catch(() => refused++);
  pending.add(signIn);
  void signIn.finally(() => pending.delete(signIn));
}
const [beside, health] = [[], []];
while (pending.size > 0) {
  beside.push(...(await load(reads, 40, 4)));
  health.push(...(await load({ port: api.port, path: '/health' }, 4, 1)));
}
const seconds = (performance.now() - began) / 1000;
const p99 = (times) => quantile(times.toSorted((a, b) => a - b), 0.99); // prettier-ignore
console.log(
  `${SIGN_INS} sign-ins in ${seconds.toFixed(1)} s, ${refused} refused. p99 of reads ${p99(alone).toFixed(1)} ms alone, ` +
    `${p99(beside).toFixed(1)} ms beside them (${(p99(beside) / p99(alone)).toFixed(1)} x); of /health ${p99(health).toFixed(1)} ms`,
);
process.exit();
