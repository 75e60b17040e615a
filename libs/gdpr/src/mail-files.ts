import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes the mails to these people that were written to files (each is named by its reader's id): one look at the folder for all of them. */
export async function removeMailFiles(dataDir: string, userIds: ReadonlySet<string>): Promise<number> {
  const folder = join(dataDir, 'mail');
  const names = await readdir(folder).catch(() => []); // none was ever written
  const theirs = names.filter((name) => userIds.has(name.slice(0, name.indexOf('.'))));
  await Promise.all(theirs.map((name) => rm(join(folder, name), { force: true })));
  return theirs.length;
}
