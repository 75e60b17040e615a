/**
 * What advisory locks of a transaction stand for: the second argument of `hashtextextended`, which keeps them apart. Each is of a company, or of
 * something in it.
 */
export const LOCKS = {
  /** A request under its `Idempotency-Key`, while it is in flight. */
  request: 1,
  /** A person's timesheets, entries and approvals. */
  timesheets: 2,
  /** The chain of a company's history. */
  history: 3,
  /** A person's leave. */
  leave: 4,
  /** A company's purges. */
  purge: 5,
} as const;
