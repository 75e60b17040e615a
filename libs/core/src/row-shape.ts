import { parserOf } from './statement.js';

export interface Field {
  name: string;
  dataTypeID: number;
}

type Value = string | null;

/** How the rows of one statement look: its columns and what becomes of their texts. */
export class RowShape {
  private readonly empty: Record<string, unknown>;
  private readonly names: string[];
  private readonly parsers: ((text: string) => unknown)[];

  constructor(fields: Field[]) {
    this.names = fields.map(({ name }) => name);
    this.parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID));
    this.empty = Object.fromEntries(this.names.map((name) => [name, null]));
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
