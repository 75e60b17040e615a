import type { RetentionSettings } from './retention-settings.dto.js';

/** Before which instants rows of each class go: strictly older ones. */
export interface CutOffs {
  deletedUserYears: Date;
  auditLogYears: Date;
  accessLogMonths: Date;
  sessionDays: Date;
}

const DAY_MS = 86_400_000;

export function cutOffsAt(now: Date, policy: RetentionSettings): CutOffs {
  return {
    deletedUserYears: monthsBefore(now, 12 * policy.deletedUserYears),
    auditLogYears: monthsBefore(now, 12 * policy.auditLogYears),
    accessLogMonths: monthsBefore(now, policy.accessLogMonths),
    sessionDays: new Date(now.getTime() - policy.sessionDays * DAY_MS),
  };
}

/**
 * The same time of the day that many calendar months ago, in UTC. Where that month has no such day it is its last one: what happened on a
 * 1 March must not go on the 29 February seven years later.
 */
export function monthsBefore(now: Date, months: number): Date {
  const before = new Date(now);
  before.setUTCMonth(now.getUTCMonth() - months);
  if (before.getUTCDate() !== now.getUTCDate()) before.setUTCDate(0); // the day overflowed into the next month
  return before;
}
