import { IN_BINARY } from './json-binary.js';
import { JsonShape } from './json-rows.js';
import { parserOf } from './statement.js';
import type { Field } from './statement.js';

type Value = string | null;

/** How the rows of one statement look: its columns and what becomes of their texts. */
export class RowShape {
  private readonly empty: Record<string, unknown>;
  private readonly names: string[];
  private readonly parsers: ((text: string) => unknown)[];
  private inJson?: JsonShape;
  private inBinary?: { shape: JsonShape; formats: Buffer };

  constructor(private readonly fields: Field[]) {
    this.names = fields.map(({ name }) => name);
    this.parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID));
    this.empty = Object.fromEntries(this.names.map((name) => [name, null]));
  }

  /** For those whose rows go out as they are. */
  get json(): JsonShape {
    return (this.inJson ??= new JsonShape(this.fields));
  }

  /** The same for a statement that is told beforehand, by the `formats` behind its values, which columns shall come as bytes. */
  get binary(): { shape: JsonShape; formats: Buffer } {
    return (this.inBinary ??= { shape: new JsonShape(this.fields, true), formats: formatsOf(this.fields) });
  }

  rows(values: Value[][]): Record<string, unknown>[] {
    return values.map((row) => this.row(row));
  }

  private row(values: Value[]): Record<string, unknown> {
    const row = { ...this.empty }; // all columns at once: adding them one by one costs more than filling them
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value !== null) row[this.names[index]!] = this.parsers[index]!(value!);
    }
    return row;
  }
}

/** As the protocol's Bind message ends: how many columns, and of each 1 for binary, 0 for text. */
function formatsOf(fields: Field[]): Buffer {
  const codes = [fields.length, ...fields.map(({ dataTypeID }) => (IN_BINARY[dataTypeID] ? 1 : 0))];
  return Buffer.from(Uint8Array.from(codes.flatMap((code) => [code >> 8, code & 255])));
}
