import type { DataRow } from './data-row.js';
import { IN_BINARY } from './json-binary.js';
import type { InJson } from './json-binary.js';
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
/** Text in which nothing is to be escaped. */
const PLAIN = 5;

const KINDS: Record<number, number> = {
  [OID.bool]: TRUTH,
  [OID.int2]: AS_IS,
  [OID.int4]: AS_IS,
  [OID.int8]: AS_IS,
  [OID.json]: AS_IS,
  [OID.jsonb]: AS_IS,
  [OID.timestamptz]: INSTANT,
  [OID.date]: PLAIN,
  [OID.uuid]: PLAIN,
};

interface Column {
  /** All that comes before the value. */
  before: DataView;
  kind: number;
  parse: (text: string) => unknown;
  /** For what comes as bytes of PostgreSQL's own. */
  binary: InJson | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);
const viewOfText = (text: string): DataView => viewOf(Buffer.from(text));
const NULL = viewOfText('null');
const TRUE = viewOfText('true');
const FALSE = viewOfText('false');
/** No byte becomes more than six (`\u0000`), and no value more than six times itself with the four bytes of its length. */
const LONGEST = 6;
/** Of each control character, quote and backslash what JSON writes. */
const ESCAPED = Array.from({ length: BACKSLASH + 1 }, (_, byte) => viewOfText(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)));

/** How the rows of one statement look in JSON. A column named `actionCode.code` is `code` of an object `actionCode`, with those beside it. */
export class JsonShape {
  private readonly columns: Column[];
  private readonly close: DataView;
  /** Bytes that a row has beside its values, at most. */
  private readonly around: number;

  /** @param isBinary of the types in {@link IN_BINARY} come bytes, not texts */
  constructor(fields: Field[], isBinary = false) {
    let object = '';
    this.columns = fields.map(({ name, dataTypeID }, index) => {
      const [own = '', within = ''] = name.split('.').toReversed();
      const isSame = within === object;
      const before = `${index === 0 ? '{' : object && !isSame ? '},' : ','}${within && !isSame ? `"${within}":{` : ''}"${own}":`;
      object = within;
      const parse = parserOf(dataTypeID);
      const binary = isBinary ? IN_BINARY[dataTypeID] : undefined;
      return { before: viewOfText(before), kind: KINDS[dataTypeID] ?? (isText(parse) ? TEXT : PARSED), parse, binary };
    });
    this.close = viewOfText(object ? '}}' : '}');
    this.around = this.columns.reduce((sum, { before }) => sum + before.byteLength + NULL.byteLength, this.close.byteLength);
  }

  /** The row in JSON, made from PostgreSQL's bytes. */
  row({ bytes, offset, length }: DataRow): string {
    const from = latest.bytes === bytes ? latest.view : (latest = { bytes, view: viewOf(bytes) }).view;
    const most = this.around + LONGEST * length;
    const isLarge = most > SCRATCH.length;
    const made = isLarge ? Buffer.allocUnsafeSlow(most) : SCRATCH;
    const to = isLarge ? viewOf(made) : SCRATCH_VIEW;
    let end = 0;
    let at = offset + 2; // behind the number of columns
    for (const { before, kind, parse, binary } of this.columns) {
      end = all(before, to, end);
      const size = from.getInt32(at);
      const start = at + 4;
      at = start + Math.max(0, size);
      if (size < 0) end = all(NULL, to, end);
      else if (binary) end = binary(from, start, to, end);
      else if (kind === PLAIN) end = plain(from, start, at, to, end);
      else if (kind === INSTANT) end = instant(from, start, at, to, end);
      else if (kind === TEXT) end = quoted(from, start, at, to, end);
      else if (kind === AS_IS) end = copy(from, start, at, to, end);
      else if (kind === TRUTH) end = all(from.getUint8(start) === 0x74 ? TRUE : FALSE, to, end);
      else end += made.write(JSON.stringify(parse(bytes.toString('utf8', start, at))), end);
    }
    return made.toString('utf8', 0, all(this.close, to, end));
  }
}

/** Where a row is made; copied out of it before anything else happens. A row that finds no room has a place of its own. */
const SCRATCH = Buffer.allocUnsafeSlow(65_536);
const SCRATCH_VIEW = viewOf(SCRATCH);
/** Most rows come in one piece with the row before. */
let latest: { bytes: Buffer; view: DataView } = { bytes: SCRATCH, view: SCRATCH_VIEW };

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

// Each writes to `to` from `end` on, and tells where it ended. Four bytes at a time: a call for a few bytes would take longer than they do.

const all = (from: DataView, to: DataView, end: number): number => copy(from, 0, from.byteLength, to, end);

function copy(from: DataView, start: number, stop: number, to: DataView, end: number): number {
  let at = start;
  for (; at <= stop - 4; at += 4, end += 4) to.setInt32(end, from.getInt32(at));
  for (; at < stop; at++) to.setUint8(end++, from.getUint8(at));
  return end;
}

function plain(from: DataView, start: number, stop: number, to: DataView, end: number): number {
  to.setUint8(end, QUOTE);
  const behind = copy(from, start, stop, to, end + 1);
  to.setUint8(behind, QUOTE);
  return behind + 1;
}

function quoted(from: DataView, start: number, stop: number, to: DataView, end: number): number {
  to.setUint8(end++, QUOTE);
  for (let at = start; at < stop; at++) {
    const byte = from.getUint8(at);
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) end = all(ESCAPED[byte]!, to, end);
    else to.setUint8(end++, byte);
  }
  to.setUint8(end++, QUOTE);
  return end;
}

/** `2026-03-02 08:00:00+00`, as PostgreSQL prints it in UTC, becomes `2026-03-02T08:00:00Z`. */
function instant(from: DataView, start: number, stop: number, to: DataView, end: number): number {
  const behind = plain(from, start, stop - 2, to, end);
  for (let at = end + 1; at < behind; at++) if (to.getUint8(at) === SPACE) to.setUint8(at, 0x54); // T
  to.setUint8(behind - 2, 0x5a); // Z, for the sign of +00
  return behind;
}
