import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import type { AnySchemaObject, Format } from 'ajv';
import { PROBLEMS } from '#core';
import { Cast, kindOf, kindsOf, withIds } from '../../../test/access-matrix.js';
import { ApiDocument } from '../../../test/api-document.js';
import { closed } from '../../../test/documented-answers.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { documents } from './generate/documents.js';
import { routesOf } from './routes.js';

let server: TestServer;
let generated: Record<string, string>;

beforeAll(async () => {
  server = await startTestServer();
  generated = await documents(server.app, (text) => server.sql(text));
});
afterAll(() => server.stop());

it.each(['schema.txt', 'data-map.md', 'permissions.md', 'openapi.json'])('docs/%s is what is generated (else: npm run docs)', (name) => {
  expect(readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8')).toBe(generated[name]);
});

interface Example {
  $ref?: string;
  value?: { code: string; status: number; type: string; title: string; errors?: { pointer: string }[]; conflictsWith?: string[] };
}
interface Operation {
  operationId?: string;
  summary?: string;
  'x-permission'?: string;
  parameters?: { name: string; in: string; schema: Leaf }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Leaf; example: object }> };
  responses: Record<string, { description?: string; content?: Record<string, { schema: object; examples?: Record<string, Example> }> }>;
}

interface Leaf {
  $ref?: string;
  example?: unknown;
  format?: string;
  enum?: (string | null)[];
  maximum?: number;
  properties?: Record<string, Leaf>;
  items?: Leaf;
  allOf?: Leaf[];
  anyOf?: Leaf[];
  oneOf?: Leaf[];
}

/** What tools write where nobody thought of an example. */
const FILLERS = new Set<unknown>(['string', 'text', 'example', 'foo', 'bar', 'test', '']);

/** Needs no body. */
const ITS_OWNER_ALONE = 'POST /api/v1/leave-requests/:id/cancel';

const { fullFormats } = createRequire(import.meta.url)('ajv-formats/dist/formats.js') as { fullFormats: Record<string, Format> };
const ajv = new Ajv({ strict: false, formats: { ...fullFormats, int32: true, int64: true } });

/** Whether the example of a schema is one of what it describes. */
const fits = (schema: Leaf): boolean => ajv.compile(closed(schema as AnySchemaObject))(schema.example) as boolean;

