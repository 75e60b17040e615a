import { randomBytes } from 'node:crypto';
import { Config } from '#core';
import { ProblemError } from '../../../../packages/client/src/index.js';
import { Unexpected } from './voice.js';
import { week } from './week.js';

/** `npm run demo`: one company's week, with real requests to the server at HOST:PORT. */
const { host, port } = new Config();
const base = `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${port}`;

try {
  await week(base, randomBytes(3).toString('hex'));
} catch (error) {
  const isAway = error instanceof TypeError && error.message === 'fetch failed';
  const isTold = error instanceof ProblemError || error instanceof Unexpected;
  console.error(isAway ? `No server at ${base}: run \`npm start\` first, with the same HOST and PORT` : isTold ? error.message : error);
  process.exitCode = 1;
}
