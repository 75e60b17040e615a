import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

/** A schema of the document, as far as values are made from it. */
export interface ValueSchema {
  $ref?: string;
  allOf?: ValueSchema[];
  anyOf?: ValueSchema[];
  type?: string;
  format?: string;
  nullable?: boolean;
  enum?: unknown[];
  example?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, ValueSchema>;
  required?: string[];
  items?: ValueSchema;
}

/** An id that is chosen when the request is sent: of those that earlier answers gave, of one's own company or of the other. */
export class Pick {
  constructor(
    readonly name: string,
    readonly place: number,
    readonly whose: 'own' | 'other' | 'nobody',
  ) {}
}

/** A free text; who sends it marks it as of their company. */
export class Free {
  constructor(
    readonly text: string,
    readonly maxLength: number,
  ) {}
}

/** Mostly one's own: a request with several ids would else never be right. */
export const pick = (name: string): Arbitrary<Pick> =>
  fc
    .tuple(fc.nat({ max: 999 }), fc.nat({ max: 19 }))
    .map(([place, n]) => new Pick(name, place, n === 18 ? 'other' : n === 19 ? 'nobody' : 'own'));

const DAYS = ['2026-03-02', '2026-03-03', '2026-03-05', '2026-03-08', '2026-03-09', '2026-04-01', '1970-01-01', '2199-12-31', '2024-02-29'];
const TIMES = ['T08:00:00Z', 'T09:30:00+01:00', 'T12:00:59.999Z', 'T23:59:00-11:00', 'T00:00:00.123456789Z'];
const ZONES = ['Europe/Berlin', 'UTC', 'America/St_Johns', 'Pacific/Apia', 'Asia/Katmandu'];
const TEXTS = [
  'Text',
  'a',
  ' a ',
  '👩‍👩‍👧‍👦',
  'שלום‮abc',
  'Ａ',
  'ǅ',
  '=1+1',
  `"'\\`,
  '%_',
  '{}',
  "'; --",
  '<b>',
  'x'.repeat(255),
  '𝒳'.repeat(255),
];

/** Text of any length up to the limit, unusual characters included. */
const text = (maxLength: number): Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...TEXTS.filter((one) => Array.from(one).length <= maxLength)) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(maxLength, 40) }) },
    { weight: 1, arbitrary: fc.constant('y'.repeat(maxLength)) },
  );

/** By the name of a field, what is worth sending: a password that is right, a zone that exists. */
export type Known = Record<string, Arbitrary<unknown>>;

/** Makes values that fit a schema, their ids and texts still open. */
export class Values {
  constructor(
    private readonly schemas: Record<string, ValueSchema>,
    private readonly known: Known,
  ) {}

  resolve(schema: ValueSchema): ValueSchema {
    if (schema.$ref) return this.resolve(this.schemas[schema.$ref.split('/').at(-1)!]!);
    const [first] = schema.allOf ?? schema.anyOf ?? [];
    return first ? { ...this.resolve(first), nullable: schema.nullable } : schema;
  }

  of(given: ValueSchema, name = ''): Arbitrary<unknown> {
    const schema = this.resolve(given);
    const value = this.known[name] ?? this.plain(schema, name);
    return schema.nullable ? fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }) : value;
  }

  private plain(schema: ValueSchema, name: string): Arbitrary<unknown> {
    const { type, format, maxLength = 255, example } = schema;
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if (format === 'uuid') return pick(name);
    if (format === 'date') return fc.constantFrom(...DAYS);
    if (format === 'date-time') return fc.tuple(fc.constantFrom(...DAYS), fc.constantFrom(...TIMES)).map((parts) => parts.join(''));
    if (type === 'boolean') return fc.boolean();
    if (type === 'integer' || type === 'number') return number(schema);
    if (type === 'array') return this.list(schema, name);
    if (type === 'object') return this.object(schema);
    if (/zone/i.test(name)) return fc.constantFrom(...ZONES);
    const free = text(maxLength).map((one) => new Free(one, maxLength));
    return example === undefined ? free : fc.oneof(fc.constant(typeof example === 'string' ? example : free), free);
  }

  private list({ items = {}, minItems = 0, maxItems = 5 }: ValueSchema, name: string): Arbitrary<unknown> {
    const most = Math.min(maxItems, Math.max(minItems, 3));
    return fc.array(this.of(items, name), { minLength: minItems, maxLength: most });
  }

  /** Time is told in minutes of a day or as a span: by chance alone the fields of one and not of the other are hardly ever sent. */
  private object(schema: ValueSchema): Arbitrary<unknown> {
    const { properties: { startedAt, endedAt, timezone: _, timesheetId: __, ...minutes } = {}, required = [] } = schema;
    if (!startedAt || !endedAt || !minutes.day || !required.includes('actionCodeId')) return this.record(schema);
    return fc.oneof(this.record(schema), this.record({ properties: minutes, required: [...required, 'day', 'durationMin'] }));
  }

  private record({ properties = {}, required = [] }: ValueSchema): Arbitrary<unknown> {
    const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, this.of(schema, name)]));
    const due = required.filter((name) => name in fields);
    return fc.record(fields, { requiredKeys: due, noNullPrototype: true });
  }
}

