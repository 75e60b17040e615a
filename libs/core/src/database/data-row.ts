import { Parser } from 'pg-protocol/dist/parser.js';

/** The driver's parser, of which one method is taken over. */
const Driver = Parser as unknown as new () => {
  parse(bytes: Buffer, then: (message: Message) => void): void;
  handlePacket(offset: number, code: number, length: number, bytes: Buffer): Message;
};

export interface Message {
  name: string;
}

const DATA_ROW = 0x44; // `D`
/** UTF-8 has no 0xFF, but the length of a null (-1) has. */
const BEYOND_ASCII = /[\x80-\xFE]/;

/** A row as it comes: behind the number of its columns the text of each, behind its length. */
export class DataRow {
  readonly name = 'dataRow';

  /** @param length of the message, its own four bytes counted */
  constructor(
    readonly bytes: Buffer,
    readonly offset: number,
    readonly length: number,
  ) {}

  /** The text of each column. Read as one and cut: one by one, as the driver reads them, they take twice as long. */
  get fields(): (string | null)[] {
    const { bytes, offset, length } = this;
    const all = bytes.toString('latin1', offset, offset + length - 4);
    const isAscii = !BEYOND_ASCII.test(all);
    const fields: (string | null)[] = [];
    for (let [left, at] = [bytes.readInt16BE(offset), 2]; left > 0; left--) {
      const start = at + 4;
      const size = bytes.readInt32BE(offset + at);
      at = start + Math.max(0, size);
      if (size < 0) fields.push(null);
      else fields.push(isAscii ? all.slice(start, at) : bytes.toString('utf8', offset + start, offset + at));
    }
    return fields;
  }
}

/** Reads what PostgreSQL says. */
export class ProtocolParser extends Driver {
  override handlePacket(offset: number, code: number, length: number, bytes: Buffer): Message {
    return code === DATA_ROW ? new DataRow(bytes, offset, length) : super.handlePacket(offset, code, length, bytes);
  }
}
