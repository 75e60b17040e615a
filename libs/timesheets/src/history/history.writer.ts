import { Injectable } from '@nestjs/common';
import { instantText, UnitOfWork } from '#core';
import { HistorySealer } from './history-sealer.js';
import type { Diff, HistoryAction, HistoryTarget } from './timesheet-history.entity.js';

export interface HistoryEvent {
  /** Whose timesheet or entry; of an action code, who changed it. */
  userId: string;
  targetType: HistoryTarget;
  targetId: string;
  action: HistoryAction;
  reason?: string | null;
  diff?: Diff | null;
  /** Of an entry and an approval `{ timesheetId }`: by it the sheet's own history finds them, also after they were moved or deleted. */
  metadata?: Record<string, unknown> | null;
}

/** `$2` are the events as JSON, so that one statement takes any number of them. `RETURNING`: a distributed PostgreSQL needs it here. */
const INSERT = `
  INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, reason, diff, metadata,
    "actorUserId", "createdByUserId", "updatedByUserId", "occurredAt", "createdAt", "updatedAt")
  SELECT $1::uuid, e."userId", e."targetType", e."targetId", e.action, e.reason, e.diff, e.metadata,
    $3::uuid, $3::uuid, $3::uuid, $4::timestamptz, $4::timestamptz, $4::timestamptz
  FROM jsonb_to_recordset($2::jsonb)
    AS e("userId" uuid, "targetType" text, "targetId" uuid, action text, reason text, diff jsonb, metadata jsonb)
  RETURNING id`;

/** Writes what happened to time, in the transaction of what it tells. */
@Injectable()
export class TimesheetHistoryWriter {
  constructor(
    private readonly work: UnitOfWork,
    private readonly sealer: HistorySealer,
  ) {}

  /** @param at when it happened, where that is not when the work began */
  async record(events: HistoryEvent[], at = this.work.now): Promise<void> {
    if (events.length === 0) return;
    const { companyId, userId } = this.work.tenant;
    await this.work.write(INSERT, [JSON.stringify(events), userId, at]);
    await this.work.afterCommit(() => this.sealer.note(companyId, at));
  }
}

/**
 * What a change looked like: the named fields that differ. Before is null for what was created, after for what was deleted.
 * Instants may come as dates or as text in the contract's form.
 */
export function diffOf(before: object | null, after: object | null, fields: readonly string[]): Diff {
  const diff: Diff = {};
  for (const field of fields) {
    const change = { before: told(before, field), after: told(after, field) };
    if (!isSame(change.before, change.after)) diff[field] = change;
  }
  return diff;
}

const isSame = (a: unknown, b: unknown): boolean => a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));

function told(record: object | null, field: string): unknown {
  const value = (record as Record<string, unknown> | null)?.[field] ?? null;
  return value instanceof Date ? instantText(value) : value;
}
