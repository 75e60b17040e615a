/**
 * SQL: whether a column is among what a select gives. The select is run once, and an index finds its rows: as `IN`, a plan made for any company may
 * run it again for each row.
 */
export const among = (column: string, select: string): string => `${column} = ANY (ARRAY(${select}))`;

/**
 * A statement put together from fixed pieces: `?` in a condition becomes the next parameter. `$1` is the company.
 * Nothing of a client ever becomes part of the text.
 */
export class Query {
  readonly values: unknown[] = [];
  private text: string;
  private owners?: { alias: string; from: string };

  constructor(base: string, values: unknown[] = []) {
    this.text = base;
    this.values.push(...values);
  }

  /** Adds a condition unless its value is undefined. */
  and(condition: string, ...values: unknown[]): this {
    if (values.some((value) => value === undefined)) return this;
    this.text += ` AND (${this.filled(condition, values)})`;
    return this;
  }

  /**
   * Asks for the rows of each owner by themselves, so that of none more are read than a page.
   * @param alias the table's in the base @param from owners, as conditions name them
   */
  ofEach(alias: string, from: string, ...values: unknown[]): this {
    this.owners = { alias, from: this.filled(from, values) };
    return this;
  }

  /** Goes on behind a key. All columns in one direction, so that one row comparison (and the index) does it. */
  after(columns: string[], direction: '>' | '<', key: unknown[] | undefined): this {
    return key ? this.and(`(${columns.join(', ')}) ${direction} (${columns.map(() => '?').join(', ')})`, ...key) : this;
  }

  /** Ends with order and one row more than the limit, which tells whether there is another page. */
  page(order: string, limit: number): { text: string; values: unknown[] } {
    const end = `ORDER BY ${order} LIMIT ${this.bind(limit + 1)}`;
    const page = `${this.text} ${end}`;
    const { owners, values } = this;
    if (!owners) return { text: page, values };
    return { text: `SELECT ${owners.alias}.* FROM ${owners.from} CROSS JOIN LATERAL (${page}) ${owners.alias} ${end}`, values };
  }

  /** Ends with all that stands behind the conditions; `?` in it becomes the next parameter. */
  end(rest: string, ...values: unknown[]): { text: string; values: unknown[] } {
    return { text: `${this.text} ${this.filled(rest, values)}`, values: this.values };
  }

  private filled(text: string, values: unknown[]): string {
    let next = 0;
    return text.replace(/\?/g, () => this.bind(values[next++]));
  }

  private bind(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length + 1}`;
  }
}