describe('the OpenAPI document', () => {
  let document: {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, Leaf>; examples: Record<string, Example> };
  };
  let operations: { name: string; operation: Operation }[];
  beforeAll(() => {
    document = JSON.parse(generated['openapi.json']!) as typeof document;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
  });

  /** The codes that an operation documents, each with the status under which it does. */
  const codesOf = ({ responses }: Operation): [status: number, code: string, example: Example][] =>
    Object.entries(responses).flatMap(([status, { content }]) =>
      Object.entries(content?.['application/problem+json']?.examples ?? {}).map(([code, example]): [number, string, Example] => [
        Number(status),
        code,
        example.$ref ? document.components.examples[example.$ref.split('/').at(-1)!]! : example,
      ]),
    );

  const offers = (name: string, header: string): boolean =>
    operations.find((one) => one.name === name)!.operation.parameters?.some((parameter) => parameter.name === header) ?? false;

  /** What an operation tells of a conflict: the place of its first fault, and with how many records. */
  const conflicts = (name: string, code: string) => {
    const found = codesOf(operations.find((one) => one.name === name)!.operation).find((one) => one[1] === code)?.[2].value;
    return [found?.errors?.[0]?.pointer, found?.conflictsWith?.length];
  };

  it('says of every answer what it is', () => {
    const silent = operations.flatMap(({ name, operation }) =>
      Object.entries(operation.responses).flatMap(([status, { description }]) => (description?.trim() ? [] : [`${name} ${status}`])),
    );
    expect(silent).toEqual([]);
  });

  it('has every route, and no other', () => {
    const names = routesOf(server.app).map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it('says of each operation what it is, who may call it, and gives every parameter an example', () => {
    const poor = operations.flatMap(({ name, operation: { operationId, summary, parameters = [], ...operation } }) => [
      ...(operationId && summary && operation['x-permission'] ? [] : [name]),
      ...parameters.filter(({ schema }) => schema.example === undefined && !schema.$ref).map((parameter) => `${name} ${parameter.name}`),
    ]);
    expect(poor).toEqual([]);
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it('gives every field of a body and of an answer an example that fits, and none that only fills', () => {
    const schemas = Object.entries(document.components.schemas).map(([name, schema]) => [name, closed(schema)]);
    ajv.addSchema({ $id: 'document', $defs: Object.fromEntries(schemas) as object });
    const poor: string[] = [];
    const walk = (name: string, schema: Leaf): void => {
      for (const part of [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) walk(name, part);
      for (const [field, part] of Object.entries(schema.properties ?? {})) walk(`${name}.${field}`, part);
      if (schema.items && schema.example === undefined) walk(`${name}[]`, schema.items);
      const isMadeOfParts = schema.$ref ?? schema.allOf ?? schema.anyOf ?? schema.oneOf ?? schema.properties ?? schema.items;
      if (schema.example === undefined && (isMadeOfParts || schema.enum || schema.format === 'binary')) return;
      if (schema.example === undefined || FILLERS.has(schema.example) || !fits(schema)) poor.push(name);
    };
    for (const [name, schema] of Object.entries(document.components.schemas)) walk(name, schema);
    for (const { name, operation } of operations) {
      const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((part) =>
        Object.entries(part?.content ?? {}),
      );
      for (const [type, { schema }] of contents) walk(`${name} ${type}`, schema as Leaf);
    }
    expect(poor).toEqual([]);
  });

  it('gives every body an example that the route takes, and says whether one must be sent', async () => {
    const [{ admin, ids }, asked] = await Promise.all([Cast.of(server), ApiDocument.of(server.anybody)]);
    const wrong: string[] = [];
    let bodies = 0;
    for (const route of routesOf(server.app)) {
      const operation = asked.operation(route);
      const example = operation && asked.body(operation, (name) => ids[kindOf(name)]);
      if (!example) continue;
      bodies++;
      const name = `${route.method} ${route.path}`;
      const path = withIds(
        route.path,
        kindsOf(route.path).map((kind) => ids[kind]),
      );
      const [whole, none] = [await admin.send(route.method as 'POST', path, example), await admin.send(route.method as 'POST', path)];
      if (whole.status === 400) wrong.push(`${name}: ${JSON.stringify(whole.body.errors)}`);
      if ((none.status === 400) !== (operation.requestBody!.required || name === ITS_OWNER_ALONE)) wrong.push(`${name} without a body`);
    }
    expect(wrong).toEqual([]);
    expect(bodies).toBeGreaterThan(30);
  });

  it('names each list of values that several schemas have', () => {
    const lists = Object.entries(document.components.schemas).flatMap(([name, { properties = {} }]: [string, Leaf]) =>
      Object.entries(properties).flatMap(([field, { items, enum: values = items?.enum }]) =>
        values && values.length > 1 ? [{ place: `${name}.${field}`, values: values.filter((value) => value !== null).join() }] : [],
      ),
    );
    expect(lists.filter(({ place, values }) => lists.some((other) => other.place !== place && other.values === values))).toEqual([]);
  });

  it('says of whole numbers that they do not fit in 32 bits', () => {
    const tooLarge: string[] = [];
    const walk = (name: string, schema: Leaf): void => {
      if (schema.maximum !== undefined && schema.maximum >= 2 ** 31 && schema.format !== 'int64') tooLarge.push(name);
      for (const [field, part] of Object.entries(schema.properties ?? {})) walk(`${name}.${field}`, part);
    };
    for (const [name, schema] of Object.entries(document.components.schemas)) walk(name, schema);
    expect(tooLarge).toEqual([]);
  });

  it('names ids in the order of the path, before query and headers', () => {
    const places = ['path', 'query', 'header'];
    for (const { name, operation } of operations) {
      const parameters = operation.parameters ?? [];
      expect(parameters).toEqual(parameters.toSorted((a, b) => places.indexOf(a.in) - places.indexOf(b.in)));
      const ids = [...name.matchAll(/\{(\w+)\}/g)].map(([, id]) => id);
      expect(parameters.slice(0, ids.length).map((parameter) => parameter.name)).toEqual(ids);
    }
  });

  it('lets null through where it says so: neither a list of values nor a reference beside it forbids it', () => {
    const forbidding: string[] = [];
    const walk = (name: string, schema: Leaf & { nullable?: boolean }): void => {
      if (schema.nullable && (schema.allOf ?? schema.$ref ?? schema.enum?.includes(null) === false)) forbidding.push(name);
      for (const [field, part] of Object.entries(schema.properties ?? {})) walk(`${name}.${field}`, part);
    };
    for (const [name, schema] of Object.entries(document.components.schemas)) walk(name, schema);
    expect(forbidding).toEqual([]);
  });

  it('knows the problem codes of the one list, and /docs/problems explains just these', async () => {
    const codes = Object.keys(PROBLEMS).toSorted();
    expect(new Set(document.components.schemas.ProblemCode!.enum)).toEqual(new Set(codes));
    const { body } = await server.anybody.get('/docs/problems');
    const explained = [...(body as string).matchAll(/<tr id="(\w+)"/g)].map(([, code]) => code!);
    expect(explained.toSorted()).toEqual(codes);
  });

  it('gives each code the status of the list, with an example that says the same', () => {
    const wrong = operations.flatMap(({ name, operation }) =>
      codesOf(operation)
        .filter(([status, code, { value }]) => {
          const { status: due, title } = PROBLEMS[code as keyof typeof PROBLEMS] ?? {};
          const said = [value?.status, value?.code, value?.title, value?.type];
          return status !== due || JSON.stringify(said) !== JSON.stringify([due, code, title, `/docs/problems#${code}`]);
        })
        .map(([status, code]) => `${name} ${status} ${code}`),
    );
    expect(wrong).toEqual([]);
  });

  it('tells the conflicts of a batch by entry, and those of one entry as a whole', () => {
    const [one, batch] = ['POST /api/v1/timesheet-entries', 'POST /api/v1/timesheet-entries/batch'];
    expect([conflicts(one, 'entry_overlap'), conflicts(batch, 'entry_overlap')]).toEqual([
      [undefined, 1],
      ['/entries/3/startedAt', undefined],
    ]);
    for (const code of ['day_full', 'timesheet_locked', 'outside_period', 'action_code_inactive'])
      expect([conflicts(one, code), conflicts(batch, code)]).toEqual([
        [undefined, undefined],
        [expect.stringMatching(/^\/entries\/3\//), undefined],
      ]);
  });

  it('promises nobody who is not signed in to tell which ids there are', () => {
    const open = operations.filter(({ operation }) => operation['x-permission'] === 'public');
    expect(open.length).toBeGreaterThan(5);
    expect(
      open.flatMap(({ name, operation }) => (codesOf(operation).some(([, code]) => code === 'unknown_reference') ? [name] : [])),
    ).toEqual([]);
  });

  it('has no refusal without a code, and no code that no operation answers', () => {
    const bare = operations.flatMap(({ name, operation }) =>
      Object.keys(operation.responses)
        .filter(() => name.includes(' /api/')) // the others refuse nothing: they tell that something is down
        .filter((status) => Number(status) >= 400 && !codesOf(operation).some(([own]) => own === Number(status)))
        .map((status) => `${name} ${status}`),
    );
    expect(bare).toEqual([]);
    const answered = new Set(operations.flatMap(({ operation }) => codesOf(operation).map(([, code]) => code)));
    // a fault of ours is nobody's promise
    expect(Object.keys(PROBLEMS).filter((code) => !answered.has(code) && code !== 'internal_error')).toEqual([]);
  });

  it('offers safe repeats where an answer is kept, and If-Match where it is looked at', () => {
    expect(offers('POST /api/v1/teams', 'Idempotency-Key')).toBe(true);
    for (const name of ['POST /api/v1/api-keys', 'POST /api/v1/auth/login', 'POST /api/v1/companies', 'POST /api/v1/me/calendar-token'])
      expect([name, offers(name, 'Idempotency-Key')]).toEqual([name, false]);
    expect(offers('PATCH /api/v1/teams/{id}', 'If-Match')).toBe(true);
    expect(offers('DELETE /api/v1/auth/sessions/{id}', 'If-Match')).toBe(false);
  });
});
