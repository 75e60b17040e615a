import type { DataRow } from './data-row.js';
import { isText, OID, parserOf } from './statement.js';
import type { Field } from './statement.js';

/** An answer that is JSON already: what it says, and its text. */
export class Json<T> {
  declare readonly says: T;

  constructor(readonly text: string) {}
}

/** How a column's text becomes JSON. */
const TEXT = 0;
const INSTANT = 1;
const TRUTH = 2;
const AS_IS = 3;
const PARSED = 4;

const KINDS: Record<number, number> = {
  [OID.bool]: TRUTH,
  [OID.int2]: AS_IS,
  [OID.int4]: AS_IS,
  [OID.int8]: AS_IS,
  [OID.json]: AS_IS,
  [OID.jsonb]: AS_IS,
  [OID.timestamptz]: INSTANT,
};

interface Column {
  /** All that comes before the value. */
  before: Buffer;
  kind: number;
  parse: (text: string) => unknown;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
/** No byte becomes more than six (`\u0000`), and no value more than six times itself with the four bytes of its length. */
const LONGEST = 6;
/** Of each control character, quote and backslash what JSON writes. */
const ESCAPED = Array.from({ length: BACKSLASH + 1 }, (_, byte) => Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)));

/** How the rows of one statement look in JSON. A column named `actionCode.code` is `code` of an object `actionCode`, with those beside it. */
export class JsonShape {
  private readonly columns: Column[];
  private readonly close: Buffer;
  /** Bytes that a row has beside its values, at most. */
  private readonly around: number;

  constructor(fields: Field[]) {
    let object = '';
    this.columns = fields.map(({ name, dataTypeID }, index) => {
      const [own = '', within = ''] = name.split('.').toReversed();
      const isSame = within === object;
      const before = `${index === 0 ? '{' : object && !isSame ? '},' : ','}${within && !isSame ? `"${within}":{` : ''}"${own}":`;
      object = within;
      const parse = parserOf(dataTypeID);
      return { before: Buffer.from(before), kind: KINDS[dataTypeID] ?? (isText(parse) ? TEXT : PARSED), parse };
    });
    this.close = Buffer.from(object ? '}}' : '}');
    this.around = this.columns.reduce((sum, { before }) => sum + before.length + NULL.length, this.close.length);
  }

  /** The row in JSON, made from PostgreSQL's bytes. */
  row({ bytes: from, offset, length }: DataRow): string {
    const most = this.around + LONGEST * length;
    const to = most <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafeSlow(most);
    let end = 0;
    let at = offset + 2; // behind the number of columns
    for (const { before, kind, parse } of this.columns) {
      end = copy(before, to, end);
      const size = from.readInt32BE(at);
      const start = at + 4;
      at = start + Math.max(0, size);
      if (size < 0) end = copy(NULL, to, end);
      else if (kind === TEXT) end = quoted(from, start, at, to, end);
      else if (kind === INSTANT) end = instant(from, start, at, to, end);
      else if (kind === TRUTH) end = copy(from[start] === 0x74 ? TRUE : FALSE, to, end);
      else if (kind === AS_IS) end = asIs(from, start, at, to, end);
      else end += to.write(JSON.stringify(parse(from.toString('utf8', start, at))), end);
    }
    return to.toString('utf8', 0, copy(this.close, to, end));
  }
}

/** Where a row is made; copied out of it before anything else happens. A row that finds no room has a place of its own. */
const SCRATCH = Buffer.allocUnsafeSlow(65_536);

/**
 * The rows of a list as the JSON that goes out. To make a string of each value and an object of each row, and print them again, took half of a
 * list's time in the application.
 */
export class JsonRows<T> {
  private readonly rows: string[] = [];

  constructor(private readonly shape: JsonShape) {}

  get length(): number {
    return this.rows.length;
  }

  add(row: DataRow): void {
    this.rows.push(this.shape.row(row));
  }

  /** One row, as whoever gets the JSON reads it. */
  row(index: number): T {
    return JSON.parse(this.rows[index]!) as T;
  }

  /** `{ items, nextCursor }` of the first rows, at most so many. */
  page(count: number, nextCursor: string | null): string {
    return `{"items":[${this.rows.slice(0, count).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
  }
}

// Each writes to `to` from `end` on, and tells where it ended. Byte by byte: a call for a few bytes would take longer than they do.

function copy(from: Buffer, to: Buffer, end: number): number {
  return asIs(from, 0, from.length, to, end);
}

function asIs(from: Buffer, start: number, stop: number, to: Buffer, end: number): number {
  for (let at = start; at < stop; at++) to[end++] = from[at]!;
  return end;
}

function quoted(from: Buffer, start: number, stop: number, to: Buffer, end: number): number {
  to[end++] = QUOTE;
  for (let at = start; at < stop; at++) {
    const byte = from[at]!;
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) end = copy(ESCAPED[byte]!, to, end);
    else to[end++] = byte;
  }
  to[end++] = QUOTE;
  return end;
}

/** `2026-03-02 08:00:00+00`, as PostgreSQL prints it in UTC, becomes `2026-03-02T08:00:00Z`. */
function instant(from: Buffer, start: number, stop: number, to: Buffer, end: number): number {
  to[end++] = QUOTE;
  for (let at = start; at < stop - 3; at++) to[end++] = from[at] === SPACE ? 0x54 : from[at]!; // T
  to[end++] = 0x5a; // Z
  to[end++] = QUOTE;
  return end;
}
