import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.js';

/** Where mails become files, each named by its reader's id. */
export const mailFolder = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, 'mail');

/** Removes the mails to these people, half-written ones too: one look at the folder for all of them. */
export async function removeMailFiles(config: Pick<Config, 'dataDir'>, userIds: ReadonlySet<string>): Promise<void> {
  const folder = mailFolder(config);
  const names = await readdir(folder).catch(() => []); // none was ever written
  const theirs = names.filter((name) => userIds.has(name.slice(0, name.indexOf('.'))));
  await Promise.all(theirs.map((name) => rm(join(folder, name), { force: true })));
}
