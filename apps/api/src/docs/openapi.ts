import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Access } from '#rbac';
import { routesOf } from '../routes.js';
import { VERSION } from '../version.js';
import { completeBody } from './openapi-bodies.js';
import { withNames } from './openapi-names.js';
import { documentProblems, PROBLEM, takesVersion } from './openapi-problems.js';
import type { DocumentedRoute } from './openapi-problems.js';

/** All that a generated package tells of what its methods share. */
const ABOUT = `Working time: companies, people, roles, teams, leave, timesheets with approvals and a history that stands up in court.

- \`Authorization: Bearer\` takes the access token of \`POST /api/v1/auth/login\`, or an API key.
- Every refusal is a \`Problem\`: its \`code\` is stable, its \`errors\` name what is wrong by field. Fields and parameters that a route does not know are refused.
- Lists come in pages: ask again with \`cursor\`, the \`nextCursor\` of the page before, until that is null.
- \`If-Match\` with the ETag that you read keeps a change from overwriting another. \`Idempotency-Key\` makes a POST safe to repeat.
- \`X-Request-Id\`, made where you send none, comes back with every answer and stands in the server's log.
- CSV and ZIP come by \`Accept\` or \`format\`. A generated method, which expects the JSON, cannot read them: take the raw answer.`;

const TAGS = {
  'Sign-in': 'Sessions, passwords, invitations.',
  People: 'Users, and who one is.',
  Roles: 'Roles and their permissions.',
  'API keys': 'Keys for programs.',
  Company: 'The company, its settings and holidays.',
  Teams: 'Teams, their members and leads.',
  Tasks: 'What is to be done.',
  Leave: 'Leave requests and absences.',
  'Action codes': 'What time is booked on.',
  Timesheets: 'The periods that people hand in.',
  'Timesheet entries': 'Time worked.',
  'Timesheet approvals': 'Submitting, deciding, reopening.',
  History: 'What happened to timesheets, provably.',
  Reports: 'Sums of working time.',
  Privacy: 'Export, anonymisation, retention, logs.',
  Operations: 'For load balancers and monitoring, beside the API.',
};

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = NonNullable<Operation['parameters']>[number];
type Components = NonNullable<OpenAPIObject['components']>;
type Schema = NonNullable<Components['schemas']>[string];
type Response = Exclude<NonNullable<Operation['responses'][string]>, { $ref: string }>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The OpenAPI document, made from the routes: each with its permission and every status that it may answer. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('NCY_8')
    .setDescription(ABOUT)
    .setExternalDoc('Every problem code, what it means and what to do', '/docs/problems')
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', description: 'An access token, or an API key (`ncy8_…`).' });
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  delete document.info.contact; // an empty one
  const components: Components = (document.components ??= {});
  components.schemas = { ...components.schemas, Problem: PROBLEM as Schema };
  components.headers = { ...components.headers, ...HEADERS };
  const routes = new Map(routesOf(app).map(({ method, path, access }) => [`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`, access]));
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] ? [{ path, method, operation: item[method] }] : [])),
  );
  const versioned = new Set(operations.flatMap(({ path, operation }) => (takesVersion(operation) ? [path] : [])));
  for (const { path, method, operation } of operations) {
    const access = routes.get(`${method.toUpperCase()} ${path}`);
    if (!access) throw new Error(`${method} ${path} does not say who may call it`);
    const isNeverKept = take(operation, 'x-never-kept');
    const isAlwaysWhole = take(operation, 'x-always-whole');
    complete({ path, method, operation, access, isNeverKept, isAlwaysWhole }, components, versioned.has(path));
  }
  const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
  document.tags = Object.entries(TAGS).flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : []));
  return withNames(document);
}

/** What `@NeverKept()` and `@AlwaysWhole()` left, which nobody else needs. */
function take(
  operation: Operation & { 'x-never-kept'?: boolean; 'x-always-whole'?: boolean },
  mark: 'x-never-kept' | 'x-always-whole',
): boolean {
  const isMarked = operation[mark] === true;
  delete operation[mark];
  return isMarked;
}

