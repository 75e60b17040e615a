import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import type { AnySchemaObject, ErrorObject, Format, ValidateFunction } from 'ajv';
import type { FormatName } from 'ajv-formats';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Answer } from './answer.js';

const { fullFormats } = createRequire(import.meta.url)('ajv-formats/dist/formats.js') as { fullFormats: Record<FormatName, Format> };

/** What we read of the document: OpenAPI 3.0. */
interface Content {
  schema?: AnySchemaObject;
  examples?: Record<string, unknown>;
}
interface Header {
  $ref?: string;
  required?: boolean;
}
interface Response {
  content?: Record<string, Content>;
  headers?: Record<string, Header>;
}
interface Operation {
  operationId: string;
  responses: Record<string, Response>;
}
export interface Documented {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, AnySchemaObject>; headers?: Record<string, Header> };
}

/** Headers that tell a client something of its answer: where the document does not name one of them, it is a fault. */
const TELLING = [
  'content-disposition',
  'etag',
  'idempotent-replayed',
  'location',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'www-authenticate',
  'x-request-id',
];

const PREFIX = '/api/v1/';
const PROBLEM = 'application/problem+json';
/** The document tells of one line, as `x-item-schema`. */
const LINES = 'application/x-ndjson';

/** A request and what was answered, to be held against the document. */
export interface Exchange {
  method: string;
  /** Whole, with its query. */
  url: string;
  answer: Answer;
}

/**
 * The document of a running application as a judge of its answers: operation, status, content type, problem code and body, in which a
 * field that the document does not name is a fault too. Each schema is compiled once, when it is first needed.
 */
export class DocumentedAnswers {
  private readonly ajv = new Ajv({ strict: false, formats: { ...fullFormats, binary: true, int32: true, int64: true } });
  private readonly routes = new Map<string, { segments: string[]; operation: Operation; path: string }[]>();
  private readonly compiled = new Map<object, ValidateFunction>();
  private readonly headers: Record<string, Header>;

  constructor(document: Documented) {
    this.headers = document.components.headers ?? {};
    const $defs = Object.fromEntries(Object.entries(document.components.schemas).map(([name, schema]) => [name, closed(schema)]));
    this.ajv.addSchema({ $id: 'document', $defs });
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, segments: path.split('/'), operation })),
    );
    // what is fixed goes before what is a parameter
    for (const { method, ...route } of operations.toSorted((a, b) => parameters(a.path) - parameters(b.path))) {
      const key = `${method.toUpperCase()} ${route.segments.length}`;
      this.routes.set(key, [...(this.routes.get(key) ?? []), route]);
    }
  }

  /** What of an answer is not as documented, in a few words; undefined when all is. */
  fault({ method, url, answer }: Exchange): string | undefined {
    const path = url.split('?', 1)[0]!;
    const route = this.route(method, path);
    if (!route && !path.startsWith(PREFIX)) return undefined;
    const fault = route ? this.faultOf(route.operation, path, answer) : unknownFault(answer);
    return fault && `${method} ${route?.path ?? path} ${answer.status}: ${fault}`;
  }

  /** The operation that a request meets. */
  route(method: string, path: string): { operation: Operation; path: string } | undefined {
    const segments = path.split('/');
    return this.routes
      .get(`${method} ${segments.length}`)
      ?.find((route) =>
        route.segments.every((segment, index) => segment === segments[index] || (segment.startsWith('{') && segments[index] !== '')),
      );
  }

  private faultOf(operation: Operation, path: string, { status, body, headers }: Answer): string | undefined {
    if (status === 500) return undefined; // no promise: some specs break the server on purpose
    const response = operation.responses[status];
    if (!response) return `the status is not documented${code(body)}`;
    const header = this.headerFault(response, status, headers);
    if (header) return header;
    const type = headers['content-type']?.split(';', 1)[0] ?? '';
    if (!response.content) return body === '' || body === undefined ? undefined : `a body (${type}) where none is documented`;
    const content = response.content[type];
    if (!content) return `the content type '${type}' is not documented`;
    if (type !== LINES && !/[/+]json$/.test(type)) return undefined;
    const schema = type === LINES ? (content.schema?.['x-item-schema'] as AnySchemaObject | undefined) : content.schema;
    if (schema) {
      const validate = this.validator(schema);
      for (const value of type === LINES ? valuesOf(body as string) : [body]) if (!validate(value)) return inWords(validate.errors?.[0]);
    }
    return type === PROBLEM ? problemFault(content, path, status, body, headers) : undefined;
  }

  private headerFault({ headers: named = {} }: Response, status: number, sent: Answer['headers']): string | undefined {
    const names = Object.keys(named);
    const missing = names.find((name) => this.isRequired(named[name]!) && !sent[name.toLowerCase()]);
    if (missing) return `the header ${missing} is missing`;
    const known = new Set(names.map((name) => name.toLowerCase()));
    // how many requests are left goes along with every answer, and is documented where one looks for it
    const unknown = TELLING.find((name) => sent[name] && !known.has(name) && (status < 400 || !name.startsWith('ratelimit-')));
    return unknown && `the header ${unknown} is not documented`;
  }

  private isRequired({ $ref, required }: Header): boolean {
    return ($ref ? this.headers[$ref.split('/').at(-1)!]!.required : required) ?? false;
  }

  private validator(schema: AnySchemaObject): ValidateFunction {
    let validate = this.compiled.get(schema);
    if (!validate) {
      validate = this.ajv.compile(closed(schema));
      this.compiled.set(schema, validate);
    }
    return validate;
  }
}

