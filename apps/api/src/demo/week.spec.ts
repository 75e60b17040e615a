import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ServerProcess } from '../../../../test/server-process.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

const DEMO = join(import.meta.dirname, '../../../../dist/apps/api/src/demo/main.js');

let server: TestServer;
let built: ServerProcess;

beforeAll(async () => {
  server = await startTestServer();
  built = await ServerProcess.start(server, { JOBS: 'on' }); // one of them seals the history
});
afterAll(async () => {
  await built.end('SIGTERM');
  await server.stop();
});

/** `npm run demo` against the server at a port. */
const demo = (port: string) =>
  promisify(execFile)(process.execPath, [DEMO], { env: { HOST: '127.0.0.1', PORT: port, DATA_DIR: server.config.dataDir } });

it('a week from sign-up to a proven history, by the client and a server process, as often as one likes', async () => {
  const { port } = new URL(built.api);
  for (let time = 0; time < 2; time++) {
    const { stdout, stderr } = await demo(port);
    expect(stderr).toBe('');
    const calls = stdout.split('\n').filter((line) => /^ {2}(Ada|Mary|Charles) +(GET|POST|PUT|PATCH|DELETE) /.test(line));
    const refusals = calls.flatMap((line) => / ([45]\d\d \w*)$/.exec(line)?.[1] ?? []);
    expect(refusals).toEqual(['409 entry_overlap', '403 self_approval']);
    expect(calls.length).toBeGreaterThan(30);
    expect(stdout).toMatch(/Total +40:00 +APPROVED[\s\S]*Total +41:30 +APPROVED/);
    expect(stdout).toMatch(/valid true, checked \d\d, unsealed 0\n {2}head [\da-f]{64}\n$/);
  }
});

it('says what to do where no server is', async () => {
  await expect(demo('1')).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('Ada signs her company up'),
    stderr: expect.stringMatching(/^No server at http:\/\/127\.0\.0\.1:1: run `npm start` first/),
  });
});
