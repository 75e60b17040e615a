import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '#core';
import type { PermissionName } from './permissions.js';

/** Who makes the request, as of now (at most a second old). */
export interface Principal {
  companyId: string;
  userId: string;
  /** The session of the access token; null for an API key. */
  sessionId: string | null;
  permissions: ReadonlySet<PermissionName>;
  mustChangePassword: boolean;
  /** An API key for its owner's own data only: neither a lead's people nor those whom one approves. */
  ownOnly: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

/** The principal of a request; only on routes that are not public. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!principal) throw new Problem('not_signed_in');
  return principal;
});

export const may = (principal: Principal, permission: PermissionName): boolean => principal.permissions.has(permission);
