import { Injectable } from '@nestjs/common';
import { clock, UnitOfWork } from '#core';
import type { Seal, SealAndRow, SealedRow } from './history-seals.js';

const ROW = 'h.id, h."userId", h."targetType", h."targetId", h.action, h."actorUserId", h.reason, h.diff, h.metadata, h."occurredAt"';
const UNSEALED = `h."companyId" = $1 AND NOT EXISTS (SELECT 1 FROM timesheet_history_seals s WHERE s."companyId" = $1 AND s."historyId" = h.id)`;
const SEAL = 's.sequence, s."historyId", s.facts, s."factsSalt", s."freeText", s."freeTextSalt", s.previous, s.hash';

const erased = (what: 'text' | 'row') =>
  `EXISTS (SELECT 1 FROM timesheet_history_erasures e WHERE e."companyId" = $1 AND e."historyId" = s."historyId" AND e.erased = '${what}')`;

/** Where to go on in the order of `occurredAt` and id; instants as the database prints them, to the microsecond. */
export interface HistoryKey {
  occurredAt: string;
  id: string;
}

@Injectable()
export class HistorySealRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** One sealer at a time in a company. @returns false while it is another */
  async lock(): Promise<boolean> {
    const [lock] = await this.work.query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 3)) AS got');
    return lock!.got;
  }

  async head(): Promise<Pick<Seal, 'sequence' | 'hash'>> {
    const [head] = await this.work.query<Seal>(
      'SELECT s.sequence, s.hash FROM timesheet_history_seals s WHERE s."companyId" = $1 ORDER BY s.sequence DESC LIMIT 1',
    );
    return head ?? { sequence: 0, hash: '' };
  }

  unsealed(after: HistoryKey, limit: number): Promise<SealedRow[]> {
    return this.work.query<SealedRow>(
      // One look at an index a line: as an anti-join, planned while there were few seals, it reads all seals of the company for each line.
      `SELECT ${ROW} FROM timesheet_history h
       WHERE h."companyId" = $1
         AND (SELECT s.id FROM timesheet_history_seals s WHERE s."companyId" = $1 AND s."historyId" = h.id) IS NULL AND (h."occurredAt", h.id) > ($2, $3) ORDER BY h."occurredAt", h.id LIMIT $4`,
      [after.occurredAt, after.id, limit],
    );
  }

  /** The last statement of a proof. */
  async countUnsealed(): Promise<number> {
    const [found] = await this.work.last<{ count: number }>(`SELECT count(*) AS count FROM timesheet_history h WHERE ${UNSEALED}`);
    return found!.count;
  }

  async insert(seals: Seal[]): Promise<void> {
    await this.work.execute(
      `INSERT INTO timesheet_history_seals ("companyId", sequence, "historyId", facts, "factsSalt", "freeText", "freeTextSalt", previous, hash, "sealedAt")
       SELECT $1::uuid, s.sequence, s."historyId", s.facts, s."factsSalt", s."freeText", s."freeTextSalt", s.previous, s.hash, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS s(sequence integer, "historyId" uuid, facts text, "factsSalt" text, "freeText" text,
         "freeTextSalt" text, previous text, hash text)
       RETURNING id`,
      [JSON.stringify(seals), clock.now()],
    );
  }

  after(sequence: number, limit: number): Promise<SealAndRow[]> {
    return this.work.query<SealAndRow>(
      `SELECT ${SEAL}, ${erased('text')} AS "textErased", ${erased('row')} AS "rowErased", ${ROW}
       FROM timesheet_history_seals s
       LEFT JOIN timesheet_history h ON h."companyId" = $1 AND h.id = s."historyId"
       WHERE s."companyId" = $1 AND s.sequence > $2 ORDER BY s.sequence LIMIT $3`,
      [sequence, limit],
    );
  }
}
