import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { escapePointer, requireObject } from './input-shape.js';
import { Problem } from './problem.js';

/** Of a body that has thousands of fields the first tell enough, and of their names the beginning. */
const TOLD = 100;

const declared = new WeakMap<object, { body: boolean; query: boolean }>();

/**
 * A route that declares no body takes none but an empty object, one that declares no query no parameters: what it does not know is refused. Not outside the API:
 * probes and scrapers may carry parameters.
 */
export function refuseUndeclaredInput(context: ExecutionContext, request: FastifyRequest): void {
  if (!request.routeOptions.url?.startsWith('/api/')) return;
  const { body, query } = declarations(context);
  if (!body && request.body !== undefined) requireObject(request.body);
  const errors = [...(body ? [] : Object.keys(request.body ?? {})), ...(query ? [] : Object.keys(request.query as object))]
    .slice(0, TOLD)
    .map((name) => ({ pointer: `/${escapePointer(name.slice(0, TOLD))}`, detail: 'is not a known field' }));
  if (errors.length > 0) throw new Problem('validation_failed', { errors });
}

function declarations(context: ExecutionContext): { body: boolean; query: boolean } {
  const handler = context.getHandler();
  let found = declared.get(handler);
  if (!found) {
    const args = Object.keys((Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as object);
    const has = (type: RouteParamtypes) => args.some((key) => key.startsWith(`${type}:`));
    found = { body: has(RouteParamtypes.BODY), query: has(RouteParamtypes.QUERY) };
    declared.set(handler, found);
  }
  return found;
}
