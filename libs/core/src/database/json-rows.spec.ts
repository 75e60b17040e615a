import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataRow } from './data-row.js';
import { JsonRows, JsonShape } from './json-rows.js';
import { RowShape } from './row-shape.js';
import { OID } from './statement.js';

const ANY_TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', '\\', '\n\u0000\u001F', 'x'.repeat(3000)),
);
/** What PostgreSQL prints of each type. */
const TEXTS: [oid: number, text: fc.Arbitrary<string>][] = [
  [OID.text, ANY_TEXT],
  [2950, fc.uuid()],
  [OID.bool, fc.constantFrom('t', 'f')],
  [OID.int4, fc.integer().map(String)],
  [OID.int8, fc.maxSafeInteger().map(String)],
  [OID.numeric, fc.constantFrom('0', '1.50', '-12.000', 'NaN')],
  [701, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)],
  [OID.date, fc.constantFrom('2026-03-02', '0044-03-15 BC')],
  [OID.timestamptz, fc.constantFrom('2026-03-02 08:00:00+00', '2026-03-02 08:00:00.123456+00')],
  [OID.jsonb, fc.json()],
  [1009, fc.constantFrom('{}', '{a,NULL,"b c"}', `{"${'"\\\\'.repeat(40).replaceAll('"', '\\"')}"}`)], // text[]
];

const column = fc
  .record({ of: fc.constantFrom(...TEXTS), name: fc.constantFrom('a', 'b', 'c.d', 'c.e') })
  .chain(({ of: [dataTypeID, text], name }) =>
    fc.tuple(fc.constant({ dataTypeID, name }), fc.infiniteStream(fc.option(text, { nil: null, freq: 8 }))),
  );
const columns = fc.uniqueArray(column, { minLength: 1, maxLength: 4, selector: ([{ name }]) => name });

function message(row: (string | null)[]): DataRow {
  const fields = row.map((text) => {
    const bytes = Buffer.from(text ?? '');
    const length = Buffer.alloc(4);
    length.writeInt32BE(text === null ? -1 : bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const bytes = Buffer.concat([Buffer.from('before'), Buffer.from([0, row.length]), ...fields, Buffer.from('behind')]);
  return new DataRow(bytes, 6, bytes.length - 12 + 4);
}

/** As the driver's way gives them: an object for each row. */
function objects(fields: { name: string; dataTypeID: number }[], rows: (string | null)[][]): unknown[] {
  return new RowShape(fields).rows(rows).map((row) => {
    const { 'c.d': d, 'c.e': e, ...flat } = row;
    const within = { ...('c.d' in row ? { d } : {}), ...('c.e' in row ? { e } : {}) };
    return Object.keys(within).length > 0 ? { ...flat, c: within } : flat;
  });
}

it('are the JSON of the objects that they would be', () => {
  fc.assert(
    fc.property(columns, fc.nat(60), fc.nat(60), fc.option(fc.base64String()), (picked, many, limit, cursor) => {
      const fields = picked.map(([field]) => field).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const texts = picked.toSorted(([a], [b]) => (a.name < b.name ? -1 : 1)).map(([, stream]) => [...stream.take(many)]);
      const rows = Array.from({ length: many }, (_, index) => texts.map((values) => values[index]!));
      const json = new JsonRows(new JsonShape(fields));
      for (const row of rows) json.add(message(row));
      const wanted = JSON.parse(JSON.stringify(objects(fields, rows))) as unknown[];
      expect(json).toHaveLength(many);
      expect(rows.map((_, index) => json.row(index))).toEqual(wanted);
      expect(JSON.parse(json.page(limit, cursor))).toEqual({ items: wanted.slice(0, limit), nextCursor: cursor });
    }),
    { numRuns: 300 },
  );
});

it('keep what PostgreSQL printed: not a number more or less, and their columns in order', () => {
  const fields = [
    { name: 'n', dataTypeID: OID.int8 },
    { name: 'code.id', dataTypeID: OID.text },
    { name: 'code.name', dataTypeID: OID.text },
    { name: 'last', dataTypeID: OID.text },
  ];
  const json = new JsonRows(new JsonShape(fields));
  json.add(message(['9007199254740993', 'x', null, 'Grüße "𝛑"\t\u0001']));
  expect(json.page(1, null)).toBe(
    '{"items":[{"n":9007199254740993,"code":{"id":"x","name":null},"last":"Grüße \\"𝛑\\"\\t\\u0001"}],"nextCursor":null}',
  );
});

it('have room for a row of any size, and beside it', () => {
  const TEXT_ARRAY = 1009;
  const fields = [
    { name: 'long', dataTypeID: OID.text },
    { name: 'list', dataTypeID: TEXT_ARRAY },
    { name: 'short', dataTypeID: OID.text },
  ];
  const long = '\u0001'.repeat(70_000);
  const list = Array<string>(70_000).fill('"');
  const json = new JsonRows(new JsonShape(fields));
  json.add(message([long, `{${list.map((quote) => `"\\${quote}"`).join(',')}}`, 'x']));
  json.add(message(['short', null, 'y']));
  expect(json.row(0)).toEqual({ long, list, short: 'x' });
  expect(json.row(1)).toEqual({ long: 'short', list: null, short: 'y' });
});
