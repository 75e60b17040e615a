import { describe, expect, it } from '@jest/globals';
import { DocumentedAnswers } from './documented-answers.js';

const PROBLEM = { schema: { $ref: '#/components/schemas/Problem' } };
const judge = new DocumentedAnswers({
  paths: {
    '/api/v1/teams/{id}': {
      get: {
        operationId: 'Team_read',
        responses: {
          200: {
            headers: { ETag: { required: true }, 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } },
            content: {
              'application/json': { schema: { $ref: '#/components/schemas/Team' } },
              'application/x-ndjson': { schema: { type: 'string', 'x-item-schema': { $ref: '#/components/schemas/Team' } } },
            },
          },
          404: {
            headers: { 'X-Request-Id': {}, ETag: {} },
            content: { 'application/problem+json': { ...PROBLEM, examples: { not_found: {} } } },
          },
        },
      },
      delete: { operationId: 'Team_delete', responses: { 204: {} } },
    },
    '/api/v1/teams/all': { get: { operationId: 'Team_all', responses: { 204: {} } } },
  },
  components: {
    headers: { 'X-Request-Id': { required: true } },
    schemas: {
      Team: {
        type: 'object',
        required: ['id', 'name', 'lead', 'state'],
        properties: {
          id: { type: 'string', format: 'uuid' },
          name: { type: 'string', maxLength: 5, nullable: true },
          lead: { allOf: [{ $ref: '#/components/schemas/Person' }], nullable: true },
          state: { type: 'string', enum: ['open'], nullable: true },
          day: { type: 'string', format: 'date' },
          more: { type: 'object', additionalProperties: { type: 'integer' } },
        },
      },
      Person: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      Problem: { type: 'object', additionalProperties: true },
    },
  },
});

const ID = '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10';
const URL = `/api/v1/teams/${ID}`;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8', etag: '"1"', 'x-request-id': 'r' };
const TEAM = { id: ID, name: 'Blue', lead: { name: 'Ada' }, state: 'open' };
const NOT_FOUND = { type: '/docs/problems#not_found', status: 404, instance: URL, code: 'not_found', requestId: 'r' };

const read = (body: unknown, status = 200, headers: Record<string, string> = JSON_TYPE, url = URL) =>
  judge.fault({ method: 'GET', url, answer: { status, body, headers } });
const refused = (change: object, headers = {}) =>
  read({ ...NOT_FOUND, ...change }, 404, { ...JSON_TYPE, 'content-type': 'application/problem+json', ...headers });

describe('an answer', () => {
  it.each([
    ['whole', TEAM],
    ['null where that is allowed', { ...TEAM, name: null, lead: null, state: null }],
    ['with what is optional', { ...TEAM, day: '2026-03-02', more: { a: 1 } }],
    ['of five characters, as clients count them', { ...TEAM, name: '👩👩👩👩👩' }],
  ])('is as documented: %s', (_, body) => {
    expect(read(body)).toBeUndefined();
  });

  it.each([
    ['a field too many', { ...TEAM, salary: 1 }, "has 'salary'"],
    ['a field too many further down', { ...TEAM, lead: { name: 'Ada', salary: 1 } }, 'body/lead'],
    ['a field too few', { ...TEAM, name: undefined }, "'name'"],
    ['null where it is not allowed', { ...TEAM, id: null }, 'body/id'],
    ['another type', { ...TEAM, name: 7 }, 'body/name'],
    ['a text that is too long', { ...TEAM, name: 'Purple' }, 'body/name'],
    ['a value that is not in the list', { ...TEAM, state: 'shut' }, 'body/state'],
    ['a day that is none', { ...TEAM, day: '2026-02-30' }, 'body/day'],
    ['a value of another type under a free name', { ...TEAM, more: { a: 'b' } }, 'body/more/a'],
  ])('is found out: %s', (_, body, told) => {
    expect(read(JSON.parse(JSON.stringify(body)))).toMatch(/^GET \/api\/v1\/teams\/\{id\} 200: /);
    expect(read(JSON.parse(JSON.stringify(body)))).toContain(told);
  });

  it('is judged line by line where it is lines', () => {
    const headers = { ...JSON_TYPE, 'content-type': 'application/x-ndjson' };
    const line = JSON.stringify(TEAM);
    expect([read('', 200, headers), read(`${line}\n${line}\n`, 200, headers)]).toEqual([undefined, undefined]);
    expect(read(`${line}\n{}\n`, 200, headers)).toContain("'id'");
  });

  it('is found out by its status, content type, headers and operation', () => {
    expect(read(TEAM, 201)).toContain('the status is not documented');
    expect(read('id', 200, { ...JSON_TYPE, 'content-type': 'text/csv' })).toContain("the content type 'text/csv'");
    expect(read(TEAM, 200, { 'content-type': 'application/json' })).toContain('the header ETag is missing');
    expect(read(TEAM, 200, { ...JSON_TYPE, 'x-request-id': '' })).toContain('the header X-Request-Id is missing');
    expect(read(TEAM, 200, { ...JSON_TYPE, location: URL })).toContain('the header location is not documented');
    expect(read(TEAM, 200, { ...JSON_TYPE, 'ratelimit-limit': '30' })).toContain('the header ratelimit-limit is not documented');
    expect(refused({}, { 'ratelimit-limit': '30' })).toBeUndefined();
    expect(read('', 204, {}, '/api/v1/teams/all')).toBeUndefined();
    expect(read(TEAM, 200, JSON_TYPE, '/api/v1/teams/all')).toContain('the status');
    expect(read(TEAM, 200, JSON_TYPE, '/api/v1/tasks')).toContain('no such operation');
    expect(read(TEAM, 200, JSON_TYPE, '/health')).toBeUndefined();
    expect(judge.fault({ method: 'DELETE', url: URL, answer: { status: 204, body: TEAM, headers: {} } })).toContain('a body');
  });

  it('is a problem with a code of this operation, its own path, status and request', () => {
    expect(refused({})).toBeUndefined();
    expect(refused({ errors: [{ pointer: '/a~1b/0' }, { pointer: '' }] })).toBeUndefined();
    expect(refused({ code: 'forbidden' })).toContain('the code forbidden is not documented here');
    expect(refused({ status: 400 })).toContain('its body says 400');
    expect(refused({ type: 'about:blank' })).toContain('the type');
    expect(refused({ instance: '/api/v1/teams' })).toContain('the instance');
    expect(refused({ requestId: 'other' })).toContain('the request ids differ');
    expect(refused({ errors: [{ pointer: 'name' }] })).toContain('no JSON pointer');
  });

  it('is judged in no time', () => {
    const began = process.cpuUsage(); // of this process alone: a busy machine makes it wait
    for (let answer = 0; answer < 1000; answer++) read(TEAM);
    expect(process.cpuUsage(began).user / 1000 / 1000).toBeLessThan(0.3); // milliseconds an answer
  });
});
