import { hash } from 'node:crypto';
import type { HistoryView } from './history.dto.js';
import { FREE_TEXT_FIELDS } from './timesheet-history.entity.js';
import type { Diff } from './timesheet-history.entity.js';

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

const sha256 = (text: string): string => hash('sha256', text, 'hex');

/**
 * The value with sorted keys, since jsonb does not keep the order in which they were written. What is in order already, as most is, stays the
 * object that it was: to copy all of it was a third of the work of a seal.
 */
function inOrder(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const keys = Object.keys(value);
  return isInOrder(value as Parts, keys) ? value : partsInOrder(value as Parts, keys);
}

type Parts = Record<string, unknown>;

function isInOrder(value: Parts, keys: string[]): boolean {
  for (let index = 0; index < keys.length; index++) {
    const part = value[keys[index]!];
    if ((part !== null && typeof part === 'object') || (index > 0 && keys[index - 1]! > keys[index]!)) return false;
  }
  return true;
}

function partsInOrder(value: Parts, keys: string[]): Parts {
  const sorted: Parts = {};
  for (const key of keys.toSorted()) {
    if (key === '__proto__') Object.defineProperty(sorted, key, { value: inOrder(value[key]), enumerable: true });
    else sorted[key] = inOrder(value[key]);
  }
  return sorted;
}

const withoutFreeText = (diff: Diff): Parts =>
  partsInOrder(
    diff,
    Object.keys(diff).filter((field) => !FREE_TEXT_FIELDS.includes(field)),
  );

/** Its fields stand in the order of the alphabet, as all keys of what is sealed. */
export const factsOf = (
  salt: string,
  { action, actorUserId, diff, id, metadata, occurredAt, targetId, targetType, userId }: SealedRow,
): string =>
  sha256(
    salt +
      JSON.stringify({
        action,
        actorUserId,
        diff: diff && withoutFreeText(diff),
        id,
        metadata: inOrder(metadata),
        occurredAt,
        targetId,
        targetType,
        userId,
      }),
  );

export const freeTextOf = (salt: string, { reason, diff }: SealedRow): string => sha256(salt + JSON.stringify([reason, freeTextIn(diff)]));

export const hasFreeText = ({ reason, diff }: SealedRow): boolean => reason !== null || freeTextIn(diff).length > 0;

function freeTextIn(diff: SealedRow['diff']): [string, unknown][] {
  const texts: [string, unknown][] = [];
  for (const field of FREE_TEXT_FIELDS) if (diff?.[field] !== undefined) texts.push([field, inOrder(diff[field])]);
  return texts;
}

export const hashOf = ({ sequence, historyId, facts, freeText, previous }: Omit<Seal, 'hash' | 'factsSalt' | 'freeTextSalt'>): string =>
  sha256(JSON.stringify([sequence, historyId, facts, freeText, previous]));

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
