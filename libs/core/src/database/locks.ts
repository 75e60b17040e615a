/** What advisory locks of a transaction stand for. Each is of a company, or of something in it. */
const LOCKS = {
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
  /** Who decides whose timesheets in a company: shared by those who hand in, alone for a change of it. */
  deciders: 6,
} as const;

/** SQL: the key of a lock in the company `$1`. @param of what in it, texts such as `$2::text` */
export const lockKey = (what: keyof typeof LOCKS, ...of: string[]): string =>
  `hashtextextended(${['$1::text', ...of].join(' || ')}, ${LOCKS[what]})`;
