import { once } from 'node:events';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DatabaseAddress } from '#core';
import { give, run, serverAccount } from '../tools/embedded-binaries.js';
import { connect } from './database.js';
import { until } from './until.js';

/** Runs the pending migrations, as `npm run migration:run` does (TypeORM loads them by file, which Jest's own loader does not allow). */
export function migrateByCommand({ host, port, username, password, database }: DatabaseAddress) {
  const env = {
    ...process.env,
    DB_HOST: host,
    DB_PORT: String(port),
    DB_DATABASE: database,
    DB_OWNER_USERNAME: username,
    DB_OWNER_PASSWORD: password,
    DB_USERNAME: 'unused',
    JWT_SECRET: 'x'.repeat(32),
  };
  return promisify(execFile)(process.execPath, ['dist/apps/api/src/database/cli.js', 'migrate'], { env });
}

export interface SystemPostgres {
  /** The superuser's. */
  address: DatabaseAddress;
  /** The folder of its programs. */
  bin: string;
  /** Where its `data` is, gone with it. */
  dir: string;
  /** As whom its programs run. */
  account: ReturnType<typeof serverAccount>;
  stop(): Promise<void>;
}

interface Options {
  /** Of postgresql.conf, over those of a scratch server. */
  settings?: Record<string, string | number>;
  /** Fills the folder of the data instead of initdb: a base backup. */
  fill?: (data: string, account: ReturnType<typeof serverAccount>) => Promise<void>;
}

/** A scratch server of the PostgreSQL that the machine has; undefined where there is none of that major version. */
export async function startSystemPostgres(
  major: number,
  { settings: wanted = {}, fill }: Options = {},
): Promise<SystemPostgres | undefined> {
  const bin = `/usr/lib/postgresql/${major}/bin`; // Debian's place
  if (!existsSync(join(bin, 'postgres'))) return undefined;
  const dir = mkdtempSync(join(tmpdir(), `ncy8-postgres-${major}-`));
  const account = serverAccount(dir);
  give(dir, account);
  const env = { LC_ALL: 'C', TZ: 'UTC' };
  const initdb = ['-D', join(dir, 'data'), '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'];
  if (fill) await fill(join(dir, 'data'), account);
  else await run(join(bin, 'initdb'), initdb, { ...account, cwd: dir, env });
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    ...wanted,
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  // The shell reads a pipe of this process: its end means that we are gone, in whatever way.
  const script = `'${bin}/postgres' -D data ${options.join(' ')} >log 2>&1 & cat; kill -QUIT $!; wait; cd / && rm -rf '${dir}'`;
  const shell = spawn('sh', ['-c', script], { ...account, cwd: dir, env, stdio: ['pipe', 'ignore', 'ignore'] });
  const address = { host: '127.0.0.1', port, username: 'postgres', password: '', database: 'postgres', ssl: false };
  await until(() => answers(address)).catch((error: unknown) => {
    throw new Error(`the server does not start:\n${readFileSync(join(dir, 'log'), 'utf8')}`, { cause: error });
  });
  return {
    address,
    bin,
    dir,
    account,
    async stop() {
      if (shell.exitCode !== null) return;
      const gone = once(shell, 'exit');
      shell.stdin.end();
      await gone;
    },
  };
}

const answers = (address: DatabaseAddress): Promise<boolean> =>
  connect(address).then(
    (client) => client.end().then(() => true),
    () => false,
  );

async function freePort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}
