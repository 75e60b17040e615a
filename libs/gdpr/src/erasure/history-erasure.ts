import { Injectable } from '@nestjs/common';
import { lockKey, UnitOfWork } from '#core';
import type { People } from './id-array.js';

/**
 * What lawful erasure takes from the history, with its line in the ledger and without the salts that would let it be guessed: the chain
 * stays provable. Under the role of retention.
 */
@Injectable()
export class HistoryErasure {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * Whoever seals holds this lock too. Without it a line read before its erasure could be sealed after it, with a salt that nobody forgets.
   * Those who seal do not wait: they come back.
   */
  async keepSealersOut(): Promise<void> {
    await this.work.query(`SELECT pg_advisory_xact_lock(${lockKey('history')})`);
  }

  /** @param blanking an UPDATE of `timesheet_history x` for the people `$2` @returns how many lines lost their text */
  blank(blanking: string, people: People): Promise<number> {
    return this.erase(blanking, 'text', '"freeTextSalt" = NULL', people);
  }

  /** @param where the lines `x` of the people `$2` @returns how many lines went */
  remove(where: string, people: People): Promise<number> {
    const removal = `DELETE FROM timesheet_history x WHERE x."companyId" = $1 AND (${where})`;
    return this.erase(removal, 'row', '"factsSalt" = NULL, "freeTextSalt" = NULL', people);
  }

  private async erase(statement: string, what: 'text' | 'row', forgotten: string, people: People): Promise<number> {
    const [erased] = await this.work.query<{ count: number }>(
      `WITH erased AS (${statement} RETURNING x.id),
         forgotten AS (
           UPDATE timesheet_history_seals s SET ${forgotten} FROM erased WHERE s."companyId" = $1 AND s."historyId" = erased.id RETURNING s.id),
         noted AS (
           INSERT INTO timesheet_history_erasures ("companyId", "historyId", erased, "erasedAt")
           SELECT $1::uuid, erased.id, '${what}', $3::timestamptz FROM erased RETURNING id)
       SELECT count(*) AS count FROM noted`,
      [people, this.work.now],
    );
    return erased!.count;
  }
}
