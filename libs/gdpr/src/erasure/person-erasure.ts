import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { asRetention } from '../retention/retention-role.js';
import { ErasurePlan, PEOPLE } from './erasure-plan.js';
import type { Rows, ValueErasure } from './erasure-plan.js';
import { ErasuresLedger } from './erasures-ledger.js';
import { HistoryErasure } from './history-erasure.js';
import { idArray } from './id-array.js';
import type { People } from './id-array.js';

// The tables that belong to no company name it for its own sake: every statement has it as its first parameter.
const ADDED_TO = `
  SELECT c.relname AS name FROM pg_class c
  WHERE $1::uuid IS NOT NULL AND c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND has_table_privilege(c.oid, 'INSERT') AND NOT has_any_column_privilege(c.oid, 'UPDATE') AND NOT has_table_privilege(c.oid, 'DELETE')`;

const HISTORY = 'timesheet_history';

/** Executes the plan: the values of people, and the rows that go with them. */
@Injectable()
export class PersonErasure {
  constructor(
    private readonly work: UnitOfWork,
    private readonly plan: ErasurePlan,
    private readonly history: HistoryErasure,
    private readonly ledger: ErasuresLedger,
  ) {}

  /** Anonymisation: what the map says becomes of a person's values in every table; what is only ever added to, under the role of retention. */
  async anonymise(userId: string, doneAt?: Date): Promise<void> {
    await this.takeValues(this.plan.values, userId, () => this.ledger.record([userId], 'anonymized', doneAt));
  }

  /** What of somebody anonymised was still under way then, and came too late to be seen. @returns how many rows were touched */
  anonymiseAgain(userId: string): Promise<number> {
    return this.takeValues(this.plan.repeats, userId);
  }

  /**
   * Purge, under the role of retention: all that is theirs, children first; what others' records and the logs say of them points to nobody
   * and tells nothing. None of it needs another's answer, so all leave together, in this order: what fails first fails all behind it.
   * @returns the rows that went, by table
   */
  async remove(userIds: string[], doneAt?: Date): Promise<Record<string, number>> {
    const own = this.plan.rows.slice(0, -1);
    const [person] = this.plan.rows.slice(-1);
    const people = idArray(userIds);
    const remove = async ({ table, where }: Rows) => [table, await this.delete(table, where(PEOPLE), people)] as const;

    const sealersAreOut = this.history.keepSealersOut();
    const removed = own.map(remove);
    const taken = this.plan.values.filter(({ table }) => this.isLog(table)).map((step) => this.take(step, people));
    // Last, and right before the commit: others may be about to change these rows.
    const cleared = this.plan.references.map(({ text }) => this.work.execute(text, [people]));
    removed.push(remove(person!));
    const recorded = this.ledger.record(userIds, 'purged', doneAt);
    const [counts] = await Promise.all([Promise.all(removed), sealersAreOut, ...taken, ...cleared, recorded]);
    return Object.fromEntries(counts);
  }

  private async takeValues(steps: ValueErasure[], userId: string, record?: () => Promise<void>): Promise<number> {
    await this.history.keepSealersOut();
    const addedTo = new Set((await this.work.query<{ name: string }>(ADDED_TO)).map(({ name }) => name));
    let taken = 0;
    for (const step of steps) if (!addedTo.has(step.table)) taken += await this.take(step, [userId]);
    await asRetention(this.work, async () => {
      for (const step of steps) if (addedTo.has(step.table)) taken += await this.take(step, [userId]);
      await record?.();
    });
    return taken;
  }

  private delete(table: string, where: string, people: People): Promise<number> {
    if (table === HISTORY) return this.history.remove(where, people);
    return this.work.execute(`DELETE FROM ${table} x WHERE x."companyId" = $1 AND (${where})`, [people]);
  }

  private isLog(table: string): boolean {
    return this.plan.agedTables.some((log) => log.table === table);
  }

  private take({ table, text, isStamped }: ValueErasure, people: People): Promise<number> {
    if (table === HISTORY) return this.history.blank(text, people);
    return this.work.execute(text, isStamped ? [people, this.work.now, this.work.actorId] : [people]);
  }
}
