import { createHash } from 'node:crypto';
import type { NewEntry } from '../entries/timesheet-entry.repository.js';

/**
 * What an approver has decided on, as SHA-256 in hex over a canonical text in UTF-8: one line an entry, ordered by id, each line the JSON
 * array `[id, day, startedAt, endedAt, timezone, durationMin, actionCodeId, taskId, workMode, country]` without white space, ended by a
 * line feed. Instants are `2026-03-02T08:00:00Z`, what is absent is null. The note is left out: its lawful erasure must not
 * take the proof of the hours along.
 */
export function digestOf(entries: NewEntry[]): string {
  const hash = createHash('sha256');
  for (const e of entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const line = [e.id, e.day, e.startedAt, e.endedAt, e.timezone, e.durationMin, e.actionCodeId, e.taskId, e.workMode, e.country];
    hash.update(`${JSON.stringify(line)}\n`);
  }
  return hash.digest('hex');
}
