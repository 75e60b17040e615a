// Starts, or finds running, one local PostgreSQL on the loopback. Whatever was killed, the next start recovers.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, findBinaries, give, mayUse, run, serverAccount } from './embedded-binaries.js';
import type { Account, Binaries } from './embedded-binaries.js';

export interface EmbeddedPostgresOptions {
  /** The server's files go to `postgres/` in it. */
  dir: string;
  /** Taken when it is free, else any free one is. */
  port?: number;
  /** false: a crash of the machine may lose data; for tests. */
  durable?: boolean;
  /** true: stopped, and `dir` deleted, when this process ends, even by SIGKILL. */
  ephemeral?: boolean;
}

export interface EmbeddedPostgres {
  port: number;
  /** The folder with the data, the log and the superuser's password. */
  dir: string;
  /** false: it was already running. */
  started: boolean;
  superuser: { username: string; password: string };
  /** Ends all sessions and waits until the server is gone. */
  stop(): Promise<void>;
}

const SUPERUSER = 'postgres';
const READY_WITHIN_MS = 60_000;
const POLL_MS = 20;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  dynamic_shared_memory_type: 'mmap', // needs no /dev/shm, which containers keep small
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_error_verbosity: 'terse', // else the log holds values of rows
  log_min_error_statement: 'panic', // else it holds statements, and with them names and passwords
};
const VOLATILE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

