// A peer as a process of its own.
import { spawn } from 'node:child_process';
import { freePort } from '../installation.mjs';

export const SECRET = 'y'.repeat(48);

/** Time that a peer has for its start, in milliseconds. */
const START_MS = 120_000;

/**
 * Starts a script in production mode and waits until its port answers, whatever it answers. It ends with this process.
 * @throws with the end of its output when it ends, or says nothing, instead
 */
export async function run(script, env, { args = [], cwd } = {}) {
  const port = await freePort();
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), ...env },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const said = tail(child);
  for (const deadline = Date.now() + START_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said()}`);
    if (await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)) break; // prettier-ignore
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`it does not answer: ${said()}`);
    }
  }
  return { pid: child.pid, port, stop: () => child.kill('SIGKILL') };
}

/** Runs a script to its end. @throws with the end of its output when it fails */
export async function runToEnd(script, env, { args = [], cwd } = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...env },
  });
  const said = tail(child);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said()}`);
}

function tail(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text = (text + chunk).slice(-4000);
    });
  }
  return () => text;
}
