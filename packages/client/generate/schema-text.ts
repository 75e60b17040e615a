/** Of a schema of OpenAPI 3.0, what our document uses. */
export interface Schema {
  $ref?: string;
  type?: string;
  description?: string;
  nullable?: boolean;
  enum?: (string | null)[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

interface Content {
  content?: Record<string, { schema: Schema }>;
}

interface Operation {
  summary: string;
  description?: string;
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const JSON_TYPE = 'application/json';

/**
 * packages/client/src/schema.ts: the document as types, with its sentences as doc comments. Flat, because the client looks up one route by
 * method and path; what all routes share (problems, `If-Match`, `Idempotency-Key`) the client knows.
 */
export function schemaText({ paths, components: { schemas } }: Document): string {
  const operations = METHODS.map((method) => ({
    method,
    routes: Object.entries(paths).flatMap(([path, item]) => (item[method] ? [{ path, operation: item[method] }] : [])),
  }));
  const unkept = operations
    .find(({ method }) => method === 'post')!
    .routes.filter(({ operation }) => !operation.parameters?.some(({ name }) => name === 'Idempotency-Key'));
  return `${[
    '// Made from docs/openapi.json by `npm run client`.',
    ...Object.entries(schemas).map(([name, schema]) => `${comment(schema.description, '')}${declaration(name, typeText(schema))}`),
    `/** By method and path: what a route takes, and what it answers. */\nexport interface Routes {\n${operations.map(({ method, routes }) => `  ${method}: {\n${routes.map(({ path, operation }) => routeText(path, operation, schemas)).join('\n')}\n  };`).join('\n')}\n}`,
    `/** POST routes whose answer is never kept, so that a repeat would act twice: they carry secrets. */\nexport const UNKEPT: readonly string[] = [\n${unkept.map(({ path }) => `  '${path}',`).join('\n')}\n];`,
  ].join('\n\n')}\n`;
}

const declaration = (name: string, text: string): string =>
  text.startsWith('{') ? `export interface ${name} ${text}` : `export type ${name} = ${text};`;

function routeText(
  path: string,
  { summary, description, parameters = [], requestBody, responses }: Operation,
  schemas: Document['components']['schemas'],
): string {
  const members = ['path', 'query'].flatMap((place) => {
    const list = parameters.filter((parameter) => parameter.in === place);
    if (list.length === 0) return [];
    const properties = Object.fromEntries(list.map(({ name, description: text, schema }) => [name, { description: text, ...schema }]));
    const required = list.filter((parameter) => parameter.required).map(({ name }) => name);
    return [`${place}${mark(required.length > 0)}: ${typeText({ type: 'object', properties, required }, '      ')}`];
  });
  const body = requestBody?.content?.[JSON_TYPE]?.schema;
  if (body) members.push(`body${mark(needsSomething(body, schemas))}: ${typeText(body, '      ')}`);
  return `${comment([summary, description].filter(Boolean).join('. '), '    ')}    '${path}': {
${[...members, `answer: ${answerText(responses)}`].map((line) => `      ${line};`).join('\n')}
    };`;
}

/** Else the body may be left out: an empty one counts as none. */
function needsSomething(body: Schema, schemas: Document['components']['schemas']): boolean {
  const { required = [] } = body.$ref ? (schemas[nameOf(body.$ref)] ?? {}) : body;
  return required.length > 0;
}

const nameOf = ($ref: string): string => $ref.replace('#/components/schemas/', '');

/** Of every success in JSON; nothing where there is none. */
function answerText(responses: Record<string, Content>): string {
  const types = Object.entries(responses).flatMap(([status, { content = {} }]) => {
    if (!status.startsWith('2')) return [];
    const answer = content[JSON_TYPE];
    if (answer) return [typeText(answer.schema, '      ')];
    return Object.keys(content).length > 0 ? [] : ['undefined'];
  });
  return [...new Set(types)].join(' | ') || 'undefined';
}

const mark = (isRequired: boolean): string => (isRequired ? '' : '?');

function comment(text: string | undefined, indent: string): string {
  return text ? `${indent}/** ${text.replaceAll('*/', '*\\/').replaceAll('\n', ' ')} */\n` : '';
}

function typeText(schema: Schema, indent = ''): string {
  const text = bareText(schema, indent);
  return schema.nullable && !schema.enum?.includes(null) ? `${text} | null` : text;
}

function bareText(schema: Schema, indent: string): string {
  const { $ref, type, items, properties, required = [], additionalProperties, allOf, anyOf, oneOf } = schema;
  const several = anyOf ?? oneOf;
  if ($ref) return nameOf($ref);
  if (allOf) return allOf.map((part) => typeText(part, indent)).join(' & ');
  if (several) return several.map((part) => typeText(part, indent)).join(' | ');
  if (schema.enum) return schema.enum.map((value) => (value === null ? 'null' : `'${value}'`)).join(' | ');
  if (type === 'array') return listText(typeText(items ?? {}, indent));
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'string' || type === 'boolean') return type;
  if (type === 'object' && properties) return objectText(properties, required, indent);
  if (type === 'object')
    return `Record<string, ${typeof additionalProperties === 'object' ? typeText(additionalProperties, indent) : 'unknown'}>`;
  if (Object.keys(schema).every((key) => ['description', 'example', 'nullable', 'default'].includes(key))) return 'unknown';
  throw new Error(`no type is known for ${JSON.stringify(schema)}`);
}

const listText = (item: string): string => (/ [|&] /.test(item) ? `(${item})[]` : `${item}[]`);

function objectText(properties: Record<string, Schema>, required: string[], indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(
    ([name, schema]) =>
      `${comment(schema.description, inner)}${inner}${/^[\w$]+$/.test(name) ? name : `'${name}'`}${mark(required.includes(name))}: ${typeText(schema, inner)};`,
  );
  return lines.length > 0 ? `{\n${lines.join('\n')}\n${indent}}` : 'Record<string, never>';
}
