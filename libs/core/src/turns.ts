import { setImmediate as nextTurn } from 'node:timers/promises';

let taken: Promise<unknown> = Promise.resolve();

/**
 * Lets the others go first, between two slices of long work. Of all who work so, one has each turn of the event loop, whoever has waited
 * longest: however many there are, a request waits for one slice at a time.
 */
export const ownTurn = (): Promise<unknown> => (taken = taken.then(() => nextTurn()));
