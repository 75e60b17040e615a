import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { codeOf, Config, InjectLog, Jobs, NIL_ID, UnitOfWork } from '#core';
import type { Erasure } from './erasure.entity.js';
import { appendLines, ledgerFile, makeLedger, readLines } from './erasures-file.js';
import type { CompanyLine, ErasureLine } from './erasures-file.js';
import { idArray } from './id-array.js';

/** Lines a statement. */
const PAGE = 1000;

/**
 * Which people were erased, so that the restore of an older backup does not bring them back: in the database, in the transaction of the
 * erasure, and after its commit in a file outside the database.
 */
@Injectable()
export class ErasuresLedger implements OnModuleInit {
  private readonly file: string;

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
    private readonly jobs: Jobs,
    @InjectLog() private readonly log: Logger,
  ) {
    this.file = ledgerFile(config);
  }

  onModuleInit(): void {
    this.jobs.register({
      name: 'erasures-ledger',
      about: 'Writes to the ledger beside the backups which erasures it lacks, so that a restore can do them again.',
      everySeconds: 3600,
      everywhere: true, // each replica may have a folder of its own
      run: (stopping) => this.catchUp(stopping),
    });
  }

  /**
   * In the transaction of the erasure, under the role of retention. Once that is committed the file is told; what goes wrong there undoes
   * nothing, and the job makes up for it.
   * @param doneAt when it was done first, if it is done again
   */
  async record(userIds: string[], kind: Erasure['kind'], doneAt?: Date): Promise<void> {
    const { companyId } = this.work.tenant;
    const erasedAt = doneAt ?? this.work.now;
    await this.work.execute(
      `INSERT INTO erasures ("companyId", "userId", kind, "erasedAt") SELECT $1::uuid, u.id, $3, $4::timestamptz FROM unnest($2::uuid[]) AS u(id)
       RETURNING id`,
      [idArray(userIds), kind, erasedAt],
    );
    if (doneAt) return; // the file knows it, or the job tells it
    await this.work.afterCommit(() => this.tell(userIds.map((userId) => ({ companyId, userId, kind, erasedAt: erasedAt.toISOString() }))));
  }

  /** Writes the lines that the file lacks. @throws where it cannot be written, also when it lacks none */
  async catchUp(stopping = new AbortController().signal): Promise<void> {
    await makeLedger(this.file); // that nothing could be written is known before somebody is erased
    const { people, companies } = await readLines(this.file);
    await this.catchUpCompanies(new Set(companies.map(({ companyId }) => companyId)));
    const known = new Set(people.map(keyOf));
    for (const companyId of await this.work.companyIds()) {
      if (stopping.aborted) return;
      const lines = await this.recorded(companyId);
      await appendLines(
        this.file,
        lines.filter((line) => !known.has(keyOf(line))),
      );
    }
  }

  /** The owner's command writes these after its commit: it may have ended in between. */
  private async catchUpCompanies(known: ReadonlySet<string>): Promise<void> {
    const erased = await this.work.outside<CompanyLine>(`SELECT id AS "companyId", 'company' AS kind, "erasedAt" FROM erased_companies`);
    await appendLines(
      this.file,
      erased.filter(({ companyId }) => !known.has(companyId)),
    );
  }

  /** What the database says of a company. */
  async recorded(companyId: string): Promise<ErasureLine[]> {
    const found: ErasureLine[] = [];
    for (let after = NIL_ID; ;) {
      const page = await this.work.within({ companyId, userId: null }, () =>
        this.work.last<Omit<ErasureLine, 'companyId'> & { id: string }>(
          `SELECT e.id, e."userId", e.kind, e."erasedAt" FROM erasures e WHERE e."companyId" = $1 AND e.id > $2 ORDER BY e.id LIMIT $3`,
          [after, PAGE],
        ),
      );
      found.push(...page.map(({ id: _, ...line }) => ({ companyId, ...line })));
      if (page.length < PAGE) return found;
      after = page.at(-1)!.id;
    }
  }

  private async tell(lines: ErasureLine[]): Promise<void> {
    try {
      await appendLines(this.file, lines);
    } catch (error) {
      this.log.error({ code: codeOf(error) }, 'the ledger of erasures beside the backups was not written yet');
    }
  }
}

/** Twice erased in the same way is once. */
export const keyOf = ({ companyId, userId, kind }: ErasureLine): string => `${companyId} ${userId} ${kind}`;
