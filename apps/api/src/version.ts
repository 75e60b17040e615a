import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From package.json, which lies at the top both of the sources and beside dist/. */
function find(folder: string): string {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return find(join(folder, '..'));
  }
}

export const VERSION = find(import.meta.dirname);
