/** Ids of people as a parameter: the `$2` of what erases. */
export type People = readonly string[] | Buffer;

const UUID_OID = 2950;
const UUID_BYTES = 16;

/**
 * Ids in PostgreSQL's binary form of `uuid[]`, made once for the many statements of a batch: as text, each of them would quote its 500 ids anew
 * here and read them there (0.25 ms a statement, now less than 0.1).
 */
export function idArray(ids: readonly string[]): Buffer {
  const header = Int32Array.of(1, 0, UUID_OID, ids.length, 1); // dimensions, nulls, type; then length and lower bound of the one dimension
  const bytes = Buffer.alloc(4 * header.length + ids.length * (4 + UUID_BYTES));
  let at = 0;
  for (const field of header) at = bytes.writeInt32BE(field, at);
  for (const id of ids) {
    at = bytes.writeInt32BE(UUID_BYTES, at);
    at += bytes.write(id.replaceAll('-', ''), at, 'hex');
  }
  return bytes;
}
