import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { codeOf, Config, InjectLog, UnitOfWork } from '#core';
import { Admins } from '#identity';
import { AnonymisationRepository } from './anonymisation.repository.js';
import type { Subject } from './anonymisation.repository.js';
import { Anonymiser } from './anonymiser.js';
import { ledgerFile, readLines } from './erasures-file.js';
import type { ErasureLine } from './erasures-file.js';
import { ErasuresLedger, keyOf } from './erasures-ledger.js';
import { PurgePeople } from './purge-people.js';

export interface Replayed {
  /** People who were anonymised again. */
  anonymized: number;
  /** People who were removed again. */
  purged: number;
  /** Whom a legal hold of the restored database keeps. */
  held: string[];
  /** Who could not be erased. */
  failed: string[];
  /** Companies that are there again: the owner of the database has to erase them once more, people in them are left alone. */
  companies: string[];
}

/** After a restore: erases again whom the restored database shows as they were before. */
@Injectable()
export class ErasuresReplay {
  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly ledger: ErasuresLedger,
    private readonly subjects: AnonymisationRepository,
    private readonly anonymiser: Anonymiser,
    private readonly people: PurgePeople,
    private readonly admins: Admins,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** Can be repeated. @param file the ledger beside the backups */
  async replay(file = ledgerFile(this.config)): Promise<Replayed> {
    const replayed: Replayed = { anonymized: 0, purged: 0, held: [], failed: [], companies: [] };
    const { people, companies } = await readLines(file);
    const known = Map.groupBy(people, ({ companyId }) => companyId);
    const erased = new Set(companies.map(({ companyId }) => companyId));
    for (const companyId of await this.work.companyIds()) {
      if (erased.has(companyId)) replayed.companies.push(companyId);
      else await this.replayCompany([...(known.get(companyId) ?? []), ...(await this.ledger.recorded(companyId))], replayed);
    }
    return replayed;
  }

  private async replayCompany(lines: ErasureLine[], replayed: Replayed): Promise<void> {
    const unique = new Map(lines.map((line) => [keyOf(line), line]));
    // Whoever was purged needs no anonymisation any more.
    for (const line of [...unique.values()].toSorted((a, b) => (a.kind < b.kind ? 1 : -1))) await this.again(line, replayed);
  }

  private async again(line: ErasureLine, replayed: Replayed): Promise<void> {
    const outcome = await this.tried(line);
    if (outcome === 'held' || outcome === 'failed') replayed[outcome].push(line.userId);
    else if (outcome) replayed[outcome]++;
  }

  /** Whoever cannot be erased keeps nobody else from it. */
  private async tried({ companyId, userId, kind, erasedAt }: ErasureLine): Promise<ErasureLine['kind'] | 'held' | 'failed' | undefined> {
    try {
      return await this.work.within({ companyId, userId: null }, async () => {
        await this.admins.lock();
        const subject = await this.subjects.lock(userId);
        if (!subject || (kind === 'anonymized' && subject.isAnonymized)) return undefined;
        return subject.isHeld ? 'held' : this.erase(subject, kind, new Date(erasedAt));
      });
    } catch (error) {
      this.log.error({ code: codeOf(error), user: userId }, 'somebody could not be erased again');
      return 'failed';
    }
  }

  private async erase(subject: Subject, kind: ErasureLine['kind'], erasedAt: Date): Promise<ErasureLine['kind'] | 'failed'> {
    const { id } = subject;
    if (!subject.isDeleted) await this.admins.makeWay(subject); // they may be the owner again
    if (kind === 'anonymized') {
      await this.anonymiser.anonymise(id, erasedAt);
      return kind;
    }
    await this.subjects.forgetAnswersAbout(id); // long gone where the purge was, but in the backup perhaps not
    return (await this.people.remove([id], erasedAt)).removed.length > 0 ? kind : 'failed';
  }
}
