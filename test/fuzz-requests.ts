import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { mutated, mutation, pick, Values } from './fuzz-values.js';
import type { Free, Known, Mutation, Pick, ValueSchema } from './fuzz-values.js';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: ValueSchema;
}

interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: ValueSchema }> };
}

export interface FuzzDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, ValueSchema> };
}

/** Who may send a request, by the names of the world. */
export const PRINCIPALS = ['anonymous', 'Employee', 'lead', 'Manager', 'Admin', 'stranger', 'API key'] as const;
export type PrincipalName = (typeof PRINCIPALS)[number];

type Part = Pick | Free | string;

/** A request whose ids are chosen when it is sent. */
export interface Plan {
  principal: PrincipalName;
  method: string;
  /** With `{id}` for its parameters. */
  path: string;
  ids: Part[];
  /** Values may be open: a {@link Pick}, a {@link Free}. */
  query: [string, unknown][];
  headers: Record<string, string>;
  /** Undefined: no body at all. A buffer goes as it is. */
  body: { value: unknown } | Buffer | undefined;
  /** `fresh`: the ETag that was last seen of the record in the path. */
  ifMatch: string | undefined;
  /** How often it is sent at once. */
  copies: number;
}

const some = <T>(...weighted: [number, T][]): Arbitrary<T> =>
  fc.oneof(...weighted.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const ODD_IDS = [
  'not-a-uuid',
  '%00',
  '%zz',
  '%ff',
  '0',
  '-1',
  'null',
  '3F2B8C1E-6F0A-4C55-9D6E-1B2F7A9C4D10',
  '{id}',
  "'",
  '%2e%2e',
  '%F0%9F%98%80',
  'a'.repeat(300),
  '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10%20',
];

const ODD_QUERIES: [string, string][] = [
  ['limit', '0'],
  ['limit', '201'],
  ['limit', '1e2'],
  ['limit', ' 5'],
  ['limit', '99999999999999999999'],
  ['limit', ''],
  ['cursor', ''],
  ['cursor', 'a.b'],
  ['cursor', 'WzFd.AAAAAAAAAAAAAAAAAAAAAA'],
  ['cursor', '%00'],
  ['from', '2023-02-30'],
  ['from', '2026-03-02T08:00:00'],
  ['to', '1970-01-01'],
  ['asOf', '2199-12-31T00:00:00Z'],
  ['q', '%00'],
  ['q', '%ED%A0%80'],
  ['q', '%25'],
  ['__proto__', '1'],
  ['constructor', '1'],
  ['userId', ''],
  ['userId[]', '1'],
  ['format', 'csv'],
  ['unknown', '1'],
  ['', ''],
  ['a%00', '1'],
];

const RAW_BODIES = [
  '',
  ' ',
  'null',
  '[]',
  '"text"',
  '1',
  '{',
  '{"a":1',
  '{"a":1}{"b":2}',
  '{"name":"a","name":"b"}',
  '{"__proto__":{}}',
  '﻿{}',
  '{\u0000}',
  "{'a':1}",
  '{"a":NaN}',
  '['.repeat(5000) + ']'.repeat(5000),
  `{"name":"${'x'.repeat(1024 * 1024)}"}`,
].map((text) => Buffer.from(text));
const NOT_UTF8 = Buffer.from([0x7b, 0x22, 0x6e, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]);

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=latin1',
  'APPLICATION/JSON',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/merge-patch+json',
  '',
  'nonsense',
];

/** Requests to every operation below /api/v1, right and wrong ones. */
export class FuzzRequests {
  private readonly values: Values;
  readonly operations: { method: string; path: string; operation: Operation }[];

