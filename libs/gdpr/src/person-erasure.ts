import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { ErasurePlan } from './erasure-plan.js';
import type { ValueErasure } from './erasure-plan.js';
import { ErasuresLedger } from './erasures-ledger.js';
import { HistoryErasure } from './history-erasure.js';
import { asRetention } from './retention-role.js';

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
    await this.history.keepSealersOut();
    const addedTo = new Set((await this.work.query<{ name: string }>(ADDED_TO)).map(({ name }) => name));
    for (const step of this.plan.values) if (!addedTo.has(step.table)) await this.take(step, [userId]);
    await asRetention(this.work, async () => {
      for (const step of this.plan.values) if (addedTo.has(step.table)) await this.take(step, [userId]);
    });
    await this.ledger.record([userId], 'anonymized', doneAt);
  }

  /**
   * Purge, under the role of retention: all that is theirs, children first; what others' records and the logs say of them points to nobody
   * and tells nothing. @returns the rows that went, by table
   */
  async remove(userIds: string[]): Promise<Record<string, number>> {
    await this.history.keepSealersOut();
    const counts: Record<string, number> = {};
    const own = this.plan.rows.slice(0, -1);
    const [person] = this.plan.rows.slice(-1);
    for (const { table, where } of own) counts[table] = await this.delete(table, where('= ANY ($2::uuid[])'), userIds);
    const kept = new Set(this.plan.clocks.map(({ table }) => table));
    for (const step of this.plan.values) if (kept.has(step.table)) await this.take(step, userIds);
    // Last, and right before the commit: others may be about to change these rows.
    for (const { text } of this.plan.references) await this.work.execute(text, [userIds]);
    counts[person!.table] = await this.delete(person!.table, person!.where('= ANY ($2::uuid[])'), userIds);
    return counts;
  }

  private delete(table: string, where: string, userIds: string[]): Promise<number> {
    if (table === HISTORY) return this.history.remove(where, userIds);
    return this.work.execute(`DELETE FROM ${table} x WHERE x."companyId" = $1 AND (${where})`, [userIds]);
  }

  private async take({ table, text, isStamped }: ValueErasure, userIds: string[]): Promise<void> {
    if (table === HISTORY) await this.history.blank(text, userIds);
    else await this.work.execute(text, isStamped ? [userIds, this.work.now, this.work.actorId] : [userIds]);
  }
}