const valuesOf = (lines: string): unknown[] => lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));

const parameters = (path: string): number => path.split('{').length;

const code = (body: unknown): string => {
  const found = (body as { code?: unknown } | null)?.code;
  return typeof found === 'string' ? ` (${found})` : '';
};

/** No operation: the answer says just that. */
function unknownFault({ status, headers }: Answer): string | undefined {
  return status >= 400 && headers['content-type']?.startsWith(PROBLEM) ? undefined : 'there is no such operation in the document';
}

interface ProblemBody {
  status: number;
  code: string;
  type: string;
  instance: string;
  requestId: string;
  errors?: { pointer: string }[];
}

function problemFault(
  { examples = {} }: Content,
  path: string,
  status: number,
  body: ProblemBody,
  headers: Answer['headers'],
): string | undefined {
  if (!Object.hasOwn(examples, body.code)) return `the code ${body.code} is not documented here`;
  if (body.status !== status) return `its body says ${body.status}`;
  if (body.type !== `/docs/problems#${body.code}`) return `the type ${body.type} is not that of ${body.code}`;
  // what cannot be decoded is answered as it was encoded anew
  if (body.instance.replaceAll('%25', '%') !== path.replaceAll('%25', '%')) return `the instance ${body.instance} is not its path`;
  if (body.requestId !== headers['x-request-id']) return 'the request ids differ';
  const odd = body.errors?.find(({ pointer }) => !/^(\/([^~/]|~[01])*)*$/s.test(pointer));
  return odd && `${odd.pointer} is no JSON pointer`;
}

function inWords(error: ErrorObject | undefined): string {
  if (!error) return 'the body is not as documented';
  const more = (error.params as { additionalProperty?: string }).additionalProperty;
  return `body${error.instancePath} ${more ? `has '${more}', which is not documented` : `${error.message ?? ''} ${JSON.stringify(error.params)}`}`;
}

/** A schema of OpenAPI 3.0 as JSON Schema, in which objects have no fields but those that are named. */
export function closed(schema: AnySchemaObject): AnySchemaObject {
  const { nullable, example: _, discriminator: __, allOf, ...rest } = schema as Record<string, AnySchemaObject> & { nullable?: boolean };
  const [only, ...others] = (allOf ?? []) as unknown as AnySchemaObject[];
  if (others.length > 0) throw new Error('allOf of several schemas: their fields cannot be closed one by one');
  if (only) return orNull(closed(only), nullable);
  if (rest.$ref) return orNull({ $ref: `document#/$defs/${(rest.$ref as unknown as string).split('/').at(-1)}` }, nullable);
  const parts = {
    ...rest,
    ...(rest.properties ? { properties: mapValues(rest.properties as Record<string, AnySchemaObject>, closed) } : {}),
    ...(rest.items ? { items: closed(rest.items) } : {}),
    ...(rest.anyOf ? { anyOf: (rest.anyOf as unknown as AnySchemaObject[]).map(closed) } : {}),
    ...(rest.oneOf ? { oneOf: (rest.oneOf as unknown as AnySchemaObject[]).map(closed) } : {}),
    ...(isSchema(rest.additionalProperties) ? { additionalProperties: closed(rest.additionalProperties) } : {}),
    ...((rest.type as unknown) === 'object' && rest.additionalProperties === undefined ? { additionalProperties: false } : {}),
  };
  return orNull(parts, nullable);
}

const isSchema = (value: unknown): value is AnySchemaObject => typeof value === 'object' && value !== null;

const mapValues = <T, U>(object: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

const orNull = (schema: AnySchemaObject, nullable: boolean | undefined): AnySchemaObject =>
  nullable ? { anyOf: [schema, { type: 'null' }] } : schema;

const judges = new WeakMap<NestFastifyApplication, Promise<DocumentedAnswers | undefined>>();
const byText = new Map<string, DocumentedAnswers>();

/** The judge of an application's answers; undefined for one without a document. */
function documentedAnswers(app: NestFastifyApplication): Promise<DocumentedAnswers | undefined> {
  let judge = judges.get(app);
  if (!judge) judges.set(app, (judge = read(app)));
  return judge;
}

async function read(app: NestFastifyApplication): Promise<DocumentedAnswers | undefined> {
  const { statusCode, payload } = await app.inject('/openapi.json');
  if (statusCode !== 200) return undefined;
  let judge = byText.get(payload);
  if (!judge) byText.set(payload, (judge = new DocumentedAnswers(JSON.parse(payload) as Documented)));
  return judge;
}

/** @throws when the answer is not what the document of its application says */
export async function expectDocumented(app: NestFastifyApplication, exchange: Exchange): Promise<void> {
  const fault = (await documentedAnswers(app))?.fault(exchange);
  if (fault) throw new Error(`not as documented: ${fault}`);
}