  constructor(document: FuzzDocument, known: Known) {
    this.values = new Values(document.components.schemas, known);
    this.operations = Object.entries(document.paths)
      .filter(([path]) => path.startsWith('/api/'))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
      );
  }

  /** A few requests after each other: later ones may name what earlier ones made. */
  sequence(): Arbitrary<Plan[]> {
    return fc.array(this.plan(), { minLength: 1, maxLength: 5 });
  }

  private plan(): Arbitrary<Plan> {
    return fc.constantFrom(...this.operations).chain((one) => this.planOf(one));
  }

  private planOf({ method, path, operation }: (typeof this.operations)[number]): Arbitrary<Plan> {
    const names = [...path.matchAll(/([^/]+)\/\{(\w+)\}/g)].map(([, segment]) => segment!);
    const contents = Object.values(operation.requestBody?.content ?? {});
    return fc.record({
      principal: some<PrincipalName>([6, 'Admin'], ...PRINCIPALS.map((name) => [1, name] as [number, PrincipalName])),
      method: fc.constant(method),
      path: fc.constant(path),
      ids: fc.tuple(
        ...names.map((segment) => fc.oneof({ weight: 9, arbitrary: pick(segment) }, { weight: 1, arbitrary: fc.constantFrom(...ODD_IDS) })),
      ),
      query: this.query(operation),
      headers: headers(method),
      body: this.body(contents[0]?.schema),
      ifMatch: operation.parameters?.some(({ name }) => name === 'If-Match')
        ? IF_MATCH
        : some<string | undefined>([9, undefined], [1, '"1"']),
      copies: some([14, 1], [1, 2], [1, 5]),
    });
  }

  private query({ parameters = [] }: Operation): Arbitrary<[string, unknown][]> {
    const known = parameters.filter((parameter) => parameter.in === 'query');
    const each = known.map(({ name, required, schema }) => {
      const value = this.values.of(schema, name).map((one) => [[name, one]] as [string, unknown][]);
      const odd = fc
        .constantFrom('', '%00', '%ED%A0%80', 'null', '-1', 'x'.repeat(300), '2026-02-30')
        .map((one) => [[name, one]] as [string, unknown][]);
      const twice = this.values.of(schema, name).map(
        (one) =>
          [
            [name, one],
            [name, one],
          ] as [string, unknown][],
      );
      return fc.oneof(
        { weight: required ? 0 : 12, arbitrary: fc.constant<[string, unknown][]>([]) },
        { weight: required ? 20 : 4, arbitrary: value },
        { weight: 1, arbitrary: odd },
        { weight: 1, arbitrary: twice },
      );
    });
    const extra = fc.oneof(
      { weight: 14, arbitrary: fc.constant<[string, unknown][]>([]) },
      { weight: 1, arbitrary: fc.constantFrom(...ODD_QUERIES).map((one) => [one] as [string, unknown][]) },
    );
    return fc.tuple(...each, extra).map((parts) => parts.flat());
  }

  private body(schema: ValueSchema | undefined): Arbitrary<Plan['body']> {
    const odd = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...RAW_BODIES) }, { weight: 1, arbitrary: fc.constant(NOT_UTF8) });
    if (!schema)
      return fc.oneof(
        { weight: 10, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constant({ value: { reason: 'x' } }) },
        { weight: 1, arbitrary: odd },
      );
    const value = this.values.of(schema);
    const wrong = fc
      .tuple(value, fc.array(mutation, { minLength: 1, maxLength: 3 }))
      .map(([right, mutations]) => ({ value: mutations.reduce((one: unknown, next: Mutation) => mutated(one, next), right) }));
    return fc.oneof(
      { weight: 8, arbitrary: value.map((right) => ({ value: right })) },
      { weight: 7, arbitrary: wrong },
      { weight: 1, arbitrary: odd },
    );
  }
}

const IF_MATCH = some<string | undefined>(
  [8, undefined],
  [4, 'fresh'],
  [1, '*'],
  [1, '"1"'],
  [1, '"999999999"'],
  [1, 'W/"1"'],
  [1, '1'],
  [1, ''],
  [1, '"1", "2"'],
  [1, '"99999999999999999999"'],
);

/** A header that is seldom there. */
const maybe = (weight: number, name: string, ...values: string[]): Arbitrary<Record<string, string>> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant({}) },
    { weight, arbitrary: fc.constantFrom(...values).map((value) => ({ [name]: value })) },
  );

function headers(method: string): Arbitrary<Record<string, string>> {
  return fc
    .tuple(
      method === 'GET' ? fc.constant({}) : maybe(2, 'content-type', ...CONTENT_TYPES),
      method === 'POST' ? maybe(6, 'idempotency-key', 'a', 'b', 'c', 'd', '', ' ', 'é', 'x'.repeat(255), 'x'.repeat(256)) : fc.constant({}),
      maybe(2, 'if-none-match', '"1"', '*', 'W/"1"', 'nonsense', '"1", "2"', ''),
      maybe(2, 'accept', 'text/csv', 'application/zip', 'application/xml', '*/*;q=0', ''),
      maybe(1, 'x-request-id', 'trace-1', 'a b', 'x'.repeat(200), '<script>'),
      maybe(1, 'authorization', '', 'Bearer', 'Bearer x', 'Basic eDp5', 'Bearer ncy8_x', 'bearer  ', `Bearer ${'y'.repeat(5000)}`),
    )
    .map((parts) => Object.assign({}, ...parts) as Record<string, string>);
}
