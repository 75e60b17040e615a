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

  constructor(private readonly fields: Field[]) {
    this.names = fields.map(({ name }) => name);
    this.parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID));
    this.empty = Object.fromEntries(this.names.map((name) => [name, null]));
  }

  /** For those whose rows go out as they are. */
  get json(): JsonShape {
    return (this.inJson ??= new JsonShape(this.fields));
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
