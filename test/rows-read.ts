import pg from 'pg';
import type { Company } from './factories.js';
import type { TestServer } from './server.js';
import { statementsOf } from './unscoped.js';

export interface Sent {
  text: string;
  values: unknown[];
}

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  Plans?: Plan[];
}

/**
 * Rows that the statements of a request went through, each step of a plan counted: what a request costs, without a clock. Carried out once
 * more, as the application, by the plans that a connection keeps for any values, and taken back.
 */
export async function rowsRead(server: TestServer, company: Company, work: () => Promise<unknown>): Promise<number> {
  const statements = (await sentBy(server, work)).filter(({ text }) => /^\s*(SELECT|WITH)\b/.test(text) && !text.includes('enter_company'));
  return server.database.as('application', async (client) => {
    await client.query('BEGIN');
    await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
    await client.query('SELECT enter_company($1, $2)', [company.id, company.admin.id]);
    let rows = 0;
    for (const { text, values } of statements) {
      await client.query(`PREPARE again AS ${text}`);
      const found = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE again${values.length > 0 ? `(${values.map(literal).join(', ')})` : ''}`,
      );
      rows += rowsOf(found.rows[0]!['QUERY PLAN'][0].Plan);
      await client.query('DEALLOCATE again');
    }
    await client.query('ROLLBACK');
    return rows;
  });
}

/** What the server sends to its database meanwhile. */
export async function sentBy({ database }: TestServer, work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = [];
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  pg.Client.prototype.query = function query(this: pg.Client, ...args: unknown[]) {
    if (this.database === database.name)
      sent.push(...statementsOf(args[0]).map((one, at) => ({ ...one, values: valuesOf(args, at, one.values) })));
    return original.apply(this, args);
  } as typeof pg.Client.prototype.query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = original as typeof pg.Client.prototype.query;
  }
  return sent;
}

/** `query(text, values)` brings them beside the text. */
const valuesOf = ([, beside]: unknown[], at: number, values: unknown[]): unknown[] => (at === 0 && Array.isArray(beside) ? beside : values);

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString());
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.join(',')}}`);
  return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
}

function rowsOf({ Plans = [], ...plan }: Plan): number {
  const each = plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Join Filter'] ?? 0);
  return Math.round(each * plan['Actual Loops']) + Plans.reduce((sum, one) => sum + rowsOf(one), 0);
}
