import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigError } from '#core';
import type { DatabaseAddress } from '#core';

const runFile = promisify(execFile);

/** Of a Debian with ca-certificates. */
const PUBLIC_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Runs one of PostgreSQL's client programs, from the PATH.
 * @returns what it said
 * @throws ConfigError where it is missing or fails, with what it said
 */
export async function runProgram(name: 'pg_dump' | 'pg_restore', args: string[], address: DatabaseAddress): Promise<string> {
  const inherited = process.env;
  const env = {
    ...inherited,
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.username,
    PGPASSWORD: address.password,
    PGDATABASE: address.database,
    ...(address.ssl ? verified(inherited) : { PGSSLMODE: 'prefer' }),
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

/** The certificate is looked at as the server itself does it. */
const verified = ({ PGSSLROOTCERT, NODE_EXTRA_CA_CERTS }: NodeJS.ProcessEnv) => ({
  PGSSLMODE: 'verify-full',
  PGSSLROOTCERT: PGSSLROOTCERT || NODE_EXTRA_CA_CERTS || PUBLIC_AUTHORITIES,
});
