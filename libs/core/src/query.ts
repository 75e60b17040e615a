/**
 * A list's statement put together from fixed pieces: `?` in a condition becomes the next parameter. `$1` is the company.
 * Nothing of a client ever becomes part of the text.
 */
export class Query {
  readonly values: unknown[] = [];
  private text: string;

  constructor(base: string, values: unknown[] = []) {
    this.text = base;
    this.values.push(...values);
  }

  /** Adds a condition unless its value is undefined. */
  and(condition: string, ...values: unknown[]): this {
    if (values.some((value) => value === undefined)) return this;
    let next = 0;
    this.text += ` AND (${condition.replace(/\?/g, () => this.bind(values[next++]))})`;
    return this;
  }

  /** Goes on behind a key. All columns in one direction, so that one row comparison (and the index) does it. */
  after(columns: string[], direction: '>' | '<', key: unknown[] | undefined): this {
    return key ? this.and(`(${columns.join(', ')}) ${direction} (${columns.map(() => '?').join(', ')})`, ...key) : this;
  }

  /** Ends with order and one row more than the limit, which tells whether there is another page. */
  page(order: string, limit: number): { text: string; values: unknown[] } {
    return { text: `${this.text} ORDER BY ${order} LIMIT ${this.bind(limit + 1)}`, values: this.values };
  }

  private bind(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length + 1}`;
  }
}
