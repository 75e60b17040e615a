import type { Client } from 'pg';

/** What a table holds, in an order-independent form; the same for equal rows on PostgreSQL 15 to 18. */
export interface TableSum {
  rows: number;
  /** Sum of 60 bits of each row's MD5. */
  checksum: string;
}

/** Of every table, as the connection's role sees them. */
export async function tableSums(client: Client): Promise<Record<string, TableSum>> {
  await client.query(
    `SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true), set_config('search_path', 'public', true)`,
  );
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
  );
  const sums: Record<string, TableSum> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ rows: string; checksum: string }>(
      `SELECT count(*) AS rows, coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text AS checksum
       FROM ${client.escapeIdentifier(name)} t`,
    );
    sums[name] = { rows: Number(rows[0]!.rows), checksum: rows[0]!.checksum };
  }
  return sums;
}

/** The tables that differ, in words. */
export function differences(wanted: Record<string, TableSum>, found: Record<string, TableSum>): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])].flatMap((table) => {
    const [a, b] = [wanted[table], found[table]];
    if (!a || !b) return [`${table} is ${a ? 'missing' : 'too much'}`];
    if (a.rows !== b.rows) return [`${table} has ${b.rows} rows instead of ${a.rows}`];
    return a.checksum === b.checksum ? [] : [`${table} has other rows`];
  });
}
