import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigError } from '#core';
import type { DatabaseAddress } from '#core';

const runFile = promisify(execFile);

/**
 * Runs one of PostgreSQL's client programs, from the PATH.
 * @returns what it said
 * @throws ConfigError where it is missing or fails, with what it said
 */
export async function runProgram(name: 'pg_dump' | 'pg_restore', args: string[], address: DatabaseAddress): Promise<string> {
  const env = {
    ...process.env,
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.username,
    PGPASSWORD: address.password,
    PGDATABASE: address.database,
    PGSSLMODE: address.ssl ? 'require' : 'prefer',
    PGTZ: 'UTC',
  };
  try {
    const { stdout, stderr } = await runFile(name, args, { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  } catch (error) {
    const { code, stderr = '', message } = error as Error & { code?: string | number; stderr?: string };
    if (code === 'ENOENT') {
      throw new ConfigError([`${name} is not on the PATH: install PostgreSQL's client programs, of the server's version or a later one`]);
    }
    throw new ConfigError([`${name} failed: ${stderr.trim() || message}`]);
  }
}
