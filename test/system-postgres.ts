import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseAddress } from '#core';
import { give, run, serverAccount } from '../tools/embedded-binaries.js';
import { connect } from './database.js';

export interface SystemPostgres {
  /** The superuser's. */
  address: DatabaseAddress;
  /** The folder of its programs. */
  bin: string;
  stop(): Promise<void>;
}

/** A scratch server of the PostgreSQL that the machine has; undefined where there is none of that major version. */
export async function startSystemPostgres(major: number): Promise<SystemPostgres | undefined> {
  const bin = `/usr/lib/postgresql/${major}/bin`; // Debian's place
  if (!existsSync(join(bin, 'postgres'))) return undefined;
  const dir = mkdtempSync(join(tmpdir(), `ncy8-postgres-${major}-`));
  const account = serverAccount(dir);
  give(dir, account);
  const env = { LC_ALL: 'C', TZ: 'UTC' };
  await run(join(bin, 'initdb'), ['-D', join(dir, 'data'), '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'], {
    ...account,
    cwd: dir,
    env,
  });
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  // The shell reads a pipe of this process: its end means that we are gone, in whatever way.
  const script = `'${bin}/postgres' -D data ${options.join(' ')} >log 2>&1 & cat; kill -QUIT $!; wait; cd / && rm -rf '${dir}'`;
  const shell = spawn('sh', ['-c', script], { ...account, cwd: dir, env, stdio: ['pipe', 'ignore', 'ignore'] });
  const address = { host: '127.0.0.1', port, username: 'postgres', password: '', database: 'postgres', ssl: false };
  await answers(address, join(dir, 'log'));
  return {
    address,
    bin,
    async stop() {
      const gone = once(shell, 'exit');
      shell.stdin.end();
      await gone;
    },
  };
}

async function answers(address: DatabaseAddress, log: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await (await connect(address)).end();
    } catch (error) {
      if (attempt === 200) throw new Error(`the server does not start:\n${readFileSync(log, 'utf8')}`, { cause: error });
      await sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}
