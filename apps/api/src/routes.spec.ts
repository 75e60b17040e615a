import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Own, PERMISSION_NAMES } from '#rbac';
import type { PermissionName } from '#rbac';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { routesOf } from './routes.js';
import type { Route } from './routes.js';

const root = join(import.meta.dirname, '../../..');

/** Answered by the HTTP server past the guards: the documentation, the same for everybody. */
const PLAIN = [
  'GET /docs',
  'GET /docs/',
  'GET /docs/*',
  'GET /docs/first-week',
  'GET /docs/icon.svg',
  'GET /docs/problems',
  'GET /docs/style.css',
  'GET /openapi.json',
];

let server: TestServer;
let routes: Route[];

beforeAll(async () => {
  server = await startTestServer();
  routes = routesOf(server.app);
});
afterAll(() => server.stop());

describe('every route', () => {
  it('says who may call it', () => {
    expect(undeclared(routes)).toEqual([]);
  });

  it('is one of a controller, or of the documentation', () => {
    const declared = routes.map(({ method, path }) => `${method} ${path}`);
    expect(served(server)).toEqual([...declared, ...PLAIN].toSorted());
  });

  it('or it is found out', async () => {
    @Controller('probe')
    class Probe {
      @Get()
      forgotten(): void {}

      @Post(':id/approve')
      @Own()
      declared(): void {}
    }
    const testing = await Test.createTestingModule({ controllers: [Probe] }).compile();
    const found = routesOf(testing.createNestApplication(new FastifyAdapter()));
    expect(found.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /api/v1/probe', 'POST /api/v1/probe/:id/approve']);
    expect(undeclared(found)).toEqual(['GET /api/v1/probe (Probe.forgotten)']);
  });
});

const undeclared = (list: Route[]): string[] =>
  list.filter(({ access }) => !access).map(({ method, path, handler }) => `${method} ${path} (${handler})`);

/** What the HTTP server itself answers, read from the tree that it prints. */
function served({ app }: TestServer): string[] {
  const tree = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const above: string[] = [];
  const found = tree.split('\n').flatMap((line) => {
    const [, indent = '', label = '', methods = ''] = /^([│ ]*)[├└]── (\S*) \((.+)\)$/.exec(line) ?? [];
    above.splice(indent.length / 4, Infinity, label);
    return methods.split(', ').flatMap((method) => (method === '' || method === 'HEAD' ? [] : [`${method} ${above.join('')}`]));
  });
  return found.toSorted();
}

/** Of a route, or of the policy of what is behind it. */
const namesOf = ({ access }: Route): readonly PermissionName[] =>
  access?.kind === 'permission' ? access.permissions : access?.kind === 'own' ? access.or : [];

describe('every permission', () => {
  const sources = readdirSync(join(root, 'libs'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && name !== 'rbac/src/permissions.ts')
    .map((name) => readFileSync(join(root, 'libs', name), 'utf8'));

  it('is asked for by a route', () => {
    const named = new Set(routes.flatMap(namesOf));
    expect(PERMISSION_NAMES.filter((name) => !named.has(name))).toEqual([]);
  });

  it('that a policy asks for is told by a route', () => {
    const named = new Set(routes.flatMap(namesOf));
    const asked = PERMISSION_NAMES.filter((name) => sources.some((source) => source.includes(`'${name}'`)));
    expect(asked.filter((name) => !named.has(name))).toEqual([]);
  });

  it('of a route is one of the catalogue', () => {
    const named = routes.flatMap(namesOf);
    expect(named.filter((name) => !PERMISSION_NAMES.includes(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });
});
