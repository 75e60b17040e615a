import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Up from here, since the bundle lies elsewhere than its modules. */
const find = (folder: string): string => (existsSync(join(folder, 'migrations')) ? folder : find(join(folder, '..')));

/** The folder with `migrations/` and the modules for browsers: dist/, bundled or not; the checkout where sources run, in specs. */
export const BUILT = find(import.meta.dirname);
