import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { requestScope } from '../http/request-scope.js';
import type { AUDIT_ACTIONS, Told } from './log-actions.js';

/** What was before and what is after. */
export interface Change {
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

export type AuditEvent = Told<typeof AUDIT_ACTIONS> &
  Change & {
    targetId?: string | null;
    /** Whose data it is about. */
    userId?: string | null;
    /** Who did it, when that is not the principal of the request (sign-in). */
    actorUserId?: string | null;
    /** Whoever asked may be nobody of this company: it learns neither the address nor the request. */
    isUntraced?: boolean;
  };

/** Writes the audit log, in the transaction of what it tells. */
@Injectable()
export class Audit {
  constructor(private readonly work: UnitOfWork) {}

  async record(event: AuditEvent): Promise<void> {
    const scope = event.isUntraced ? undefined : requestScope.getStore();
    await this.work.execute(
      `INSERT INTO audit_logs ("companyId", "occurredAt", action, "targetType", "targetId", "userId", "actorUserId", "requestId", ip, before, after)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        this.work.now,
        event.action,
        event.targetType,
        event.targetId ?? null,
        event.userId ?? null,
        event.actorUserId === undefined ? this.work.actorId : event.actorUserId,
        scope?.requestId ?? null,
        scope?.ip ?? null,
        json(event.before),
        json(event.after),
      ],
    );
  }
}

const json = (value: object | undefined): string | null => (value && Object.keys(value).length > 0 ? JSON.stringify(value) : null);

/**
 * What differs between two states, as the log keeps it; values of the named fields are personal and only told as "changed".
 * @returns undefined where nothing does
 */
export function changes(before: object, after: object, personal: readonly string[] = []): Required<Change> | undefined {
  const [old, fresh] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const changed = Object.keys(fresh).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]));
  if (changed.length === 0) return undefined;
  const tell = (state: Record<string, unknown>) =>
    Object.fromEntries(changed.map((key) => [key, personal.includes(key) ? 'changed' : (state[key] ?? null)]));
  return { before: tell(old), after: tell(fresh) };
}
