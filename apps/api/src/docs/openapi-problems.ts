import type { OpenAPIObject } from '@nestjs/swagger';
import { OWN_PROBLEMS, PROBLEMS } from '#core';
import type { FieldFault, ProblemCode } from '#core';
import type { Access } from '#rbac';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Components = NonNullable<OpenAPIObject['components']>;
type Schema = Extract<NonNullable<Components['schemas']>[string], { type?: unknown }>;

/** An operation, and what its route says of itself. */
export interface DocumentedRoute {
  path: string;
  method: string;
  operation: Operation;
  access: Access;
  /** Its answer is never kept for a safe repeat. */
  isNeverKept: boolean;
  isAlwaysWhole: boolean;
}

const ID = '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10';

/** Members that a problem has besides those of all. */
const MORE: Partial<Record<ProblemCode, object>> = {
  unknown_reference: { errors: [{ pointer: '/approverIds/0', detail: 'names nothing here' }] },
  password_too_weak: { errors: [{ pointer: '/newPassword', detail: 'is a common password', code: 'password_too_weak' }] },
  company_required: { companies: [{ id: ID, name: 'Analytical Engines' }] },
  leave_overlap: { conflictsWith: [ID] },
  entry_overlap: { conflictsWith: [ID] },
  timesheet_period_overlap: { conflictsWith: [ID] },
};

const ofBatch = (field: string, code: ProblemCode, detail: string, more = {}) => ({
  errors: [{ pointer: `/entries/3/${field}`, detail, code, ...more }],
});

/** The same by operation and code, where a code is told otherwise than elsewhere. */
const MORE_OF: Record<string, object> = {
  'Timesheet_change outside_period': { conflictsWith: [ID] },
  'TimesheetEntry_createAll unknown_reference': ofBatch('taskId', 'unknown_reference', 'names nothing here'),
  'TimesheetEntry_createAll action_code_inactive': ofBatch('actionCodeId', 'action_code_inactive', 'The action code is inactive'),
  'TimesheetEntry_createAll timesheet_locked': ofBatch('day', 'timesheet_locked', 'The timesheet of 2026-03-02 is submitted or approved'),
  'TimesheetEntry_createAll outside_period': ofBatch('day', 'outside_period', '2026-03-02 is not in the period of that timesheet'),
  'TimesheetEntry_createAll entry_overlap': ofBatch('startedAt', 'entry_overlap', 'Overlaps another entry', { conflictsWith: [ID] }),
  'TimesheetEntry_createAll day_full': ofBatch('day', 'day_full', '2026-03-02 would have 1500 minutes'),
};

/** Every refusal of a route, with an example of each: what follows from how it is declared, and what it says itself with `@Problems`. */
export function documentProblems(route: DocumentedRoute, components: Components): void {
  const operation = route.operation as Operation & { [OWN_PROBLEMS]?: ProblemCode[] };
  const codes = [...byConvention(route, components), ...(operation[OWN_PROBLEMS] ?? [])];
  delete operation[OWN_PROBLEMS];
  const known = Object.keys(PROBLEMS) as ProblemCode[];
  for (const code of known.filter((name) => codes.includes(name))) {
    const { status, title } = PROBLEMS[code];
    const response = (operation.responses[status] ??= problemResponse(title)) as ReturnType<typeof problemResponse>;
    response.content['application/problem+json'].examples[code] = exampleOf(code, route, components);
    if (TRANSIENT.includes(code)) Object.assign(response, { headers: { 'Retry-After': RETRY_AFTER } });
  }
}

/** What passes by itself. */
const TRANSIENT: readonly ProblemCode[] = ['too_many_requests', 'idempotency_in_progress', 'service_unavailable'];
const RETRY_AFTER = { description: 'Seconds after which to ask again.', schema: { type: 'integer', example: 1 } };

function problemResponse(description: string) {
  return {
    description,
    content: {
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: {} as Record<string, object> },
    },
  };
}

function byConvention({ path, method, operation, access, isNeverKept }: DocumentedRoute, components: Components): ProblemCode[] {
  const isSignedIn = access.kind !== 'public';
  const hasBody = method !== 'get';
  return [
    'validation_failed', // what a route does not know is refused: there is none that refuses nothing
    ...(hasBody ? (['malformed_body', 'payload_too_large', 'unsupported_media_type'] as const) : []),
    ...(isSignedIn && takesIds(operation.requestBody, components) ? (['unknown_reference'] as const) : []),
    ...(isSignedIn ? (['not_signed_in'] as const) : []),
    ...(isSignedIn && needsSomething(access) ? (['forbidden'] as const) : []),
    ...(isSignedIn && !(access.kind === 'own' && access.whileChangingPassword) ? (['password_change_required'] as const) : []),
    ...(path.includes('{') ? (['not_found'] as const) : []),
    ...(takesVersion(operation) ? (['version_mismatch'] as const) : []),
    ...(method === 'post' && isSignedIn && !isNeverKept ? (['idempotency_in_progress', 'idempotency_key_reused'] as const) : []),
    ...(isSignedIn ? (['too_many_requests'] as const) : []),
    'service_unavailable',
  ];
}

