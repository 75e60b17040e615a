import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEMS } from '#core';
import { VERSION } from '../version.js';

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
};

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
/** What the access declaration of a route leaves on its operation. */
type Permitted = Operation & { 'x-permission'?: string; 'x-permission-for-more'?: string[] };
type Parameter = NonNullable<Operation['parameters']>[number];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The OpenAPI document, made from the routes: each with its permission and every status that it may answer. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('NCY_8')
    .setDescription(
      'Working time: companies, people, roles, teams, leave, timesheets with approvals and a history that stands up in court.',
    )
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', description: 'An access token, or an API key (`ncy8_…`).' });
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] ? [{ path, method, operation: item[method] }] : [])),
  );
  for (const { path, method, operation } of operations) complete(path, method, operation);
  const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
  document.tags = Object.entries(TAGS).flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : []));
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  return document;
}

/** @param more the permissions with which one reaches beyond what is one's own */
function everySignedIn(more: string[]): string {
  return more.length === 0 ? 'Every signed-in user.' : `Every signed-in user; more with ${more.map((name) => `\`${name}\``).join(' or ')}.`;
}

/** What follows from the conventions and is therefore not repeated at each route. */
function complete(path: string, method: (typeof METHODS)[number], operation: Operation): void {
  const { 'x-permission': permission, 'x-permission-for-more': more = [] } = operation as Permitted;
  operation.security ??= [];
  if (permission && operation.security.length > 0) {
    operation.description = [
      operation.description,
      permission === 'signed in' ? everySignedIn(more) : `Needs the permission \`${permission}\`.`,
    ]
      .filter(Boolean)
      .join(' ');
  }
  const isChange = method !== 'get';
  const hasVersion = isChange && (path.includes('{') || path.includes('/company'));
  if (hasVersion) (operation.parameters ??= []).push(IF_MATCH);
  if (method === 'post' && operation.security.length > 0) (operation.parameters ??= []).push(IDEMPOTENCY_KEY);
  const statuses = [
    400,
    ...(operation.security.length > 0 ? [401, 403] : [401, 403]),
    ...(path.includes('{') ? [404] : []),
    ...(isChange ? [409] : []),
  ];
  if (hasVersion) statuses.push(412);
  if (['post', 'put', 'patch'].includes(method)) statuses.push(413, 415);
  if (method === 'post' && operation.security.length > 0) statuses.push(422);
  for (const status of [...statuses, 429, 503]) operation.responses[status] ??= problemResponse(status);
}

function problemResponse(status: number) {
  const [code, { title }] = Object.entries(PROBLEMS).find(([, problem]) => problem.status === status)!;
  const example = {
    type: `/docs/problems#${code}`,
    title,
    status,
    detail: title,
    instance: '/api/v1/…',
    code,
    requestId: '9b2f6c1e-0d0a-4c7e-9f51-6f0c1f6f8a11',
  };
  return { description: title, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example } } };
}

const IF_MATCH: Parameter = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'The ETag that you read; answers 412 when the record has changed since.',
  schema: { type: 'string', example: '"3"' },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Makes a repeat safe: the same key answers the first answer again for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255, example: '7f1c6a52-1f7e-4b57-8a2c-0c8a3b5b9f7d' },
};

const PROBLEM = {
  type: 'object' as const,
  description: 'RFC 9457. Every `code` is explained at /docs/problems.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri-reference', example: '/docs/problems#validation_failed' },
    title: { type: 'string', example: 'The request is not valid' },
    status: { type: 'integer', example: 400 },
    detail: { type: 'string', example: 'The request is not valid' },
    instance: { type: 'string', example: '/api/v1/timesheets' },
    code: { type: 'string', enum: Object.keys(PROBLEMS), example: 'validation_failed' },
    requestId: { type: 'string', example: '9b2f6c1e-0d0a-4c7e-9f51-6f0c1f6f8a11' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', example: '/durationMin' },
          detail: { type: 'string', example: 'must be a whole number from 0 to 1440' },
        },
      },
    },
  },
};
