import { ConfigError } from '#core';

/** Of the driver and of its pool, which have no code for it. */
const NO_ANSWER = /timeout expired|connection timeout|timeout exceeded when trying to connect/;

/** What an error says; that of a host with several addresses (`localhost` with `::1`) says nothing itself, but has one for each. */
export function reasonOf(error: unknown): string {
  const { message, errors = [] } = error as Error & { errors?: Error[] };
  return message || errors.map((each) => each.message).join(', ');
}

/** What an operator is told of a command that failed: a sentence where the cause is theirs, or the database's or the network's; else all of it. */
export function told(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if (error instanceof ConfigError || typeof code === 'string') return reasonOf(error);
  return NO_ANSWER.test(message ?? '') ? 'the database does not answer' : error;
}