/** Whether the route itself refuses some who are signed in; what a policy refuses, the route names. */
const needsSomething = (access: Access): boolean =>
  access.kind === 'permission' || (access.kind === 'own' && (access.sessionOnly || access.guarded));

/** Whether it looks at `If-Match`. */
export const takesVersion = ({ parameters = [] }: Operation): boolean =>
  parameters.some((parameter) => 'name' in parameter && parameter.name === 'If-Match');

/** Whether a part of the body is an id of another record. */
function takesIds(part: unknown, components: Components): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { $ref, format } = part as { $ref?: string; format?: string };
  if (format === 'uuid') return true;
  if ($ref) return takesIds(components.schemas?.[$ref.split('/').at(-1)!], components);
  return Object.entries(part).some(([name, inner]) => name !== 'example' && takesIds(inner, components));
}

/** An example of the code: of this route where what is wrong depends on it, one for all else. */
function exampleOf(code: ProblemCode, route: DocumentedRoute, components: Components): object {
  const { path, operation } = route;
  const own = code === 'validation_failed' ? { errors: [faultOf(operation, components)] } : MORE_OF[`${operation.operationId} ${code}`];
  const example = { summary: PROBLEMS[code].title, value: problem(code, path, own ?? MORE[code]) };
  if (own) return example;
  components.examples ??= {};
  components.examples[code] ??= example;
  return { $ref: `#/components/examples/${code}` };
}

function problem(code: ProblemCode, path: string, more: object | undefined): object {
  const { title, status } = PROBLEMS[code];
  return {
    type: `/docs/problems#${code}`,
    title,
    status,
    detail: title,
    instance: path.replaceAll(/\{\w+\}/g, ID),
    code,
    requestId: '9b2f6c1e-0d0a-4c7e-9f51-6f0c1f6f8a11',
    ...more,
  };
}

/** Something that a client of the route may well get wrong. */
function faultOf({ parameters = [], requestBody }: Operation, { schemas = {} }: Components): FieldFault {
  const content = requestBody && 'content' in requestBody ? Object.values(requestBody.content)[0]?.schema : undefined;
  const body = (content && '$ref' in content ? schemas[content.$ref.split('/').at(-1)!] : content) as Schema | undefined;
  const field = body?.required?.[0];
  if (field) return { pointer: `/${field}`, detail: 'is required' };
  const parameter = parameters.find((one) => 'name' in one && (one.in === 'query' || one.in === 'path'));
  if (!parameter || !('name' in parameter)) return { pointer: '/verbose', detail: 'is not a known field' };
  if (parameter.in === 'path') return { pointer: `/${parameter.name}`, detail: 'must be a UUID' };
  if (parameter.name === 'limit') return { pointer: '/limit', detail: 'must be a whole number from 1 to 200' };
  return { pointer: `/${parameter.name}`, detail: parameter.required ? 'is required' : 'must be given once' };
}

/** The schema of all refusals. */
export const PROBLEM = {
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
      description: 'What is wrong in the path, the query, a header or the body, one line a fault.',
      items: {
        title: 'FieldFault',
        type: 'object',
        description: 'What is wrong with one field or parameter.',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer; `/<name>` of a parameter.', example: '/durationMin' },
          detail: { type: 'string', example: 'must be a whole number from 0 to 1440' },
          code: {
            type: 'string',
            enum: Object.keys(PROBLEMS),
            description: 'What this fault alone would be refused with, where there can be some of several kinds.',
            example: 'entry_overlap',
          },
          conflictsWith: { type: 'array', items: { type: 'string', format: 'uuid' }, example: [ID] },
        },
      },
    },
    conflictsWith: {
      type: 'array',
      description: 'The records in the way.',
      items: { type: 'string', format: 'uuid' },
      example: [ID],
    },
    companies: {
      type: 'array',
      description: 'With `company_required`: the companies to choose from.',
      items: {
        title: 'CompanyChoice',
        type: 'object',
        required: ['id', 'name'],
        properties: { id: { type: 'string', format: 'uuid', example: ID }, name: { type: 'string', example: 'Analytical Engines' } },
      },
    },
  },
};
