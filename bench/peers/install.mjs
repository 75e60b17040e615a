import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The packages of a folder as its lock file has them, unless they are there. No install scripts: what the peers need of native code comes
 * prebuilt inside its package. @throws when the registry does not give them
 */
export function install(folder) {
  const lock = join(folder, 'package-lock.json');
  const done = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log(`installing ${folder}`);
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
}
