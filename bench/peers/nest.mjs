// Nest as its tutorials have it (nest/), compiled once to dist/nest with the compiler and the options of this project.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { databaseUrl } from './ground.mjs';
import { run, SECRET } from './server.mjs';

const source = join(import.meta.dirname, 'nest');
const output = join(import.meta.dirname, 'dist/nest');

async function compile() {
  const { transformFile } = await import('@swc/core');
  mkdirSync(output, { recursive: true });
  for (const name of readdirSync(source).filter((file) => file.endsWith('.ts'))) {
    const { code } = await transformFile(join(source, name), { configFile: join(import.meta.dirname, '../../.swcrc'), sourceMaps: false });
    writeFileSync(join(output, name.replace(/\.ts$/, '.js')), code);
  }
}

const ask = ({ companyId, userId }, path) => ({
  path,
  headers: { authorization: `Bearer ${jwt.sign({ sub: userId, cid: companyId }, SECRET, { expiresIn: '1h' })}` },
  rows: (body) => body,
});

/** @type {import('./main.mjs').Peer} */
export const nest = {
  name: 'Nest the usual way',
  folder: import.meta.dirname,
  goal: 7,
  async start(ground) {
    await compile();
    const server = await run(join(output, 'main.js'), { PEER_DATABASE: databaseUrl(ground.superuser), PEER_SECRET: SECRET });
    return {
      ...server,
      entries: (person) => ask(person, '/entries?limit=50'),
      withActionCode: (person) => ask(person, '/entries?limit=50&include=actionCode'),
    };
  },
};
