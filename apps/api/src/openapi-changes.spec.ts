import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { breakingChanges } from '../../../test/openapi-changes.js';
import type { ApiContract } from '../../../test/openapi-changes.js';

const ROOT = join(import.meta.dirname, '../../..');
const FILE = 'docs/openapi.json';

const present = readFileSync(join(ROOT, FILE), 'utf8');

/** What git says; undefined where it cannot (no git, no repository, a clone without that commit). */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** The document before the present one: the committed one; where that is the present one, the one before the commit that made it. */
function before(): { commit: string; text: string } | undefined {
  const commits = git('log', '-2', '--format=%h', '--', FILE)?.split('\n').filter(Boolean) ?? [];
  for (const commit of commits) {
    const text = git('show', `${commit}:${FILE}`);
    if (text !== undefined && text !== present) return { commit, text };
  }
  return undefined;
}

/**
 * A change that is meant is written down here, for as long as the document before it is the one that is compared with: the exact line,
 * and why nobody is hurt.
 */
const MEANT: Record<string, string> = {
  'POST /api/v1/leave-requests 200: is anything, no longer object':
    'still the preview; generated methods, which have the type of 200, took a request that was made for one',
  'POST /api/v1/api-keys body.permissions: maxItems is 40, no longer 100': 'there are 40, each named once',
  'POST /api/v1/api-keys body.permissions[]: others is taken no longer': 'others were refused before',
  'POST /api/v1/leave-requests ?dryRun: is boolean, no longer string': 'sent as the same word',
  'GET /api/v1/action-codes ?active: is boolean, no longer string': 'sent as the same word',
  'GET /api/v1/reports/time ?groupBy: is array, no longer string': 'sent as the same text, by comma',
  ...Object.fromEntries(
    [
      'timesheet-history/verify 200.checked',
      'timesheet-history/verify 200.unsealed',
      'reports/time 200.items[].entries',
      'reports/time 200.items[].totalMinutes',
      'reports/time 200.totalMinutes',
      'reports/payroll 200.items[].workedMinutes',
      'reports/payroll 200.items[].approvedMinutes',
    ].map((field) => [`GET /api/v1/${field}: has the format int64, no longer none`, 'as large before, and too large for 32 bits']),
  ),
  'GET /api/v1/timesheet-history/export 200: is string, no longer object': 'it always was lines, which no client could read as one object',
};

describe('docs/openapi.json', () => {
  it('breaks nobody who relied on the one before', () => {
    const found = before();
    if (!found) {
      process.stderr.write(
        'openapi-changes: SKIPPED, there is no other version of docs/openapi.json to compare with (no git, or a shallow clone)\n',
      );
      return;
    }
    const broken = breakingChanges(JSON.parse(found.text) as ApiContract, JSON.parse(present) as ApiContract);
    process.stderr.write(`openapi-changes: compared with ${found.commit}\n`);
    expect(broken.filter((line) => !(line in MEANT))).toEqual([]);
  });
});

// oxlint-disable-next-line typescript/no-explicit-any -- parts of it are removed and changed at will
type Doc = any;
const document = (): Doc => JSON.parse(present);
const schema = (doc: Doc, name: string) => doc.components.schemas[name];
const team = (doc: Doc) => doc.paths['/api/v1/teams'];

describe('a change that breaks clients', () => {
  it.each<[string, (doc: Doc) => void, string]>([
    ['a removed path', (doc) => delete doc.paths['/api/v1/teams'], 'GET /api/v1/teams: is gone'],
    ['a removed operation', (doc) => delete team(doc).post, 'POST /api/v1/teams: is gone'],
    [
      'a renamed operation',
      (doc) => (team(doc).get.operationId = 'Team_all'),
      'GET /api/v1/teams: is called Team_all, no longer Team_list',
    ],
    ['a removed success', (doc) => delete team(doc).post.responses['201'], 'POST /api/v1/teams 201: is gone'],
    ['a removed parameter', (doc) => team(doc).get.parameters.splice(0, 1), 'GET /api/v1/teams ?limit: is gone'],
    [
      'a parameter that is required now',
      (doc) => (team(doc).get.parameters[0].required = true),
      'GET /api/v1/teams ?limit: is required now',
    ],
    ['a removed field of an answer', (doc) => delete schema(doc, 'TeamView').properties.name, 'GET /api/v1/teams/{id} 200.name: is gone'],
    [
      'a field of an answer that may be missing',
      (doc) => schema(doc, 'TeamView').required.splice(0, 1),
      'GET /api/v1/teams/{id} 200.id: may be missing now',
    ],
    [
      'a field of an answer that may be null',
      (doc) => (schema(doc, 'TeamView').properties.name.nullable = true),
      'GET /api/v1/teams/{id} 200.name: may be null now',
    ],
    [
      'a value of an answer that is new',
      (doc) => schema(doc, 'TaskStatus').enum.push('WAITING'),
      'GET /api/v1/tasks/{id} 200.status: WAITING may be answered now',
    ],
    [
      'a new required field of a request',
      (doc) => {
        schema(doc, 'CreateTeam').properties.colour = { type: 'string' };
        schema(doc, 'CreateTeam').required.push('colour');
      },
      'POST /api/v1/teams body.colour: is required now',
    ],
    [
      'a field of a request that is taken no longer',
      (doc) => delete schema(doc, 'CreateTask').properties.dueDate,
      'POST /api/v1/tasks body.dueDate: is gone',
    ],
    [
      'a value of a request that is taken no longer',
      (doc) => schema(doc, 'TaskStatus').enum.pop(),
      'POST /api/v1/tasks body.status: CANCELLED is taken no longer',
    ],
    [
      'a narrower type',
      (doc) => (schema(doc, 'CreateTeam').properties.name.type = 'integer'),
      'POST /api/v1/teams body.name: is integer, no longer string',
    ],
    [
      'a narrower bound',
      (doc) => (schema(doc, 'CreateTeam').properties.name.maxLength = 10),
      'POST /api/v1/teams body.name: maxLength is 10, no longer 255',
    ],
    [
      'null taken no longer',
      (doc) => delete schema(doc, 'CreateTask').properties.dueDate.nullable,
      'POST /api/v1/tasks body.dueDate: may not be null any more',
    ],
  ])('is found: %s', (_, change, line) => {
    const after = document();
    change(after);
    expect(breakingChanges(document(), after)).toContain(line);
  });

  it.each<[string, (doc: Doc) => void]>([
    ['a new operation', (doc) => (doc.paths['/api/v1/new'] = structuredClone(team(doc)))],
    ['a new field of an answer', (doc) => (schema(doc, 'TeamView').properties.colour = { type: 'string' })],
    ['a new optional field of a request', (doc) => (schema(doc, 'CreateTeam').properties.colour = { type: 'string' })],
    ['a wider bound', (doc) => (schema(doc, 'CreateTeam').properties.name.maxLength = 1000)],
    ['a new refusal', (doc) => (team(doc).get.responses['418'] = { description: 'A teapot' })],
    ['other words', (doc) => (team(doc).get.summary = 'All teams')],
  ])('is not: %s', (_, change) => {
    const after = document();
    change(after);
    expect(breakingChanges(document(), after)).toEqual([]);
  });
});
