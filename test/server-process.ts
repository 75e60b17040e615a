import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestServer } from './server.js';

const main = join(import.meta.dirname, '../dist/server/main.js');

/** What a process needs to work beside a test server. */
export function environmentOf({ config, database }: TestServer): Record<string, string> {
  const { host, port, username, password } = database.address('application');
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    JOBS: 'off',
    LOG_LEVEL: 'silent',
    RATE_LIMIT_PER_MINUTE: '0',
    DATA_DIR: config.dataDir,
    JWT_SECRET: config.jwtSecrets[0]!,
    DB_HOST: host,
    DB_PORT: String(port),
    DB_DATABASE: database.name,
    DB_USERNAME: username,
    DB_PASSWORD: password,
  };
}

/** The built server as a process of its own, on the database of a test server, which takes the same tokens. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Where its routes begin: `http://127.0.0.1:<port>/api/v1`. */
    readonly api: string,
  ) {}

  static start(server: TestServer, env: Record<string, string> = {}): Promise<ServerProcess> {
    return ServerProcess.run({ ...environmentOf(server), ...env });
  }

  static async run(env: Record<string, string>): Promise<ServerProcess> {
    const child = spawn(process.execPath, [main], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'], // what is inherited would keep the run open where a spec dies before it
    });
    let out = '';
    for await (const chunk of child.stdout) {
      out += String(chunk);
      if (out.includes('/docs')) break;
    }
    const api = /API +(\S+)/.exec(out)?.[1];
    if (!api) throw new Error(`the server did not start: ${out}`);
    return new ServerProcess(child, api);
  }

  /** @returns its exit code */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, 'exit');
    }
    return this.child.exitCode;
  }
}
