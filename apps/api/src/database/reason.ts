import { ConfigError } from '#core';

/** What an error says; that of a host with several addresses (`localhost` with `::1`) says nothing itself, but has one for each. */
export function reasonOf(error: unknown): string {
  const { message, errors = [] } = error as Error & { errors?: Error[] };
  return message || errors.map((each) => each.message).join(', ');
}

/** What an operator is told of a command that failed: a sentence where the cause is theirs, or the database's or the network's; else all of it. */
export const told = (error: unknown): unknown =>
  error instanceof ConfigError || typeof (error as { code?: unknown }).code === 'string' ? reasonOf(error) : error;