/** Who may call an operation, in a sentence or two. */
function whoMay(access: Access): string {
  if (access.kind === 'public') return '';
  return access.sessionOnly ? `${whichUsers(access)} Not with an API key.` : whichUsers(access);
}

function whichUsers(access: Exclude<Access, { kind: 'public' }>): string {
  const names = (access.kind === 'own' ? access.or : access.permissions).map((name) => `\`${name}\``);
  if (access.kind === 'permission') return `Needs the permission${names.length > 1 ? 's' : ''} ${names.join(' and ')}.`;
  if (access.guarded) return `Every signed-in user for oneself; for others it needs ${names.join(' or ')}.`;
  return names.length === 0 ? 'Every signed-in user.' : `Every signed-in user; more with ${names.join(' or ')}.`;
}

/**
 * What follows from the conventions and is therefore not repeated at each route.
 * @param isVersioned what is there is changed with `If-Match`, and so read with an ETag
 */
function complete(route: DocumentedRoute, components: Components, isVersioned: boolean): void {
  const { path, method, operation, access, isNeverKept, isAlwaysWhole } = route;
  operation.security ??= [];
  const isSignedIn = operation.security.length > 0;
  if (isSignedIn) operation.description = [operation.description, whoMay(access)].filter(Boolean).join(' ');
  const isRepeatable = method === 'post' && isSignedIn && !isNeverKept;
  if (isRepeatable) (operation.parameters ??= []).push(IDEMPOTENCY_KEY);
  completeBody(operation, components.schemas ?? {});
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || !('description' in response)) continue;
    response.description ||= ANSWERS[status] ?? '';
    const version = versionOf(response, components) ?? ((method === 'get' || method === 'put') && isVersioned ? 'always' : undefined);
    const isDryRun = status === '200' && operation.responses['201'] !== undefined;
    response.headers = headersOf(status, response, isRepeatable && !isDryRun, version);
    if (method === 'get' && version && !isAlwaysWhole) addConditional(operation);
  }
  if (operation.parameters) operation.parameters = inOrder(operation.parameters, path);
  for (const parameter of operation.parameters ?? []) {
    byComma(parameter);
    giveExample(parameter);
  }
  if (path.startsWith('/api/')) documentProblems(route, components);
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response && 'description' in response) response.headers = { ...response.headers, ...sharedHeaders(status, isSignedIn) };
  }
}

const PLACES = ['path', 'query', 'header'];

/** Generated methods take them in this order: ids as the path has them, not as decorators are applied. */
function inOrder(parameters: Parameter[], path: string): Parameter[] {
  const rank = (one: Parameter): number => ('in' in one ? PLACES.indexOf(one.in) * path.length + path.indexOf(`{${one.name}}`) : 0);
  return parameters.toSorted((a, b) => rank(a) - rank(b));
}

/** A list in a query goes by comma: a parameter given twice is refused. */
function byComma(parameter: Parameter): void {
  if ('schema' in parameter && parameter.schema && 'items' in parameter.schema) Object.assign(parameter, { style: 'form', explode: false });
}

/** What a client would send: ids in a path say nothing of themselves, and a cursor comes from the page before. */
function giveExample(parameter: Parameter): void {
  if (!('schema' in parameter) || !parameter.schema || '$ref' in parameter.schema || parameter.schema.example !== undefined) return;
  parameter.schema.example =
    parameter.in === 'path' ? '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10' : 'mV4xq0Zr9cGx2kL7dNwT5Q.q7mBzq0cQ0mVj0V2k9Q1Aw';
}

