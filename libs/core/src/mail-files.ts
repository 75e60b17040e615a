import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Config } from './config.js';
import { isId } from './fields.js';
import { Jobs } from './jobs.js';
import type { Tenant } from './tenant.js';
import { UnitOfWork } from './unit-of-work.js';

/** Where mails become files, each named by its reader's id. */
export const mailFolder = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, 'mail');

const readerOf = (name: string): string => name.slice(0, name.indexOf('.'));

async function mailsIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []; // none was ever written
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
  SELECT u.id FROM users u
  WHERE u."companyId" = $1 AND u.id = ANY ($2::uuid[])
    AND (NOT u."isAnonymized" OR EXISTS (SELECT FROM legal_holds h WHERE h."companyId" = $1 AND h."userId" = u.id))`;

/** Mails that were written to files although their reader was erased meanwhile, or that a removal left. */
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
      about: 'Removes mails that were written to files for people who were erased since.',
      everySeconds: 3600,
      everywhere: true, // each replica may have a folder of its own
      run: () => this.sweep(),
    });
  }

  /** Behind the writing of a mail: an erasure that was committed before this did not see it, a later one does. */
  async removeOfErased({ companyId, userId }: { companyId: string; userId: string }): Promise<void> {
    const kept = await this.notErased({ companyId, userId: null }, [userId]);
    if (kept.length === 0) await removeMailFiles(this.config, new Set([userId]));
  }

  private async sweep(): Promise<void> {
    const names = await mailsIn(mailFolder(this.config));
    const erased = new Set(names.map(readerOf).filter(isId));
    // The companies are looked for behind the files: whoever got a mail is in one of them.
    const companyIds = await this.work.companyIds();
    if (companyIds.length === 0) return; // a database that is not restored yet says nothing of them
    for (const companyId of companyIds) {
      if (erased.size === 0) return;
      for (const id of await this.notErased({ companyId, userId: null }, [...erased])) erased.delete(id);
    }
    await removeMailFiles(this.config, erased);
  }

  private async notErased(tenant: Tenant, ids: string[]): Promise<string[]> {
    return (await this.work.within(tenant, () => this.work.last<{ id: string }>(NOT_ERASED, [ids]))).map(({ id }) => id);
  }
}