function number({ type, minimum = -1000, maximum = 100_000, example }: ValueSchema): Arbitrary<unknown> {
  const inside =
    type === 'integer'
      ? fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31 - 1) })
      : fc.double({ min: minimum, max: maximum, noNaN: true });
  return fc.oneof(fc.constantFrom(minimum, maximum, example ?? minimum), inside);
}

const deep = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 ? { a: value } : [value];
  return value;
};

/** JSON that is not what JSON.stringify would write: numbers too large for a double, keys that would touch a prototype. */
export class Raw {
  constructor(readonly json: string) {}
}

/** What no field takes, or only few: of a wrong type, beyond every bound, in characters that cannot be stored. */
export const HOSTILE: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  0,
  -1,
  -0,
  1.5,
  1441,
  2 ** 31,
  2 ** 53,
  Number.MAX_VALUE,
  new Raw('1e400'),
  new Raw('-1e400'),
  new Raw(`1${'0'.repeat(400)}`),
  [],
  {},
  [null],
  [[]],
  'a\0b',
  '\0',
  '\ud800',
  'x\udfff',
  '‮',
  '👩‍👩‍👧‍👦'.repeat(100),
  '﻿',
  '\n',
  'x'.repeat(256),
  'x'.repeat(4001),
  'x'.repeat(100_000),
  '𝒳'.repeat(256),
  '2023-02-30',
  '2026-3-2',
  '0000-00-00',
  '9999-12-31',
  '2026-03-02T25:00:00Z',
  '2026-03-02T08:00:00',
  'infinity',
  'now',
  'NaN',
  '00000000-0000-0000-0000-000000000000',
  'not-a-uuid',
  'Europe/Nowhere',
  'constructor',
  '__proto__',
  Array.from({ length: 501 }, () => 'x'),
  Array.from({ length: 1001 }, () => 1),
  Array.from({ length: 501 }, (_, index) => ({ index })),
  deep(20),
  deep(33),
  deep(200),
  new Raw('{"__proto__":{"admin":true}}'),
  new Raw('{"constructor":{"prototype":{"admin":true}}}'),
  { $gt: '' },
  { toString: 1, valueOf: 1, length: -1 },
];

/** Fields that no route takes. */
export const EXTRA = ['companyId', 'version', 'id', 'passwordHash', 'isAnonymized', 'toString', 'a/b~c', '', '\0', '\ud800', 'é'] as const;

/** One thing that is wrong with a value: at one of its nodes. */
export interface Mutation {
  node: number;
  kind: 'replace' | 'remove' | 'extra';
  value: number;
}

export const mutation: Arbitrary<Mutation> = fc.record({
  node: fc.nat({ max: 9999 }),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'extra'),
  value: fc.nat({ max: 9999 }),
});

type Place = { parent: Record<string, unknown>; key: string };

/** The value with that wrong in it. */
export function mutated(value: unknown, { node, kind, value: chosen }: Mutation): unknown {
  const root = { value: copy(value) };
  const places = nodes(root);
  const { parent, key } = places[node % places.length]!;
  if (kind === 'replace') parent[key] = HOSTILE[chosen % HOSTILE.length];
  else if (kind === 'remove' && parent !== root) delete parent[key];
  else if (isPlain(parent[key])) parent[key][EXTRA[chosen % EXTRA.length]!] = HOSTILE[chosen % HOSTILE.length];
  return root.value;
}

function nodes(parent: Record<string, unknown>): Place[] {
  return Object.keys(parent).flatMap((key) => {
    const inner = parent[key];
    return [{ parent, key }, ...(isPlain(inner) || Array.isArray(inner) ? nodes(inner as Record<string, unknown>) : [])];
  });
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isOpen(value);

const isOpen = (value: unknown): boolean => value instanceof Pick || value instanceof Free || value instanceof Raw;

/** Open ids and texts are shared, all else is new. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)])) : value;
}

/** JSON of a value, with what cannot be said in JavaScript as it is written. */
export function toJson(value: unknown, settle: (open: Pick | Free) => string): string {
  if (value instanceof Raw) return value.json;
  if (value instanceof Pick || value instanceof Free) return JSON.stringify(settle(value));
  if (Array.isArray(value)) return `[${value.map((item) => toJson(item, settle)).join(',')}]`;
  if (isPlain(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${toJson(item, settle)}`)
      .join(',')}}`;
  return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? 'null');
}
