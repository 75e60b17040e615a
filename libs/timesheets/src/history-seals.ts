import { createHash } from 'node:crypto';
import type { HistoryView } from './history.dto.js';
import { FREE_TEXT_FIELDS } from './timesheet-history.entity.js';

/** What a seal is about: a row of the history, as its statement gives it. */
export type SealedRow = Omit<HistoryView, 'createdAt' | 'updatedAt' | 'version'>;

export interface Seal {
  sequence: number;
  historyId: string;
  facts: string;
  factsSalt: string | null;
  freeText: string;
  freeTextSalt: string | null;
  previous: string;
  hash: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON with sorted keys: jsonb does not keep the order in which they were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

export function factsOf(salt: string, { reason: _, diff, ...facts }: SealedRow): string {
  return sha256(
    salt +
      canonical({
        ...facts,
        diff: diff && Object.fromEntries(Object.entries(diff).filter(([field]) => !FREE_TEXT_FIELDS.includes(field))),
      }),
  );
}

export function freeTextOf(salt: string, { reason, diff }: SealedRow): string {
  return sha256(salt + canonical([reason, freeTextIn(diff)]));
}

export const hasFreeText = ({ reason, diff }: SealedRow): boolean => reason !== null || freeTextIn(diff).length > 0;

const freeTextIn = (diff: SealedRow['diff']) => FREE_TEXT_FIELDS.flatMap((field) => (diff?.[field] ? [[field, diff[field]]] : []));

export const hashOf = ({ sequence, historyId, facts, freeText, previous }: Omit<Seal, 'hash' | 'factsSalt' | 'freeTextSalt'>): string =>
  sha256(canonical([sequence, historyId, facts, freeText, previous]));

/** What the ledger excuses. */
export interface Excuses {
  textErased: boolean;
  rowErased: boolean;
}

/** A seal with the row as it is now; without `id` it is gone. */
export type SealAndRow = Seal & Excuses & (SealedRow | { id: null });

export function rowOf(found: SealAndRow): SealedRow | null {
  if (found.id === null) return null;
  const { id, userId, targetType, targetId, action, actorUserId, reason, diff, metadata, occurredAt } = found;
  return { id, userId, targetType, targetId, action, actorUserId, reason, diff, metadata, occurredAt };
}

/** Whether a seal follows the one before, and the row is still what was sealed, but for what was lawfully erased. */
export function holds(
  seal: Seal,
  before: Pick<Seal, 'sequence' | 'hash'>,
  row: SealedRow | null,
  { textErased, rowErased }: Excuses,
): boolean {
  if (seal.sequence !== before.sequence + 1 || seal.previous !== before.hash || seal.hash !== hashOf(seal)) return false;
  if (!row) return rowErased;
  if (seal.factsSalt === null || factsOf(seal.factsSalt, row) !== seal.facts) return false;
  return (seal.freeTextSalt !== null && freeTextOf(seal.freeTextSalt, row) === seal.freeText) || (textErased && !hasFreeText(row));
}
