/** What an error says; that of a host with several addresses (`localhost` with `::1`) says nothing itself, but has one for each. */
export function reasonOf(error: unknown): string {
  const { message, errors = [] } = error as Error & { errors?: Error[] };
  return message || errors.map((each) => each.message).join(', ');
}
