import { setImmediate as nextTurn } from 'node:timers/promises';

let taken: Promise<unknown> = Promise.resolve();

/**
 * Lets the others go first, between two slices of long work. Of all who work so, one has each turn of the event loop, whoever has waited
 * longest: however many there are, a request waits for one slice at a time.
 */
export const ownTurn = (): Promise<unknown> => (taken = taken.then(() => nextTurn()));

/** Of many records, as many as are worked on in one turn. */
const SLICE = 50;

/** {@link Array.map} over many records, between whose slices others run. */
export async function mapInTurns<T, R>(records: readonly T[], map: (record: T) => R | Promise<R>): Promise<R[]> {
  const mapped: R[] = [];
  for (let from = 0; from < records.length; from += SLICE) {
    if (from > 0) await ownTurn();
    mapped.push(...(await Promise.all(records.slice(from, from + SLICE).map((record) => map(record)))));
  }
  return mapped;
}
