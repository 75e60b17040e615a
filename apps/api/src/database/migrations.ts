import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT } from '../built.js';

const folder = join(BUILT, 'migrations');

export const migrationFiles = [join(folder, '*-*.js')];

/** The migrations of this build by the names that the `migrations` table knows them by, oldest first. */
export const migrationNames: string[] = readdirSync(folder)
  .map((file) => /^(\d+)-(\w+)\.(?:js|ts)$/.exec(file))
  .filter((match) => match !== null)
  .map(([, timestamp, name]) => `${name}${timestamp}`)
  .toSorted();
