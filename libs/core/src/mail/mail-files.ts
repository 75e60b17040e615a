import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { clock } from '../clock.js';
import { Config } from '../config.js';
import type { Tenant } from '../database/tenant.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { isId } from '../http/fields.js';
import { Jobs } from '../jobs.js';
import { isHeld } from '../legal-hold.js';

/** Where mails become files, each named by its reader's id. */
export const mailFolder = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, 'mail');

/** A day more than the link that works longest, an invitation's. */
const KEPT_MS = 8 * 86_400_000;

const readerOf = (name: string): string => name.slice(0, name.indexOf('.'));

async function mailsIn(folder: string): Promise<string[]> {
  return (await unlessMissing(readdir(folder))) ?? []; // none was ever written
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Removes the mails to these people, half-written ones too: one look at the folder for all of them. */
export async function removeMailFiles(config: Pick<Config, 'dataDir'>, userIds: ReadonlySet<string>): Promise<void> {
  const folder = mailFolder(config);
  const theirs = (await mailsIn(folder)).filter((name) => userIds.has(readerOf(name)));
  await Promise.all(theirs.map((name) => rm(join(folder, name), { force: true })));
}

// Of whom a hold keeps nothing goes.
const NOT_ERASED = `
  SELECT d.id, d."isHeld"
  FROM (
    SELECT u.id, u."isAnonymized", ${isHeld('u.id')} AS "isHeld"
    FROM users u
    WHERE u."companyId" = $1 AND u.id = ANY ($2::uuid[])) d
  WHERE NOT d."isAnonymized" OR d."isHeld"`;

interface Reader {
  id: string;
  isHeld: boolean;
}

/** Ends mails in files: old ones, and those that were written although their reader was erased meanwhile, or that a removal left. */
@Injectable()
export class MailFiles implements OnModuleInit {
  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly jobs: Jobs,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'mail-files',
      about: 'Removes mails in files after eight days, and those to people who were erased since.',
      everySeconds: 3600,
      everywhere: true, // each replica may have a folder of its own
      run: (stopping) => this.sweep(stopping),
    });
  }

  /** Behind the writing of a mail: an erasure that was committed before this did not see it, a later one does. */
  async removeOfErased({ companyId, userId }: { companyId: string; userId: string }): Promise<void> {
    const kept = await this.notErased({ companyId, userId: null }, [userId]);
    if (kept.length === 0) await removeMailFiles(this.config, new Set([userId]));
  }

  private async sweep(stopping: AbortSignal): Promise<void> {
    const names = (await mailsIn(mailFolder(this.config))).filter((name) => isId(readerOf(name)));
    const erased = new Set(names.map(readerOf));
    const held = new Set<string>();
    // The companies are looked for behind the files: whoever got a mail is in one of them.
    const companyIds = await this.work.companyIds();
    if (companyIds.length === 0) return; // a database that is not restored yet says nothing of them
    for (const companyId of companyIds) {
      if (erased.size === 0) break;
      if (stopping.aborted) return; // not every company was asked who lives
      for (const reader of await this.notErased({ companyId, userId: null }, [...erased])) {
        erased.delete(reader.id);
        if (reader.isHeld) held.add(reader.id);
      }
    }
    await removeMailFiles(this.config, erased);
    for (const name of names) {
      if (stopping.aborted) return;
      if (!held.has(readerOf(name))) await this.removeOld(name);
    }
  }

  private async removeOld(name: string): Promise<void> {
    const path = join(mailFolder(this.config), name);
    const found = await unlessMissing(stat(path));
    if (found && found.mtimeMs < clock.now().getTime() - KEPT_MS) await rm(path, { force: true });
  }

  private notErased(tenant: Tenant, ids: string[]): Promise<Reader[]> {
    return this.work.within(tenant, () => this.work.last<Reader>(NOT_ERASED, [ids]));
  }
}
