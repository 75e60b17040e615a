import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PermissionName } from '#rbac';
import { ApiDocument } from '../../../test/api-document.js';
import type { Body } from '../../../test/api-document.js';
import { Client } from '../../../test/client.js';
import type { Company } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { routesOf } from './routes.js';
import type { Route } from './routes.js';

/** Answer 201 with something that no other route shows. */
const NOT_TO_BE_READ = [
  'POST /api/v1/me/calendar-token', // a secret, told once
  'POST /api/v1/timesheet-entries/batch', // many records
];

/** Neither make a record nor move one: signing in and passwords, and what is done later. */
const NO_RECORD = [
  'POST /api/v1/auth/invitations/accept',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/logout',
  'POST /api/v1/auth/logout-all',
  'POST /api/v1/auth/password/change',
  'POST /api/v1/auth/password/forgot',
  'POST /api/v1/auth/password/reset',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/gdpr/purges',
];

/** Where the documented example is no body that anybody may send at any time. */
const INSTEAD: Record<string, Body> = {
  'POST /api/v1/roles': { permissions: [] }, // nobody hands out what they do not hold
  'POST /api/v1/api-keys': { permissions: [], expiresAt: '2199-12-31T00:00:00Z' },
};

/** What it takes to read the record as it was answered, where that is more than to make it. */
const TO_READ: Record<string, PermissionName> = {
  'POST /api/v1/roles': 'read_role',
  'POST /api/v1/users': 'read_user', // others read the name alone, without an ETag
};

let server: TestServer;
let document: ApiDocument;
let posts: Route[];
let creations: Route[];

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
  document = await ApiDocument.of(server.anybody);
  posts = routesOf(server.app).filter(({ method }) => method === 'POST');
  creations = posts.filter((route) => document.operation(route)!.responses['201']);
});
afterAll(() => server.stop());

const inWords = ({ method, path }: Route): string => `${method} ${path}`;

async function bodyOf(route: Route, company: Company): Promise<Body> {
  const ids: Record<string, string> = { roleId: await company.roleId('Employee'), actionCodeId: (await company.actionCode()).id };
  return { ...document.body(document.operation(route)!, (name) => ids[name]!), ...INSTEAD[inWords(route)] };
}

/** Who holds just what it takes. */
function makerFor(route: Route, company: Company): Promise<Client> {
  const needed = route.access?.kind === 'permission' ? [...route.access.permissions] : [];
  const more = TO_READ[inWords(route)];
  return company.person({ role: more ? [...needed, more] : needed });
}

describe('a route that makes a record', () => {
  it('answers 201; every other POST is a move of one, or none of these', () => {
    const others = posts.filter((route) => !creations.includes(route) && !/\/:id\/[a-z]+$/.test(route.path));
    expect(others.map(inWords)).toEqual(NO_RECORD);
    expect(creations.map(inWords)).toEqual(expect.arrayContaining(NOT_TO_BE_READ));
    expect(creations.length).toBeGreaterThan(10);
  });

  it.each(['the Admin', 'who may do just this'])('tells %s where it is read, under the same ETag', async (who) => {
    const company = await server.company();
    for (const route of creations.filter((one) => !NOT_TO_BE_READ.includes(inWords(one)))) {
      const name = inWords(route);
      const maker = who === 'the Admin' ? company.admin : await makerFor(route, company);
      const made = await maker.post(route.path, {
        ...(await bodyOf(route, company)),
        ...(route.path.endsWith('/companies') && { name: who }),
      });
      expect([name, made.status, made.body.errors]).toEqual([name, 201, undefined]);
      const isCompany = made.body.company !== undefined;
      const reader = isCompany ? new Client(server.app, made.body.tokens.accessToken) : maker;
      const read = await reader.get(made.headers.location!);
      expect([name, read.status, read.headers.etag]).toEqual([name, 200, made.headers.etag]);
      expect(made.headers.etag).toMatch(/^"\d+"$/);
      expect(isCompany ? made.body.company : made.body).toMatchObject(read.body);
    }
  });
});

/** What is answered to who starts a purge, and by the address that it tells. */
async function purge(dryRun: boolean) {
  const { admin } = await server.company();
  const made = await admin.post('/gdpr/purges', { dryRun });
  return { made, read: await admin.get(made.headers.location!) };
}

describe('a purge', () => {
  it('for practice is 200 and tells where it is read, under the same ETag', async () => {
    const { made, read } = await purge(true);
    expect([made.status, read.status, read.headers.etag, read.body]).toEqual([200, 200, made.headers.etag, made.body]);
  });

  it('in earnest is 202 and tells where one sees how it goes on', async () => {
    const { made, read } = await purge(false);
    expect([made.status, read.status, read.body.id]).toEqual([202, 200, made.body.id]);
  });
});
