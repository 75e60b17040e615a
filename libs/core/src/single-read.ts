import { Query } from 'pg';
import type { PoolClient } from 'pg';
import utils from 'pg/lib/utils.js';
import type { Connection } from './connection.js';
import { RowShape } from './row-shape.js';
import type { Field } from './row-shape.js';
import { statement } from './statement.js';
import type { Tenant } from './tenant.js';

const ENTER = statement('SELECT enter_company($1, $2)', []);

/** What of the driver's connection is used here: its protocol messages. */
interface Wire {
  parsedStatements: Record<string, string>;
  bind(message: { portal: string; statement?: string; values: unknown[] }): void;
  execute(message: { portal: string }): void;
  sync(): void;
}

interface Protocol {
  name: string;
  values: unknown[];
  prepare(wire: Wire): void;
}

const Driver = Query as unknown as new (config: unknown, values: undefined, done: (error: Error | null) => void) => Protocol;

/** How the rows of each named statement look, once a connection has described them. */
const shapes = new WeakMap<Wire, Map<string, RowShape>>();

/**
 * Entering the company and one read, before one Sync: PostgreSQL makes them one transaction by itself, which ends with them.
 * Two statements and one answer instead of four of each, and every answer is a system call on both sides. What the rows look like is
 * asked once a connection.
 */
class SingleRead extends Driver {
  readonly found: (string | null)[][] = [];
  shape: RowShape | undefined;
  private known: Map<string, RowShape> | undefined;
  private hasEntered = false;

  constructor(
    private readonly tenant: Tenant,
    text: string,
    values: unknown[],
    done: (error: Error | null) => void,
  ) {
    super(statement(text, [tenant.companyId, ...values]), undefined, done);
  }

  override prepare(wire: Wire): void {
    this.known = shapes.get(wire);
    if (!this.known) shapes.set(wire, (this.known = new Map()));
    this.shape = this.known.get(this.name);
    const values = this.values.map((value) => utils.prepareValue(value)); // before anything is sent: it may throw
    wire.bind({ portal: '', statement: ENTER.name, values: [this.tenant.companyId, this.tenant.userId] });
    wire.execute({ portal: '' });
    if (!this.shape) return super.prepare(wire);
    wire.bind({ portal: '', statement: this.name, values });
    wire.execute({ portal: '' });
    wire.sync();
  }

  handleRowDescription({ fields }: { fields: Field[] }): void {
    this.shape = new RowShape(fields);
    this.known?.set(this.name, this.shape);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    if (this.hasEntered) this.found.push(fields);
  }

  handleCommandComplete(): void {
    this.hasEntered = true;
  }
}

/** Whether a connection has entered a company before, so that PostgreSQL knows the statement by its name. */
export const canReadAtOnce = (client: PoolClient): boolean =>
  ENTER.name !== undefined && ENTER.name in (client as unknown as { connection: Wire }).connection.parsedStatements;

/** Rows of one read in a transaction of its own. `$1` is the company. */
export async function readAtOnce<T>(client: PoolClient, tenant: Tenant, text: string, values: unknown[]): Promise<T[]> {
  const { told } = client as unknown as Connection;
  const began = performance.now();
  try {
    const read = await new Promise<SingleRead>((resolve, reject) => {
      const asked = new SingleRead(tenant, text, values, (error) => (error ? reject(error) : resolve(asked)));
      client.query(asked as unknown as Query);
    });
    return (read.shape?.rows(read.found) ?? []) as T[];
  } finally {
    told?.(text, performance.now() - began);
  }
}
