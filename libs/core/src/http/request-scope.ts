import { AsyncLocalStorage } from 'node:async_hooks';
import type { Tenant } from '../database/tenant.js';
import type { Transaction } from '../database/transaction.js';

/** What belongs to one request (or one run of a job) and travels with it. */
export interface RequestScope {
  requestId: string;
  ip: string | null;
  userAgent: string | null;
  /** The template of the route, or undefined for a job. */
  route?: string;
  tenant?: Tenant;
  /** When it happens: one instant for all that is written. */
  now?: Date;
  /** Begun by the first statement; a promise, so that two at once share one. */
  transaction?: Promise<Transaction>;
  /** Whether somebody's data was read in it that the access log tells of. */
  hasNoted?: boolean;
  /** Who asks was erased on the way: nothing of theirs is kept any more. */
  isErased?: boolean;
  /** Runs first in each further transaction, where the request had to commit on its way. */
  resume?: (transaction: Transaction) => Promise<void>;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();

/**
 * Runs work that outlives the request which asked for it: it has no route, so that it waits for no place of the company, and no part in the
 * request's transaction. Whose request it was stays known.
 */
export function behindRequest<T>(work: () => T): T {
  const { requestId = 'none', ip = null, userAgent = null } = requestScope.getStore() ?? {};
  return requestScope.run({ requestId, ip, userAgent }, work);
}
