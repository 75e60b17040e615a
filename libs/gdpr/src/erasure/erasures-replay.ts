import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { codeOf, Config, InjectLog, UnitOfWork } from '#core';
import { ledgerFile, readLines } from './erasures-file.js';
import type { ErasureLine } from './erasures-file.js';
import { ErasuresLedger, keyOf } from './erasures-ledger.js';
import { RepeatedErasure } from './repeated-erasure.js';
import type { Outcome } from './repeated-erasure.js';

export interface Replayed {
  /** People who were anonymised again. */
  anonymized: number;
  /** People who were removed again. */
  purged: number;
  /** Whom a legal hold of the restored database keeps. */
  held: string[];
  /** Who could not be erased. */
  failed: string[];
  /** Companies that are there again: the owner of the database has to erase them once more; people in them were left alone. */
  companies: string[];
}

/** After a restore: erases again whom the restored database shows as they were before. */
@Injectable()
export class ErasuresReplay {
  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly ledger: ErasuresLedger,
    private readonly erasure: RepeatedErasure,
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
      else await this.replayLines(companyId, known.get(companyId) ?? [], replayed);
    }
    return replayed;
  }

  /** For an erased company that stays after all: its people, as those of any other. @param replayed is added to */
  async replayPeople(companyId: string, replayed: Replayed, file = ledgerFile(this.config)): Promise<void> {
    const { people } = await readLines(file);
    await this.replayLines(
      companyId,
      people.filter((line) => line.companyId === companyId),
      replayed,
    );
  }

  private async replayLines(companyId: string, known: ErasureLine[], replayed: Replayed): Promise<void> {
    const lines = [...known, ...(await this.ledger.recorded(companyId))];
    const unique = new Map(lines.map((line) => [keyOf(line), line]));
    // Whoever was purged needs no anonymisation any more.
    for (const line of [...unique.values()].toSorted((a, b) => (a.kind < b.kind ? 1 : -1))) {
      const outcome = await this.tried(line);
      if (outcome === 'held' || outcome === 'failed') replayed[outcome].push(line.userId);
      else if (outcome) replayed[outcome]++;
    }
  }

  /** Whoever cannot be erased keeps nobody else from it. */
  private async tried(line: ErasureLine): Promise<Outcome | undefined> {
    const { companyId, userId } = line;
    try {
      return await this.work.within({ companyId, userId: null }, () => this.erasure.repeat(line));
    } catch (error) {
      this.log.error({ code: codeOf(error), user: userId }, 'somebody could not be erased again');
      return 'failed';
    }
  }
}
