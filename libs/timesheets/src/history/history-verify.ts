import { isId } from '#core';
import { holds, rowOf } from './seal-hashes.js';
import type { Seal, SealAndRow } from './seal-hashes.js';

/** An answer of `GET /timesheet-history/verify` that was kept elsewhere: the last seal of then, and its number. */
export interface HistoryHead {
  head: string | null;
  checked: number;
}

export interface Verdict {
  valid: boolean;
  /** One line for people. */
  told: string;
}

type Position = Pick<Seal, 'sequence' | 'hash'>;

/** @returns undefined for what is no answer of the route, or the answer for a chain that was broken already */
export function headIn(text: string): HistoryHead | undefined {
  const found = parsed(text) as (HistoryHead & { valid?: unknown }) | undefined;
  const isHash = found?.head === null || (typeof found?.head === 'string' && HASH.test(found.head));
  if (!found || !isHash || !Number.isSafeInteger(found.checked) || found.checked < 0 || found.valid === false) return undefined;
  return { head: found.head, checked: found.checked };
}

const DAY_MS = 86_400_000;

/**
 * Checks an export of the history against a head that was kept elsewhere, with nothing but the two. What it says was lawfully erased is
 * believed: whoever made the export could say so of any line, so their number is told, and that of lines which came long after they say that
 * they happened. Behind the head the lines hold together, but nothing proves that they are the true ones, nor that none were cut off.
 */
export async function verifyExport(lines: AsyncIterable<string>, { head, checked }: HistoryHead): Promise<Verdict> {
  let last: Position = { sequence: 0, hash: '' };
  let isFound = head === null;
  let erased = 0;
  let late = 0;
  let lastAt = -Infinity;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const sealed = sealIn(line);
    if (!sealed) return broken(`Line ${number} is no line of an export of the history`);
    const row = rowOf(sealed);
    if (!holds(sealed, last, row, sealed) || (row && row.id !== sealed.historyId)) {
      return broken(
        `Broken: line ${sealed.sequence}, history ${sealed.historyId}, is changed, out of its place, or one before it is missing`,
      );
    }
    if (sealed.sequence === checked && head !== null && sealed.hash !== head) {
      return broken(`Broken: line ${checked} is not the one that the head names; the history up to there was written anew`);
    }
    isFound ||= sealed.hash === head;
    erased += Number(sealed.textErased || sealed.rowErased);
    if (row) {
      const at = Date.parse(row.occurredAt);
      late += Number(at < lastAt - DAY_MS);
      lastAt = at;
    }
    last = sealed;
  }
  if (last.sequence < checked || !isFound) {
    return broken(`Broken: the tail is missing; the head is line ${checked}, the export ends with line ${last.sequence}`);
  }
  const behind = last.sequence - (head === null ? 0 : checked);
  const told = `Valid: ${last.sequence} lines, ${behind} of them behind the head; ${erased} with something lawfully erased`;
  return { valid: true, told: late === 0 ? told : `${told}; ${late} from more than a day before the line ahead` };
}

const broken = (told: string): Verdict => ({ valid: false, told });

const HASH = /^[\da-f]{64}$/;

function sealIn(line: string): SealAndRow | undefined {
  const found = parsed(line) as (SealAndRow & Record<string, unknown>) | undefined;
  const isSeal =
    found &&
    Number.isSafeInteger(found.sequence) &&
    isId(found.historyId) &&
    [found.facts, found.freeText, found.hash].every((hash) => typeof hash === 'string' && HASH.test(hash)) &&
    typeof found.previous === 'string' &&
    [found.factsSalt, found.freeTextSalt].every((salt) => salt === null || typeof salt === 'string') &&
    [found.textErased, found.rowErased].every((flag) => typeof flag === 'boolean') &&
    (found.id === null || isId(found.id)) &&
    typeof (found.diff ?? null) === 'object';
  return isSeal ? found : undefined;
}

/** An object of JSON; undefined for anything else. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
