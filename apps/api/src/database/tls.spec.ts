import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { give, serverAccount } from '../../../../tools/embedded-binaries.js';
import { connect } from '../../../../test/database.js';
import { ServerProcess } from '../../../../test/server-process.js';
import { startSystemPostgres } from '../../../../test/system-postgres.js';
import type { SystemPostgres } from '../../../../test/system-postgres.js';
import { runProgram } from '../backup/programs.js';

const run = promisify(execFile);
const PASSWORD = 'correct horse battery staple';
const dir = await mkdtemp(join(tmpdir(), 'ncy8-tls-'));
const certificate = join(dir, 'server.crt');
const system = await startWithTls();
if (!system) console.warn('NOT TESTED with TLS: the machine has no PostgreSQL 15 in /usr/lib/postgresql/15/bin, or no openssl');

/** PostgreSQL with a certificate that it signed itself, which lets nobody but the superuser in without TLS. */
async function startWithTls(): Promise<SystemPostgres | undefined> {
  const key = join(dir, 'server.key');
  const access = join(dir, 'pg_hba.conf');
  const account = serverAccount(dir);
  try {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, '-keyout', key, '-out', certificate]);
  } catch {
    return undefined;
  }
  await writeFile(access, 'host all postgres all trust\nhostssl all all all scram-sha-256\n');
  for (const path of [dir, key, certificate, access]) give(path, account);
  return startSystemPostgres(15, { settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key, hba_file: access } });
}

/** @param more variables over those of a server that trusts the certificate */
function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: `${system!.bin}:${process.env.PATH}`,
    DB_SSL: 'true',
    NODE_EXTRA_CA_CERTS: certificate,
    DB_HOST: 'localhost',
    DB_PORT: String(system!.address.port),
    DB_DATABASE: 'ncy8',
    DB_USERNAME: 'app',
    DB_PASSWORD: 'app-password',
    DB_OWNER_USERNAME: 'owner',
    DB_OWNER_PASSWORD: 'owner-password',
    JWT_SECRET: 'a secret of 32 bytes and more that only specs know',
    DATA_DIR: dir,
    BACKUP_DIR: dir,
    HOST: '127.0.0.1',
    PORT: '0',
    JOBS: 'off',
    LOG_LEVEL: 'silent',
    ...more,
  };
}

const command = async (name: string, more: Record<string, string> = {}) =>
  (await run(process.execPath, ['dist/apps/api/src/database/cli.js', name], { env: environment(more) })).stdout;

afterAll(() => rm(dir, { recursive: true, force: true }));

(system ? describe : describe.skip)('a database behind TLS', () => {
  let superuser: Client;
  let server: ServerProcess;

  async function call<T>(path: string, body?: unknown, token?: string): Promise<T> {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${server.api}${path}`, { headers, ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}) });
    expect(answer.ok).toBe(true);
    return (await answer.json()) as T;
  }

  beforeAll(async () => {
    superuser = await connect(system!.address);
    await superuser.query(`CREATE ROLE owner LOGIN CREATEROLE CREATEDB PASSWORD 'owner-password'`);
    await superuser.query('CREATE DATABASE ncy8 OWNER owner');
    for (const name of ['bootstrap', 'migrate', 'seed']) await command(name);
    server = await ServerProcess.run(environment());
  });
  afterAll(async () => {
    await server.end('SIGTERM');
    await superuser.end();
    await system!.stop();
  });

  it('is used over TLS alone, and answers whole, however much it says at once', async () => {
    const owner = { email: 'ada@example.com', password: PASSWORD, firstName: 'Ada', lastName: 'Lovelace' };
    await call('/companies', { name: 'Lovelace', owner });
    const { accessToken } = await call<{ accessToken: string }>('/auth/login', { email: owner.email, password: PASSWORD });
    const names = Array.from({ length: 100 }, (_, index) => `${String(index).padStart(3, '0')} ${'Grüße "𝛑" '.repeat(20)}`.trim());
    for (const name of names) await call('/teams', { name }, accessToken);
    const { items } = await call<{ items: { name: string }[] }>('/teams?limit=100', undefined, accessToken);
    expect(items.map(({ name }) => name)).toEqual(names);
    const { rows } = await superuser.query<{ ssl: boolean }>(
      `SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'app'`,
    );
    expect(rows).toEqual([{ ssl: true }]);
  });

  it('is dumped over TLS, to be restored and compared', async () => {
    await expect(command('backup')).resolves.toMatch(/\.dump\n$/);
  });

  it.each([
    ['the server', 'migrate', { NODE_EXTRA_CA_CERTS: '' }, 'self-signed certificate'],
    ['the server', 'migrate', { DB_HOST: '127.0.0.1' }, 'does not match'], // the certificate names localhost alone
    ['pg_dump', 'backup', { PGSSLROOTCERT: '/nobody.crt' }, 'pg_dump failed.*\\n?.*certificate'],
  ])('is not trusted by %s with a certificate that nobody vouches for, or of another name', async (_, name, more, message) => {
    await expect(command(name, more)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  });

  it('is not dumped under an address that its certificate does not name', async () => {
    const { PATH, LC_ALL = '' } = process.env;
    Object.assign(process.env, { PATH: environment().PATH, PGSSLROOTCERT: certificate, LC_ALL: 'C' }); // what it says is in English
    const owner = { ...system!.address, database: 'ncy8', username: 'owner', password: 'owner-password', ssl: true };
    try {
      await expect(runProgram('pg_dump', ['--schema-only'], { ...owner, host: 'localhost' })).resolves.toContain('CREATE TABLE');
      await expect(runProgram('pg_dump', ['--schema-only'], owner)).rejects.toThrow('does not match host name');
    } finally {
      Object.assign(process.env, { PATH, LC_ALL });
      delete process.env.PGSSLROOTCERT;
    }
  });

  it('is not used without TLS in its place', async () => {
    await expect(command('migrate', { DB_SSL: 'false' })).rejects.toMatchObject({ stderr: expect.stringContaining('no encryption') });
  });
});
