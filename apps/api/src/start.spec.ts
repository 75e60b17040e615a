import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';

const main = join(import.meta.dirname, '../../../dist/server/main.js');
const nobody = { uid: 65_534, gid: 65_534 };

/** Only spent where something is wrong, or the machine is very busy. */
const PATIENCE_MS = 60_000;
jest.setTimeout(4 * PATIENCE_MS);

const folders: string[] = [];
const starts: Start[] = [];

/** A server process as `npm start` runs it, in a session of its own. */
class Start {
  out = '';
  err = '';
  hasEnded = false;
  private readonly process: ChildProcess;

  constructor(
    readonly dir: string,
    env: Record<string, string> = {},
    as: { uid?: number; gid?: number } = {},
  ) {
    this.process = spawn(process.execPath, [main], {
      ...as,
      cwd: dir,
      env: { DATA_DIR: dir, HOST: '127.0.0.1', PORT: '0', JOBS: 'off', LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.process.stdout?.on('data', (chunk) => (this.out += chunk));
    this.process.stderr?.on('data', (chunk) => (this.err += chunk));
    this.process.once('close', () => (this.hasEnded = true));
    starts.push(this);
  }

  async ready(): Promise<this> {
    await until(() => this.hasEnded || this.out.includes('ready'));
    if (this.hasEnded) throw new Error(`ended: ${this.out}${this.err}`);
    return this;
  }

  /** What the line of this name tells. */
  told(name: string): string {
    return new RegExp(`^ *${name} +(.*)$`, 'm').exec(this.out)?.[1] ?? '';
  }

  async status(path: string): Promise<number | undefined> {
    const answer = await fetch(new URL(path, this.told('API'))).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.status;
  }

  /** To the whole group, as Ctrl+C in a terminal. */
  signal(signal: NodeJS.Signals): void {
    if (this.process.pid && !this.hasEnded) process.kill(-this.process.pid, signal);
  }

  async exit(): Promise<number | null> {
    await until(() => this.hasEnded);
    return this.process.exitCode;
  }

  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.exit(); // with 1 where it could not stop in time
  }
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !(await isTrue()); await sleep(20)) {
    if (performance.now() > deadline)
      throw new Error(`waited in vain; the starts said: ${starts.map(({ out, err }) => out + err).join('\n')}`);
  }
}

/** A fresh one, readable by all as most checkouts are. */
function folder(name = 'data'): string {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'ncy8-start-')));
  folders.push(top);
  chmodSync(top, 0o755);
  const dir = join(top, name);
  mkdirSync(dir);
  return dir;
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ''; // it has ended
  }
}

/** Whatever works in the database's folder, its PID file aside. */
function databaseProcesses(dir: string): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && workingDirectory(pid).startsWith(join(dir, 'postgres')))
    .map(Number);
}

const postmaster = (dir: string): string[] => readFileSync(join(dir, 'postgres/data/postmaster.pid'), 'utf8').split('\n');

/** Its other processes end by themselves when they miss it. */
function killDatabase(dir: string): void {
  process.kill(Number(postmaster(dir)[0]), 'SIGKILL');
}

