import { applyDecorators, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
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

/** For routes below `/users/{id}`: what is one's own needs nothing, that of others one of these permissions (the first is documented). */
export const OwnOr = (permissions: [PermissionName, ...PermissionName[]], options: Omit<Parameters<typeof Own>[0] & object, 'or'> = {}) =>
  applyDecorators(ApiExtension('x-permission', permissions[0]), Own({ ...options, or: permissions }), UseGuards(guardOf(permissions))); // the first extension stays
