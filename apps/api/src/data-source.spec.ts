import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'ncy8-data-source-'));
afterAll(() => rmSync(dir, { recursive: true }));

it.each([
  [{}, /^DB_HOST is missing: .*\n$/],
  [
    { DB_HOST: 'db', DB_DATABASE: 'ncy8', DB_USERNAME: 'ncy8', JWT_SECRET: 'a secret of 32 bytes and more that only specs know' },
    /^DB_OWNER_USERNAME is missing: set .*\n$/,
  ],
  [{ PORT: '80000', DB_POOL_SIZE: 'x' }, /^PORT is "80000": .*\nDB_POOL_SIZE is "x": .*\n$/],
])('the command line of the migrations says what is wrong with %j, a line a variable', (env, said) => {
  const command = ['node_modules/typeorm/cli.js', 'migration:show', '-d', 'dist/apps/api/src/data-source.js'];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env: { DATA_DIR: dir, ...env } });
  expect([status, stderr]).toEqual([1, expect.stringMatching(said)]);
});