export async function startPostgres({
  dir,
  port = 0,
  durable = true,
  ephemeral = false,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  mkdirSync(dir, { recursive: true });
  const home = join(realpathSync(dir), 'postgres');
  const account = serverAccount(home);
  const binaries = await findBinaries(account);
  const cluster = new Cluster(home, binaries, account, durable);
  const destroy = ephemeral ? cluster.outliveNothing() : undefined;
  await cluster.create();
  const running = await cluster.start(port);
  const password = readFileSync(cluster.password, 'utf8');
  return { ...running, dir: home, superuser: { username: SUPERUSER, password }, stop: destroy ?? (() => cluster.stop()) };
}

class Cluster {
  readonly password = join(this.home, 'password');
  private readonly data = join(this.home, 'data');
  private readonly log = join(this.home, 'server.log');
  private readonly pidFile = join(this.data, 'postmaster.pid');

  constructor(
    private readonly home: string,
    private readonly binaries: Binaries,
    private readonly account: Account,
    private readonly durable: boolean,
  ) {}

  /** initdb is not atomic and may be killed, or run twice at once: it works in a folder of its own, and a rename makes that the cluster. */
  async create(): Promise<void> {
    if (!existsSync(this.home)) await this.initialise();
    this.removeUnfinished();
    this.refuseOtherMajor();
  }

  private async initialise(): Promise<void> {
    const fresh = mkdtempSync(`${this.home}.new-`);
    const data = join(fresh, 'data');
    const password = join(fresh, 'password');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
    for (const path of [fresh, data, password]) give(path, this.account);
    const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = ['-U', SUPERUSER, '--auth=scram-sha-256', '--pwfile=../password'];
    try {
      const args = ['-D', await this.reachable(data), ...access, ...locale, ...(this.durable ? [] : ['--no-sync'])];
      await run(this.binaries.initdb, args, this.in(data));
      renameSync(fresh, this.home);
    } catch (error) {
      if (!existsSync(this.home)) throw new EmbeddedPostgresError(`The database could not be made: ${(error as Error).message}`);
    }
  }

  /** What a killed or slower start has left; a slower one that still runs then finds the cluster made. */
  private removeUnfinished(): void {
    const dir = dirname(this.home);
    for (const name of readdirSync(dir)) {
      if (name.startsWith(`${basename(this.home)}.new-`)) rmSync(join(dir, name), { recursive: true, force: true, maxRetries: 10 });
    }
  }

  private refuseOtherMajor(): void {
    const { major } = this.binaries;
    const madeBy = this.madeBy();
    if (madeBy === major) return;
    throw new EmbeddedPostgresError(
      `The database in ${this.home} was made by PostgreSQL ${madeBy}, and PostgreSQL ${major} is installed, which cannot read it: ` +
        `dump it with a PostgreSQL ${madeBy} server (pg_dump is not among the embedded programs) and load the dump into a new one, ` +
        `or move the folder away to begin with an empty database`,
    );
  }

  private madeBy(): string {
    try {
      return readFileSync(join(this.data, 'PG_VERSION'), 'utf8').trim();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new EmbeddedPostgresError(
        `The database in ${this.home} cannot be read (${code}): start as the user who made it, or move the folder away`,
      );
    }
  }

  async start(port: number): Promise<{ port: number; started: boolean }> {
    const folder = await this.reachable(this.data);
    let server: ChildProcess | undefined;
    let ended = true;
    const deadline = Date.now() + READY_WITHIN_MS;
    for (let launches = 0; Date.now() < deadline; await sleep(POLL_MS)) {
      const alive = this.processes();
      const { pid, port: actual, ready } = this.status();
      if (ready && alive.includes(pid)) return { port: actual, started: server?.pid === pid };
      if (alive.length > 0 || !ended) continue; // it starts, recovers or stops; after kill -9 its last processes are going
      if (launches === 3) break;
      if (launches > 0) rmSync(this.pidFile, { force: true }); // names a zombie, or a process that got the same number
      server = this.launch(folder, await freePort(port));
      ended = false;
      server.once('error', () => (ended = true)).once('exit', () => (ended = true));
      launches++;
    }
    const log = read(this.log).trimEnd().split('\n').slice(-12).join('\n');
    throw new EmbeddedPostgresError(`The database in ${this.home} does not start:\n${log}`);
  }

  private launch(folder: string, port: number): ChildProcess {
    const log = openSync(this.log, 'a', 0o600);
    give(this.log, this.account);
    const settings = Object.entries({ port, ...SETTINGS, ...(this.durable ? {} : VOLATILE) });
    const args = ['-D', folder, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    // A session of its own: Ctrl+C in the terminal must not take the database from an API that is still answering.
    const server = spawn(this.binaries.postgres, args, { ...this.in(this.data), detached: true, stdio: ['ignore', log, log] });
    server.unref();
    closeSync(log);
    return server;
  }

  async stop(): Promise<void> {
    const { pid } = this.status();
    if (this.processes().includes(pid)) process.kill(pid, 'SIGINT'); // "fast": ends the sessions, then a checkpoint
    while (this.processes().includes(pid)) await sleep(POLL_MS);
  }

  /** A shell that reads a pipe of this process: its end means that we are gone, in whatever way. Returns how to end it. */
  outliveNothing(): () => Promise<void> {
    const script = `cat; pid=$(head -n 1 "$1") && kill -QUIT "$pid" && for i in $(seq 100); do kill -0 "$pid" || break; sleep 0.1; done; rm -rf "$0"`;
    const watchdog = spawn('sh', ['-c', script, dirname(this.home), this.pidFile], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.unref();
    (watchdog.stdin as unknown as { unref(): void }).unref();
    return async () => {
      watchdog.ref();
      const gone = once(watchdog, 'exit');
      watchdog.stdin.end();
      await gone;
    };
  }

  private in(cwd: string) {
    return { ...this.account, cwd, env: { LC_ALL: 'C', TZ: 'UTC' } };
  }

  /**
   * The folder's path, or where the account cannot walk there (below /root) a name for the working directory:
   * a process is put there before it gives up root, and that link needs no rights on the folders above.
   */
  private async reachable(folder: string): Promise<string> {
    return (await mayUse(folder, '-w', this.account)) ? folder : '/proc/self/cwd';
  }

  /** Line 1 is the process, 4 the port, 8 the state. */
  private status(): { pid: number; port: number; ready: boolean } {
    const lines = read(this.pidFile).split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  }

  /** The processes that serve this folder. The PID file alone proves nothing: the number may be a zombie's or belong to another program. */
  private processes(): number[] {
    if (process.platform !== 'linux') return [this.status().pid].filter(exists);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && workingDirectory(name) === this.data)
      .map(Number);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function workingDirectory(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // it has ended, or belongs to somebody else
  }
}

function exists(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  try {
    await once(probe.listen(wanted, '127.0.0.1'), 'listening');
    return (probe.address() as AddressInfo).port;
  } catch {
    return freePort(0);
  } finally {
    probe.close();
  }
}
