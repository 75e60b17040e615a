import { Query } from 'pg';
import { serialize } from 'pg-protocol';
import utils from 'pg/lib/utils.js';
import type { DataRow } from './data-row.js';
import { JsonRows } from './json-rows.js';
import type { JsonShape } from './json-rows.js';
import { RowShape } from './row-shape.js';
import type { Field, Statement } from './statement.js';

/** What of the driver's connection is used here: its protocol messages, and which statements PostgreSQL knows by their names. */
interface Wire {
  stream: { cork(): void; uncork(): void; write(bytes: Buffer): void };
  parsedStatements: Record<string, string>;
  submittedNamedStatements: Record<string, string>;
  parse(message: { text: string; name?: string }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: { portal: string }): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

export interface Answer<T = Record<string, unknown>> {
  rows: T[];
  /** In place of `rows`, of a statement that asked for it. */
  json?: JsonRows<T>;
  /** Rows found or changed. */
  count: number;
  /** `SELECT`, `COMMIT`, ...: what was done. */
  command: string;
}

type Values = (string | null)[];

interface Asked {
  text: string;
  name?: string;
  values: unknown[];
  asJson: boolean;
  asCount: boolean;
  json?: JsonRows<Record<string, unknown>>;
  shape?: RowShape;
  jsonShape?: JsonShape;
  found: Values[];
  /** As PostgreSQL says that it is complete: `INSERT 0 2`. */
  tag: string;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** Named statements of a connection: PostgreSQL keeps some 50 kB for each, and the filters of lists make thousands of texts. */
const KEPT = 250;

/** Bytes at the end of the driver's Bind. */
const ONE_FORMAT = 4;

const NONE = new RowShape([]);
/** Each named statement of a connection, the latest last, and how its rows look, once they were described. */
const shapes = new WeakMap<Wire, Map<string, RowShape | undefined>>();

/**
 * Statements before one Sync: one answer for all, where each would have had its own, and every answer is a system call on both sides. What
 * comes behind a statement that fails is not carried out and fails with its error. Outside a transaction PostgreSQL makes one of them all.
 * What the rows of a named statement look like is asked once a connection, which forgets the one that was longest not used for a new one.
 */
export class Batch {
  readonly statements: Asked[] = [];
  /** The driver notes under these that PostgreSQL knows a statement, when it says so. */
  name?: string;
  text?: string;
  private known = new Map<string, RowShape | undefined>();
  /** Whose answer comes next. */
  private place = 0;

  /** @throws what cannot be sent as a value */
  add({ text, name, values = [], asJson = false, asCount = false }: Statement): Promise<Answer> {
    const ready = values.map((value) => utils.prepareValue(value));
    return new Promise((resolve, reject) => {
      this.statements.push({ text, name, values: ready, asJson, asCount, found: [], tag: '', resolve, reject });
    });
  }

  /** The driver's: writes everything. */
  submit(wire: Wire): null {
    const known = shapes.get(wire);
    if (known) this.known = known;
    else shapes.set(wire, this.known);
    wire.stream.cork();
    this.makeRoom(wire);
    for (const asked of this.statements) this.write(wire, asked);
    wire.sync();
    wire.stream.uncork();
    this.awaitNext();
    return null;
  }

  handleRowDescription({ fields }: { fields: Field[] }): void {
    this.statements[this.place]!.shape = new RowShape(fields);
  }

  handleDataRow(row: DataRow): void {
    const asked = this.statements[this.place]!;
    if (asked.asJson) (asked.json ??= new JsonRows(asked.jsonShape ?? asked.shape!.json)).add(row);
    else if (!asked.asCount) asked.found.push(row.fields);
  }

  handleCommandComplete({ text }: { text: string }): void {
    const asked = this.statements[this.place]!;
    asked.tag = text;
    asked.shape ??= NONE;
    if (asked.name) this.known.set(asked.name, asked.shape);
    this.place++;
    this.awaitNext();
  }

  handleReadyForQuery(): void {
    for (const asked of this.statements.splice(0)) asked.resolve(answerTo(asked));
  }

  handleError(error: unknown, wire: Wire): void {
    const asked = this.statements.splice(0);
    for (const done of asked.splice(0, this.place)) done.resolve(answerTo(done));
    for (const failed of asked) {
      if (failed.name) delete wire.submittedNamedStatements[failed.name]; // it was passed over, so its name is not known
      failed.reject(error);
    }
  }

  /** Before all else, so that no failure passes it over. */
  private makeRoom(wire: Wire): void {
    const { known } = this;
    for (const { name } of this.statements) {
      if (!name) continue;
      const shape = known.get(name);
      known.delete(name);
      known.set(name, shape);
    }
    for (const name of known.keys()) {
      if (known.size <= KEPT) return;
      wire.close({ type: 'S', name });
      known.delete(name);
      delete wire.parsedStatements[name];
      delete wire.submittedNamedStatements[name];
    }
  }

  private write(wire: Wire, asked: Asked): void {
    const { name, text, values } = asked;
    if (!name || !(name in wire.parsedStatements || name in wire.submittedNamedStatements)) {
      wire.parse({ text, name });
      if (name) wire.submittedNamedStatements[name] = text;
    }
    asked.shape = name ? this.known.get(name) : undefined;
    const binary = asked.asJson ? asked.shape?.binary : undefined;
    asked.jsonShape = binary?.shape;
    bind(wire, { statement: name, values }, binary?.formats);
    if (!asked.shape) wire.describe({ type: 'P', name: '' });
    wire.execute({ portal: '' });
  }

  private awaitNext(): void {
    const { name, text } = this.statements[this.place] ?? {};
    this.name = name;
    this.text = text;
  }
}

/** The driver asks for all columns as text, or for none: what it ends with, one format for all, gives way to one of each. */
function bind({ stream }: Wire, message: { statement?: string; values: unknown[] }, formats?: Buffer): void {
  const bytes = serialize.bind(message);
  if (!formats) return stream.write(bytes);
  bytes.writeInt32BE(bytes.length - 1 - ONE_FORMAT + formats.length, 1);
  stream.write(bytes.subarray(0, -ONE_FORMAT));
  stream.write(formats);
}

// A pipeline takes only the driver's own queries. Their constructor is not run: an emitter, a result and a copy that nobody needs.
Object.setPrototypeOf(Batch.prototype, Query.prototype as object);

function answerTo({ shape = NONE, found, tag, asJson, json }: Asked): Answer {
  const words = tag.split(' ');
  const count = Number(words.at(-1)) || 0;
  return { rows: shape.rows(found), json: json ?? (asJson ? new JsonRows(shape.json) : undefined), count, command: words[0]! };
}
