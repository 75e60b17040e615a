import { Injectable } from '@nestjs/common';
import { isHeld, UnitOfWork } from '#core';
import { sessionEnd } from '#identity';
import { ErasurePlan } from '../erasure/erasure-plan.js';
import type { AgedTable } from '../erasure/erasure-plan.js';
import { DUE } from './purge-people.js';
import type { Counts } from './purge-people.js';
import type { CutOffs } from './purge-policy.js';
import { asRetention } from './retention-role.js';

/** Rows a statement, each in a transaction of its own. */
export const ROWS = 5000;

const SESSIONS = 'active_sessions';

// What is about somebody under hold stays, whatever its age.
const ENDED = (before: string) => `${sessionEnd('x')} <= ${before} AND NOT ${isHeld('x."userId"')}`;
const AGED = (before: string) => `x."occurredAt" < ${before} AND NOT ${isHeld('x."userId"', 'x."actorUserId"')}`;

interface Aged {
  table: string;
  where: (before: string) => string;
  before: Date;
}

/** What goes by its own age, and what a purge would take altogether. */
@Injectable()
export class PurgeAges {
  constructor(
    private readonly work: UnitOfWork,
    private readonly plan: ErasurePlan,
  ) {}

  /** The tables that a purge removes rows of. */
  get tables(): string[] {
    return [...new Set([...this.plan.rows, ...this.plan.agedTables].map(({ table }) => table))];
  }

  aged(cutOffs: CutOffs): Aged[] {
    const log = ({ table, setting }: AgedTable) => ({ table, where: AGED, before: cutOffs[setting] });
    return [...this.plan.agedTables.map(log), { table: SESSIONS, where: ENDED, before: cutOffs.sessionDays }];
  }

  /** In the present transaction. @returns how many rows went; less than {@link ROWS}: all */
  async remove({ table, where, before }: Aged): Promise<number> {
    return asRetention(this.work, () =>
      this.work.execute(
        `WITH due AS MATERIALIZED (SELECT x.id FROM ${table} x WHERE x."companyId" = $1 AND ${where('$2')} LIMIT ${ROWS})
         DELETE FROM ${table} x USING due WHERE x."companyId" = $1 AND x.id = due.id`,
        [before],
      ),
    );
  }

  /** Whether there is anything to do, as of now: no row is counted for it. */
  async isAnythingDue(cutOffs: CutOffs): Promise<boolean> {
    const [found] = await this.work.query(`SELECT 1 FROM (${DUE}) d WHERE NOT d.held LIMIT 1`, [cutOffs.deletedUserYears]);
    if (found) return true;
    for (const { table, where, before } of this.aged(cutOffs)) {
      const [row] = await this.work.query(`SELECT 1 FROM ${table} x WHERE x."companyId" = $1 AND ${where('$2')} LIMIT 1`, [before]);
      if (row) return true;
    }
    return false;
  }

  /** Users who are due, by whether a hold keeps them. @param busy who is not counted as free */
  async people({ deletedUserYears: before }: CutOffs, busy: string[] = []): Promise<{ free: number; held: number }> {
    const [found] = await this.work.query<{ free: number; held: number }>(
      `SELECT count(*) FILTER (WHERE NOT d.held AND d.id <> ALL ($3::uuid[])) AS free, count(*) FILTER (WHERE d.held) AS held
       FROM (${DUE}) d`,
      [before, busy],
    );
    return found!;
  }

  /** The rows that would go now, by table. */
  async count(cutOffs: CutOffs): Promise<Counts> {
    const counts: Counts = {};
    const people = 'IN (SELECT due.id FROM due)';
    const aged = new Map(this.aged(cutOffs).map((rows) => [rows.table, rows]));
    for (const { table, where } of this.plan.rows) {
      const old = aged.get(table);
      aged.delete(table);
      counts[table] = await this.countRows(table, old ? `${where(people)} OR (${old.where('$3')})` : where(people), cutOffs, old);
    }
    for (const old of aged.values()) counts[old.table] = await this.countRows(old.table, old.where('$3'), cutOffs, old);
    return counts;
  }

  private async countRows(table: string, where: string, { deletedUserYears }: CutOffs, aged?: Aged): Promise<number> {
    const [found] = await this.work.query<{ count: number }>(
      `WITH due AS MATERIALIZED (SELECT d.id FROM (${DUE}) d WHERE NOT d.held)
       SELECT count(*) AS count FROM ${table} x WHERE x."companyId" = $1 AND (${where})`,
      aged ? [deletedUserYears, aged.before] : [deletedUserYears],
    );
    return found!.count;
  }
}
