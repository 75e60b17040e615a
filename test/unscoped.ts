import pg from 'pg';
import { Batch } from '#core';

const REFERENCE =
  /\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?((?:(?:public\.)?"?[a-z_]+"?(?:\s+(?:AS\s+)?(?!SET\b|WHERE\b|ON\b|JOIN\b)"?\w+"?)?\s*,\s*)*(?:public\.)?"?[a-z_]+"?)/gi;
const COLUMN = String.raw`(?:(?:\w+|"\w+")\.)?"companyId"`;
/** `x."companyId" = ...`, `$1 = x."companyId"`, `("companyId", ...) = ...` and `USING ("companyId", ...)` count once each. */
const PREDICATE = new RegExp(
  [
    String.raw`${COLUMN}\s*(?:=|IN\b)(?:\s*${COLUMN})?`,
    String.raw`=\s*${COLUMN}`,
    String.raw`\(\s*${COLUMN},[^()]*\)\s*(?:=|IN\b)`,
    String.raw`USING\s*\([^()]*"companyId"`,
    String.raw`INTO\s+[\w".]+(?:\s+AS\s+\w+)?\s*\([^()]*"companyId"`,
  ].join('|'),
  'gi',
);

/**
 * What a statement does not say: row security alone would still answer right, but slowly on a distributed database, and nobody would
 * notice it missing. A heuristic: as many predicates (or columns of an insert) named "companyId" as tables of companies.
 * @param tables the names of the tables of companies
 * @returns the tables referred to when there are too few predicates, else an empty list
 */
export function unscopedTables(text: string, tables: ReadonlySet<string>): string[] {
  const plain = text.replace(/'(?:[^']|'')*'/g, "''").replace(/--.*$/gm, '');
  const referred = [...plain.matchAll(REFERENCE)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((item) => /^(?:public\.)?"?([a-z_]+)/i.exec(item.trim())?.[1] ?? '')
      .filter((name) => tables.has(name)),
  );
  return referred.length > [...plain.matchAll(PREDICATE)].length ? referred : [];
}

interface Watch {
  tables: ReadonlySet<string>;
  passed: Set<string>;
  refused: string[];
}

const watched = new Map<string, Watch>();
const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;

/**
 * From here on every statement of that login on that database is looked at; TypeORM's logger would not see those of the raw client.
 * @returns the statements that were refused
 */
export function watchStatements(database: string, username: string, tables: ReadonlySet<string>): string[] {
  const refused: string[] = [];
  watched.set(`${username}@${database}`, { tables, passed: new Set(), refused });
  pg.Client.prototype.query = watchedQuery as typeof pg.Client.prototype.query;
  return refused;
}

/** What the driver was given to send: a text, a statement, or a batch of them. */
export function statementsOf(asked: unknown): { text: string; values: unknown[] }[] {
  if (typeof asked === 'string') return [{ text: asked, values: [] }];
  if (asked instanceof Batch) return [...asked.statements];
  const { text = '', values = [] } = asked as { text?: string; values?: unknown[] };
  return [{ text, values }];
}

function watchedQuery(this: pg.Client, ...args: unknown[]): unknown {
  const watch = watched.get(`${this.user}@${this.database}`);
  try {
    if (watch) for (const { text } of statementsOf(args[0])) expectScoped(text, watch);
  } catch (error) {
    // Of a batch nobody waits here: it is refused as the database would do it.
    if (!(args[0] instanceof Batch)) throw error;
    return args[0].handleError(error, (this as unknown as { connection: Parameters<Batch['handleError']>[1] }).connection);
  }
  return original.apply(this, args);
}

function expectScoped(text: string, { tables, passed, refused }: Watch): void {
  if (passed.has(text)) return;
  if (unscopedTables(text, tables).length > 0) {
    refused.push(text);
    throw new Error(`a statement on tables of companies without "companyId": ${text}`);
  }
  passed.add(text);
}