async function rows(dir: string, statement: string): Promise<unknown[]> {
  const password = readFileSync(join(dir, 'postgres/password'), 'utf8');
  const client = new Client({ host: '127.0.0.1', port: Number(postmaster(dir)[3]), user: 'postgres', password, database: 'ncy8' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Whether the database takes a new session. */
const isThere = (dir: string): Promise<boolean> =>
  rows(dir, 'SELECT').then(
    () => true,
    () => false,
  );

/** Where it does not matter what was there before: a first start costs seconds. */
let settled: string;
beforeAll(() => {
  settled = folder('a data folder');
});

afterEach(async () => {
  for (const start of starts.splice(0)) {
    start.signal('SIGKILL');
    if (databaseProcesses(start.dir).length > 0) killDatabase(start.dir);
    await until(() => databaseProcesses(start.dir).length === 0);
  }
});

afterAll(() => {
  for (const top of folders) rmSync(top, { recursive: true });
});

describe('a start without a database', () => {
  it('tells where everything is, answers, and ends together with its database', async () => {
    const dir = settled;
    const server = await new Start(dir).ready();
    expect(server.told('page')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/docs$/);
    expect(server.told('sign-in')).toMatch(/^\S+@\S+ \/ \S+$/);
    expect(await server.status('/health/live')).toBe(200);
    expect(databaseProcesses(dir)).not.toEqual([]);
    expect(readFileSync(join(dir, 'backups/erasures.ndjson'), 'utf8')).toBe(''); // nobody was erased
    expect(await server.stop()).toBe(0);
    expect(databaseProcesses(dir)).toEqual([]);
    expect(server.err).toBe('');
  });

  it('recovers after kill -9 of the server, of the database, and of both', async () => {
    const dir = settled;
    const first = await new Start(dir).ready();
    await rows(dir, 'CREATE TABLE drill AS SELECT 1 AS survived');
    first.signal('SIGKILL');
    await first.exit();

    const second = await new Start(dir).ready();
    killDatabase(dir);
    await until(() => isThere(dir)); // the sessions of the killed one may answer a moment longer
    await until(async () => (await second.status('/health/ready')) === 200);
    expect(await rows(dir, 'TABLE drill')).toEqual([{ survived: 1 }]);

    await rows(dir, 'UPDATE drill SET survived = 2');
    killDatabase(dir);
    second.signal('SIGKILL');
    await second.exit();
    const third = await new Start(dir).ready();
    expect(await rows(dir, 'TABLE drill')).toEqual([{ survived: 2 }]);
    expect(await third.stop()).toBe(0);
    expect(databaseProcesses(dir)).toEqual([]);
  });

  it('shares one folder with another start of the same moment, and the last one takes the database down', async () => {
    const dir = folder();
    chmodSync(join(dir, '..'), 0o700); // like a checkout below /root: a database that does not run as root cannot walk there
    const [one, other] = await Promise.all([new Start(dir).ready(), new Start(dir).ready()]);
    expect(one.told('database')).toBe(other.told('database'));
    expect(await one.stop()).toBe(0);
    expect(await other.status('/health/ready')).toBe(200);
    other.signal('SIGINT');
    other.signal('SIGINT'); // npm passes Ctrl+C on, on top of the terminal
    expect(await other.exit()).toBe(0);
    expect(databaseProcesses(dir)).toEqual([]);
    expect(readdirSync(dir).filter((name) => name.startsWith('postgres'))).toEqual(['postgres']);
  });

  it('ends with one line where the port is taken, leaving no database of its own and harming no other', async () => {
    const dir = settled;
    const server = await new Start(dir).ready();
    const PORT = new URL(server.told('API')).port;
    const elsewhere = folder();
    const late = new Start(elsewhere, { PORT });
    expect(await late.exit()).toBe(1);
    expect(late.err).toMatch(new RegExp(`^PORT ${PORT} is taken.*\n$`));
    expect(databaseProcesses(elsewhere)).toEqual([]);
    expect(await server.status('/health/ready')).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  it('stops in order when it is told to while it still starts', async () => {
    const dir = folder();
    const server = new Start(dir);
    await until(() => existsSync(join(dir, 'postgres')));
    expect(await server.stop()).toBe(0);
    expect(databaseProcesses(dir)).toEqual([]);
    expect(server.out + server.err).toBe('');
  });

  it('says that it is not ready before it stops, and still answers what is under way, on a connection that would be kept alive', async () => {
    const server = await new Start(settled, { DRAIN_MS: '3000' }).ready();
    const socket = connect(Number(new URL(server.told('API')).port), '127.0.0.1');
    const answer = text(socket);
    socket.write('POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{');
    expect(await server.status('/health/ready')).toBe(200); // the server has the other request by now too
    server.signal('SIGTERM');
    const seen = new Set<number | undefined>();
    await until(async () => seen.add(await server.status('/health/ready')).has(undefined)); // no longer listens
    expect(seen).toContain(503);
    socket.write('}');
    expect(await answer).toMatch(/^HTTP\/1.1 [24]\d\d /);
    expect(await server.exit()).toBe(0);
  });

  it('waits ten seconds for what does not end, and then says that it was cut off', async () => {
    const server = await new Start(settled).ready();
    const socket = connect(Number(new URL(server.told('API')).port), '127.0.0.1').on('error', () => undefined);
    socket.write('POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{');
    expect(await server.status('/health/ready')).toBe(200);
    expect(await server.stop()).toBe(1);
    expect(server.err).toMatch(/^Error: Requests or jobs were still running 10 s after .* cut off$/m);
    expect(databaseProcesses(settled)).toEqual([]);
  });

  it('refuses the folder of another major version, naming both and the way out', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'postgres/data'), { recursive: true });
    writeFileSync(join(dir, 'postgres/data/PG_VERSION'), '15\n');
    const server = new Start(dir);
    expect(await server.exit()).toBe(1);
    expect(server.err.trimEnd().split('\n')).toHaveLength(1);
    for (const part of [join(dir, 'postgres'), 'made by PostgreSQL 15', 'PostgreSQL 18', 'dump', 'move the folder away']) {
      expect(server.err).toContain(part);
    }
  });

  it('names each wrong variable in a line of its own', async () => {
    const dir = folder();
    const server = new Start(dir, { PORT: '80000', SIGNUP_ENABLED: 'perhaps' });
    expect(await server.exit()).toBe(1);
    expect(server.err).toMatch(/^PORT is "80000": .*\nSIGNUP_ENABLED is "perhaps": .*\n$/);
    expect(existsSync(join(dir, 'postgres'))).toBe(false);
  });

  it.each([
    ['BACKUP_DIR', {}],
    ['BACKUP_DIR, DATA_DIR', { DB_HOST: '127.0.0.1', DB_PORT: '1', DB_DATABASE: 'none', DB_USERNAME: 'none', JWT_SECRET: 'x'.repeat(32) }],
  ])('names each folder that it cannot write: %s', async (names, env) => {
    const dir = folder();
    const file = join(dir, 'a file');
    writeFileSync(file, '');
    const unwritable = Object.fromEntries(names.split(', ').map((name) => [name, join(file, 'below')]));
    const server = new Start(dir, { ...env, ...unwritable });
    expect(await server.exit()).toBe(1);
    expect(server.err.trimEnd().split('\n')).toEqual(
      Object.entries(unwritable).map(([name, path]) =>
        expect.stringMatching(new RegExp(`^${name} "${path}" cannot be written \\(ENOTDIR.*: set `)),
      ),
    );
    expect(existsSync(join(dir, 'postgres'))).toBe(false);
  });

  it('works for an ordinary user too', async () => {
    if (process.getuid?.() !== 0) return; // all of the above just ran as one
    const mayRead = [main, process.execPath].every((file) => spawnSync('test', ['-r', file], { ...nobody, cwd: '/' }).status === 0);
    if (!mayRead) return console.warn('NOT TESTED: a start as an ordinary user, who cannot read this checkout');
    const dir = folder();
    chownSync(dir, nobody.uid, nobody.gid);
    const server = await new Start(dir, {}, nobody).ready();
    expect(await server.status('/health/ready')).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(databaseProcesses(dir)).toEqual([]);
  });
});
