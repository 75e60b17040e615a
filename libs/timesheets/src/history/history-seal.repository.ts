import { Injectable } from '@nestjs/common';
import { clock, lockKey, NIL_ID, UnitOfWork } from '#core';
import type { Seal, SealAndRow, SealedRow } from './seal-hashes.js';

const ROW = 'h.id, h."userId", h."targetType", h."targetId", h.action, h."actorUserId", h.reason, h.diff, h.metadata, h."occurredAt"';
const UNSEALED = `h."companyId" = $1 AND NOT EXISTS (SELECT 1 FROM timesheet_history_seals s WHERE s."companyId" = $1 AND s."historyId" = h.id)`;
const SEAL = 's.sequence, s."historyId", s.facts, s."factsSalt", s."freeText", s."freeTextSalt", s.previous, s.hash';

const erased = (what: 'text' | 'row') =>
  `EXISTS (SELECT 1 FROM timesheet_history_erasures e WHERE e."companyId" = $1 AND e."historyId" = s."historyId" AND e.erased = '${what}')`;

/** Bytes of a seal on its way into the table; its hash comes last. */
const PACKED = 144;
const HASH = 32;

/** Of the seal `n`, counted from 0, what stands packed behind its first `from` bytes. */
const part = (from: number, bytes: number, n = 'n') => `encode(substr($4::bytea, ${n} * ${PACKED} + ${from + 1}, ${bytes}), 'hex')`;

/**
 * Taken apart by place: a seal costs PostgreSQL 12 µs, out of arrays 14, out of a document 17. The key is the sequence as a UUID (version 8), so
 * that its index grows at one end; random ones cost 3 µs more. `RETURNING`: a distributed PostgreSQL needs it here.
 */
const INSERT = `
  INSERT INTO timesheet_history_seals ("companyId", id, sequence, "historyId", facts, "factsSalt", "freeText", "freeTextSalt", hash, previous, "sealedAt")
  SELECT $1::uuid, ('00000000-0000-8000-8000-' || lpad(to_hex($2::integer + n), 12, '0'))::uuid, $2::integer + n, ${part(0, 16)}::uuid,
    ${part(16, 32)}, ${part(48, 16)}, ${part(64, 32)}, ${part(96, 16)}, ${part(112, 32)},
    CASE n WHEN 0 THEN $3::text ELSE ${part(112, 32, '(n - 1)')} END, $6::timestamptz
  FROM generate_series(0, $5::integer - 1) AS n
  RETURNING sequence`;

function packed(seals: Iterable<Seal>, count: number): Buffer {
  const bytes = Buffer.alloc(count * PACKED);
  let at = 0;
  for (const { historyId, facts, factsSalt, freeText, freeTextSalt, hash } of seals) {
    at += bytes.write(`${historyId.replaceAll('-', '')}${facts}${factsSalt!}${freeText}${freeTextSalt!}${hash}`, at, 'hex');
  }
  return bytes;
}

/** Where to go on in the order of `occurredAt` and id; instants as the database prints them, to the microsecond. */
export interface HistoryKey {
  occurredAt: string;
  id: string;
}

/** The last seal of a company, before the first one 0 and empty; and when its newest line occurred. */
export interface ChainEnd extends Pick<Seal, 'sequence' | 'hash'> {
  newest: string | null;
}

@Injectable()
export class HistorySealRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** One sealer at a time in a company. @returns false while it is another */
  async lock(): Promise<boolean> {
    const [lock] = await this.work.query<{ got: boolean }>(`SELECT pg_try_advisory_xact_lock(${lockKey('history')}) AS got`);
    return lock!.got;
  }

  async head(): Promise<ChainEnd> {
    const [head] = await this.work.query<ChainEnd>(
      `SELECT s.sequence, s.hash, (SELECT max(h."occurredAt") FROM timesheet_history h WHERE h."companyId" = $1) AS newest
       FROM timesheet_history_seals s WHERE s."companyId" = $1 ORDER BY s.sequence DESC LIMIT 1`,
    );
    return head ?? { sequence: 0, hash: '', newest: null };
  }

  /** @returns the last of so many lines behind a key; null where there are fewer */
  async behind(after: HistoryKey, lines: number): Promise<HistoryKey | null> {
    const [found] = await this.work.query<HistoryKey>(
      `SELECT h."occurredAt", h.id FROM timesheet_history h
       WHERE h."companyId" = $1 AND (h."occurredAt", h.id) > ($2, $3) ORDER BY h."occurredAt", h.id OFFSET $4 LIMIT 1`,
      [after.occurredAt, after.id, lines - 1],
    );
    return found ?? null;
  }

  /** @param end null for all behind `after` @param sealedTo what occurred later has no seal */
  unsealed(after: HistoryKey, end: HistoryKey | null, sealedTo: Date, limit: number): Promise<SealedRow[]> {
    return this.work.query<SealedRow>(
      // One look at an index a line: as an anti-join, planned while there were few seals, it reads all seals of the company for each line.
      `SELECT ${ROW} FROM timesheet_history h
       WHERE h."companyId" = $1 AND (h."occurredAt", h.id) > ($2, $3) AND (h."occurredAt", h.id) <= ($4, $5)
         AND (h."occurredAt" > $6 OR (SELECT s.id FROM timesheet_history_seals s WHERE s."companyId" = $1 AND s."historyId" = h.id) IS NULL)
       ORDER BY h."occurredAt", h.id LIMIT $7`,
      [after.occurredAt, after.id, end?.occurredAt ?? 'infinity', end?.id ?? NIL_ID, sealedTo, limit],
    );
  }

  /** The last statement of a proof. */
  async countUnsealed(): Promise<number> {
    const [found] = await this.work.last<{ count: number }>(`SELECT count(*) AS count FROM timesheet_history h WHERE ${UNSEALED}`);
    return found!.count;
  }

  /** @param seals as many as `count`, which follow one another from the `last` one on @returns the hash of the last of them */
  async insert(seals: Iterable<Seal>, count: number, last: Pick<Seal, 'sequence' | 'hash'>): Promise<string> {
    const bytes = packed(seals, count);
    await this.work.execute(INSERT, [last.sequence + 1, last.hash, bytes, count, clock.now()]);
    return bytes.toString('hex', bytes.length - HASH);
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
