import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { NIL_ID, UnitOfWork } from '#core';
import { HistorySealRepository } from './history-seal.repository.js';
import type { ChainEnd, HistoryKey } from './history-seal.repository.js';
import type { HistoryProof } from './history.dto.js';
import { factsOf, freeTextOf, hashOf, holds, rowOf } from './seal-hashes.js';
import type { Seal, SealedRow } from './seal-hashes.js';

/** At most in one transaction. */
export const BATCH = 1000;
const LOOKED_AT = 10_000;

@Injectable()
export class HistorySeals {
  /** By company: the head of its chain, as this process left it, and after which instant nothing had a seal then. */
  private readonly left = new Map<string, { hash: string; sealedTo: number }>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly seals: HistorySealRepository,
  ) {}

  /**
   * Seals what has no seal behind a key; for a job, in the scope of a company. A row whose transaction ends later is sealed later, so the
   * chain goes by sealing and not by `occurredAt`.
   * @returns how many, and where to go on, null at the end; null while another seals here
   */
  async seal(after: HistoryKey = keyAt(new Date(0))): Promise<{ sealed: number; next: HistoryKey | null } | null> {
    if (!(await this.seals.lock())) return null;
    const last = await this.seals.head();
    const sealedTo = this.sealedTo(last);
    // Among lines with seals one statement looks at so many only: of millions it would be given up, at each try anew.
    const end = msAfter(after.occurredAt) < sealedTo ? await this.seals.behind(after, LOOKED_AT) : null;
    const rows = await this.seals.unsealed(after, end, new Date(sealedTo), BATCH);
    const [sealed, { occurredAt, id }] = [rows.length, rows.at(-1) ?? after];
    if (sealed > 0) {
      const left = { hash: await this.seals.insert(chain(rows, last), sealed, last), sealedTo: Math.max(sealedTo, msAfter(occurredAt)) };
      const { companyId } = this.work.tenant;
      await this.work.afterCommit(() => this.left.set(companyId, left));
    }
    // The driver's queries stay until the next full collection, and what they read with them: copying it was a seventh of the application's work.
    rows.length = 0;
    return { sealed, next: sealed === BATCH ? { occurredAt, id } : end };
  }

  /** An instant after which nothing has a seal, in milliseconds; what occurred later needs no look whether it has one, a tenth of the work. */
  private sealedTo({ sequence, hash, newest }: ChainEnd): number {
    const left = this.left.get(this.work.tenant.companyId);
    if (left?.hash === hash) return left.sealedTo; // nobody else has sealed meanwhile
    return sequence === 0 || newest === null ? 0 : msAfter(newest);
  }

  /**
   * Walks the whole chain, seals that come meanwhile too. A cut-off tail is not seen: for that, a `head` has to be kept elsewhere and found
   * again among the seals.
   */
  async verify(): Promise<HistoryProof> {
    let last: Pick<Seal, 'sequence' | 'hash'> = { sequence: 0, hash: '' };
    let checked = 0;
    for (;;) {
      const page = await this.seals.after(last.sequence, BATCH);
      for (const seal of page) {
        checked++;
        if (!holds(seal, last, rowOf(seal), seal)) return this.broken(checked, seal.historyId);
        last = seal;
      }
      if (page.length < BATCH) return this.proof({ valid: true, checked, firstBroken: null, head: last.hash || null });
    }
  }

  private async broken(checked: number, firstBroken: string): Promise<HistoryProof> {
    return this.proof({ valid: false, checked, firstBroken, head: (await this.seals.head()).hash });
  }

  private async proof(found: Omit<HistoryProof, 'unsealed'>): Promise<HistoryProof> {
    return { ...found, unsealed: await this.seals.countUnsealed() };
  }
}

/** Before all that occurred at that instant. */
export const keyAt = (instant: Date): HistoryKey => ({ occurredAt: instant.toISOString(), id: NIL_ID });

/** Instants may have microseconds. */
const msAfter = (instant: string): number => Date.parse(instant) + 1;

const SALT_BYTES = 16;

/** Made one by one, as they are packed; the salts of all in one call, since each call costs as much as a hash. */
function* chain(rows: SealedRow[], last: Pick<Seal, 'sequence' | 'hash'>): Generator<Seal> {
  const salts = randomBytes(2 * SALT_BYTES * rows.length).toString('hex');
  let [{ sequence, hash: previous }, at] = [last, 0];
  for (const row of rows) {
    const factsSalt = salts.slice(at, (at += 2 * SALT_BYTES));
    const freeTextSalt = salts.slice(at, (at += 2 * SALT_BYTES));
    const link = {
      sequence: ++sequence,
      historyId: row.id,
      facts: factsOf(factsSalt, row),
      freeText: freeTextOf(freeTextSalt, row),
      previous,
    };
    previous = hashOf(link);
    yield { ...link, factsSalt, freeTextSalt, hash: previous };
  }
}
