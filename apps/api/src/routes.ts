import { RequestMethod } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import { accessOf } from '#rbac';
import type { Access } from '#rbac';

export interface Route {
  method: string;
  /** Whole, with `:id` for parameters. */
  path: string;
  /** Undefined: it says of nobody that they may call it. */
  access: Access | undefined;
  handler: string;
}

/** What lies outside /api/v1. */
const TOP = new Set(['health', 'metrics', 'docs', 'openapi.json', '.well-known']);

/** The routes of all controllers, with who may call them, by path and method. */
export function routesOf(app: INestApplication): Route[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  const routes = controllers.flatMap(({ metatype }) => (metatype ? routesOfController(metatype as new () => object) : []));
  return routes.toSorted((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
}

function routesOfController(controller: new () => object): Route[] {
  const prototype = controller.prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const access = accessOf(new Reflector(), handler as () => unknown);
    return paths(controller).flatMap((above) =>
      paths(handler).map((below) => ({
        method: RequestMethod[method],
        path: whole(above, below),
        access,
        handler: `${controller.name}.${name}`,
      })),
    );
  });
}

const paths = (target: object): string[] => [Reflect.getMetadata(PATH_METADATA, target) as string | string[]].flat();

function whole(...parts: string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter(Boolean);
  return `/${[...(TOP.has(segments[0] ?? '') ? [] : ['api', 'v1']), ...segments].join('/')}`;
}
