import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Parser } from 'pg-protocol/dist/parser.js';
import { ProtocolParser } from './data-row.js';

type Row = (string | null)[];

function message(row: Row): Buffer {
  const fields = row.map((text) => {
    const bytes = Buffer.from(text ?? '');
    const length = Buffer.alloc(4);
    length.writeInt32BE(text === null ? -1 : bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const head = Buffer.from('D......');
  const body = Buffer.concat(fields);
  head.writeInt32BE(6 + body.length, 1);
  head.writeInt16BE(row.length, 5);
  return Buffer.concat([head, body]);
}

/** What a parser reads, to which the bytes come in pieces. */
function read(parser: { parse(bytes: Buffer, then: (message: object) => void): void }, bytes: Buffer, size: number): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < bytes.length; at += size)
    parser.parse(Buffer.from(bytes.subarray(at, at + size)), (found) => rows.push((found as { fields: Row }).fields));
  return rows;
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('x'.repeat(200)), fc.constant('ÿ'.repeat(70)));

it('reads any rows as the driver does, in whatever pieces they come', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.option(text, { nil: null }))), fc.nat(64), (rows, size) => {
      const bytes = Buffer.concat(rows.map(message));
      const found = read(new ProtocolParser(), bytes, size + 1);
      expect(found).toEqual(read(new Parser(), bytes, bytes.length + 1));
      expect(found).toHaveLength(rows.length);
    }),
    { numRuns: 500 },
  );
});

it('reads what is written', () => {
  const row = ['', null, '0', 'Grüße', '日本', '\u0000\u007F\u0080ÿ', '𝛑', 'x'.repeat(300)];
  expect(read(new ProtocolParser(), message(row), 1000)).toEqual([row]);
});
