import { Problem } from './problem.js';
import type { FieldFault } from './problem.js';

const MAX_DEPTH = 32;
const MAX_ITEMS = 1000;
/** In one body; the largest that any route takes has some 6000. */
const MAX_VALUES = 20_000;
const MAX_FAULTS = 100;
const MAX_NAME = 200;

/**
 * Bounds what came in before anything transforms it: 10 kB nested 5000 deep make class-transformer overflow the stack,
 * NUL and lone surrogates cannot be stored. Of many faults the first are told: each repeats the names above it, so that all of them could be
 * thousands of times as long as the body.
 * @returns whether it may be transformed all the same, to hear what else is wrong with it, too
 */
export function faultsOfShape(input: unknown): { faults: FieldFault[]; isSafe: boolean } {
  const faults: FieldFault[] = [];
  let isSafe = true;
  const names: string[] = [];
  let values = 0;
  const tell = (detail: string): void => {
    if (faults.length < MAX_FAULTS) faults.push({ pointer: names.map((name) => `/${escapePointer(name)}`).join(''), detail });
  };
  const look = (value: unknown): void => {
    if (faults.length >= MAX_FAULTS) {
      isSafe = false; // who knows what else it has
      return;
    }
    const beyond = ++values > MAX_VALUES ? `is behind ${MAX_VALUES} others` : beyondBounds(value, names.length);
    if (beyond) {
      isSafe = false;
      tell(beyond);
    } else if (typeof value === 'string') {
      if (!isStorable(value)) tell('has characters that cannot be stored');
    } else if (typeof value === 'object' && value !== null)
      for (const key of Object.keys(value)) {
        names.push(key);
        const reserved = isReserved(key);
        if (reserved) isSafe = false;
        if (reserved || !isStorable(key)) tell('is not a known field');
        if (!reserved) look((value as Record<string, unknown>)[key]);
        names.pop();
      }
  };
  look(input);
  return { faults, isSafe };
}

/** Every body is one. @throws 400 */
export function requireObject(body: unknown): asserts body is object {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw Problem.field('', 'must be a JSON object');
}

/** What every object has by itself class-transformer leaves out in silence, or stumbles over. */
const isReserved = (key: string): boolean => key in Object.prototype || key === 'prototype';

function beyondBounds(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  return count > MAX_ITEMS ? `has more than ${MAX_ITEMS} ${Array.isArray(value) ? 'items' : 'fields'}` : undefined;
}

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** Of a name that no field has by far, the beginning tells enough. */
export const escapePointer = (key: string): string => key.slice(0, MAX_NAME).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