/** The headers that follow from what is in an answer. */
function headersOf(status: string, response: Response, isRepeatable: boolean, version: Versioned): Response['headers'] {
  if (!status.startsWith('2')) return response.headers;
  return {
    ...(FILES.some((type) => response.content?.[type]) ? { 'Content-Disposition': ATTACHMENT } : {}),
    ...response.headers,
    ...(version ? { ETag: { ...ETAG, required: version === 'always' } } : {}),
    ...(status === '201' && version === 'always' ? { Location: LOCATION } : {}),
    ...(isRepeatable ? { 'Idempotent-Replayed': REPLAYED } : {}),
  };
}

/** The headers that do not depend on the route. What is left is told with what went well, and where nothing is. */
function sharedHeaders(status: string, isSignedIn: boolean): Response['headers'] {
  const names: (keyof typeof HEADERS)[] = ['X-Request-Id'];
  if (status === '401') names.push('WWW-Authenticate');
  if (status === '429' || (isSignedIn && status < '400')) names.push('RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset');
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** A read of what the client may still have. */
function addConditional(operation: Operation): void {
  (operation.parameters ??= []).push(IF_NONE_MATCH);
  operation.responses['304'] ??= { description: 'It is still what `If-None-Match` names.', headers: { ETag: ETAG } };
}

type Versioned = 'always' | 'sometimes' | undefined;

/** Whether the record of an answer carries its version: of some views only one does. */
function versionOf(response: Response | undefined, { schemas = {} }: Components): Versioned {
  const schema = response?.content?.['application/json']?.schema;
  if (!schema) return undefined;
  const resolve = (one: Schema): Schema => ('$ref' in one ? resolve(schemas[one.$ref.split('/').at(-1)!]!) : one);
  const has = (one: Schema) => {
    const found = resolve(one);
    const version = 'properties' in found && found.properties?.version;
    return version && 'type' in version && version.type === 'integer';
  };
  if (has(schema)) return 'always';
  return 'anyOf' in schema && schema.anyOf?.some(has) ? 'sometimes' : undefined;
}

/** What an answer is where its route says nothing more of it. */
const ANSWERS: Record<string, string> = {
  200: 'What was asked for, or the record as it is now.',
  201: 'What was made.',
  202: 'Taken in: it goes on after the answer.',
  204: 'Done; there is nothing more to tell.',
};

const ETAG = { description: 'The version of the record, for `If-Match`.', schema: { type: 'string', example: '"3"' } };

const LOCATION = {
  description: 'Where the record is.',
  required: true,
  schema: { type: 'string', format: 'uri-reference', example: '/api/v1/teams/3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10' },
};

/** Types of answers that are for a disk. */
const FILES = ['text/csv', 'application/zip', 'application/x-ndjson'];

const ATTACHMENT = {
  description: 'The name of the file; not with JSON.',
  schema: { type: 'string', example: 'attachment; filename="time.csv"' },
};

const count = (description: string, example: number) => ({ description, schema: { type: 'integer', example } });

const HEADERS = {
  'X-Request-Id': {
    description: 'The one that was sent, where it is sane; else a new one. The log has it too.',
    required: true,
    schema: { type: 'string', example: '9b2f6c1e-0d0a-4c7e-9f51-6f0c1f6f8a11' },
  },
  'WWW-Authenticate': {
    description: 'With `error` where a token was sent that is no good.',
    required: true,
    schema: { type: 'string', example: 'Bearer error="invalid_token"' },
  },
  'RateLimit-Limit': count(
    'Requests in a minute, failures before a lock, or invitations in an hour. Nothing is sent where requests are not limited.',
    3000,
  ),
  'RateLimit-Remaining': count('How many of them are left.', 2999),
  'RateLimit-Reset': count('Seconds until they are counted anew.', 42),
};

const REPLAYED = {
  description: 'The first answer again, to a repeat under the same `Idempotency-Key`.',
  schema: { type: 'string', enum: ['true'], example: 'true' },
};

const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag that you have; answers 304 while it is still that.',
  schema: { type: 'string', example: '"3"' },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Makes a repeat safe: the same key answers the first answer again for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]*$', example: '7f1c6a52-1f7e-4b57-8a2c-0c8a3b5b9f7d' },
};
