import { applyDecorators, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '#core';
import { may, Own } from '#rbac';
import type { PermissionName } from '#rbac';

/** Refuses before the body is looked at, as every missing permission of a route. */
const guardOf = (permissions: readonly PermissionName[]): CanActivate => ({
  canActivate(context: ExecutionContext): boolean {
    const { principal, params } = context.switchToHttp().getRequest<FastifyRequest<{ Params: { id: string } }>>();
    if (!principal) throw new Problem('not_signed_in');
    if (params.id.toLowerCase() === principal.userId || permissions.some((permission) => may(principal, permission))) return true;
    throw new Problem('forbidden', { detail: `Needs the permission ${permissions.join(' or ')}` });
  },
});

/** For routes below `/users/{id}`: what is one's own needs nothing, that of others one of these permissions. */
export const OwnOr = (
  permissions: [PermissionName, ...PermissionName[]],
  options: Omit<Parameters<typeof Own>[0] & object, 'or' | 'guarded'> = {},
) => applyDecorators(Own({ ...options, or: permissions, guarded: true }), UseGuards(guardOf(permissions)));
