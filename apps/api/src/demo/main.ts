import { randomBytes } from 'node:crypto';
import { Config } from '#core';
import { Client, Refused } from './client.js';
import { week } from './week.js';

/** `npm run demo`: one company's week, with real requests to the server at HOST:PORT. */
const { host, port } = new Config();
const base = `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${port}`;

try {
  await week(new Client(base, 'visitor'), randomBytes(3).toString('hex'));
} catch (error) {
  const isAway = error instanceof TypeError && error.message === 'fetch failed';
  console.error(
    isAway
      ? `No server at ${base}: run \`npm start\` first, with the same HOST and PORT`
      : error instanceof Refused
        ? error.message
        : error,
  );
  process.exitCode = 1;
}
