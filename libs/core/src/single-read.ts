import { Query } from 'pg';
import type { PoolClient, QueryResult } from 'pg';
import { statement } from './statement.js';
import type { Tenant } from './tenant.js';

const ENTER = statement('SELECT enter_company($1, $2)', []);

/** What of the driver's connection is used here: its protocol messages. */
interface Wire {
  parsedStatements: Record<string, string>;
  bind(message: { portal: string; statement?: string; values: unknown[] }): void;
  execute(message: { portal: string }): void;
}

interface Protocol {
  prepare(wire: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}

const Driver = Query as unknown as new (
  config: unknown,
  values: undefined,
  done: (error: Error | null, result: QueryResult) => void,
) => Protocol;

/**
 * Entering the company and one read, before one Sync: PostgreSQL makes them one transaction by itself, which ends with them.
 * Two statements and one answer instead of four of each, and every answer is a system call on both sides.
 */
class SingleRead extends Driver {
  private hasEntered = false;

  constructor(
    private readonly tenant: Tenant,
    text: string,
    values: unknown[],
    done: (error: Error | null, result: QueryResult) => void,
  ) {
    super(statement(text, [tenant.companyId, ...values]), undefined, done);
  }

  override prepare(wire: Wire): void {
    wire.bind({ portal: '', statement: ENTER.name, values: [this.tenant.companyId, this.tenant.userId] });
    wire.execute({ portal: '' });
    super.prepare(wire);
  }

  override handleDataRow(message: unknown): void {
    if (this.hasEntered) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.hasEntered) super.handleCommandComplete(message, wire);
    this.hasEntered = true;
  }
}

/** Whether a connection has entered a company before, so that PostgreSQL knows the statement by its name. */
export const canReadAtOnce = (client: PoolClient): boolean =>
  ENTER.name !== undefined && ENTER.name in (client as unknown as { connection: Wire }).connection.parsedStatements;

/** Rows of one read in a transaction of its own. `$1` is the company. */
export function readAtOnce<T>(client: PoolClient, tenant: Tenant, text: string, values: unknown[]): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const read = new SingleRead(tenant, text, values, (error, result) => (error ? reject(error) : resolve(result.rows as T[])));
    client.query(read as unknown as Query);
  });
}
