import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'ncy8-unreachable-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** As `localhost` is where it has an address of either kind; nothing listens on port 1 of them. */
const LOOKUP = `
  import dns from 'node:dns';
  dns.lookup = (host, options, done) => process.nextTick(done, null, [{ address: '127.0.0.1', family: 4 }, { address: '127.0.0.2', family: 4 }]);`;

const ADDRESS = { DB_HOST: 'database.example', DB_PORT: '1' };

const said = (program: string[], address: Record<string, string> = ADDRESS) =>
  spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(LOOKUP)}`, ...program], {
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      DATA_DIR: dir,
      ...address,
      DB_DATABASE: 'ncy8',
      DB_USERNAME: 'app',
      DB_PASSWORD: 'app-password',
      DB_OWNER_USERNAME: 'owner',
      DB_OWNER_PASSWORD: 'owner-password',
      JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
    },
  }).stderr;

const CLI = 'dist/apps/api/src/database/cli.js';
const REFUSED = 'connect ECONNREFUSED 127.0.0.1:1, connect ECONNREFUSED 127.0.0.2:1';

describe('a database of two addresses that does not answer', () => {
  it('is told by the start', () => {
    expect(said(['dist/server/main.js'])).toContain(`does not let app in: ${REFUSED}`);
  });

  it.each(['bootstrap', 'migrate'])('is told by the command %s', (command) => {
    expect(said([CLI, command])).toContain(REFUSED);
  });
});

describe('a database that takes connections and says nothing', () => {
  const silent = createServer();
  const address: Record<string, string> = { DB_HOST: '127.0.0.1' };
  beforeAll(async () => {
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    address.DB_PORT = String((silent.address() as AddressInfo).port);
  });
  afterAll(() => void silent.close());

  it.each(['bootstrap', 'migrate', 'backup'])('is told by the command %s, which ends', (command) => {
    expect(said([CLI, command], address)).toBe('the database does not answer\n');
  });
});
