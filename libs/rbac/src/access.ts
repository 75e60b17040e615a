import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from '#core';
import { may } from './principal.js';
import type { PermissionName } from './permissions.js';

/** Who may call a route at all. What they reach on it, the policy of the resource says. */
export type Access =
  | { kind: 'public' }
  /**
   * Every signed-in user, for what is theirs, what they lead, and what all may see; beyond it with one of the permissions of `or`. Where
   * it is `guarded`, what lies beyond is somebody else, and refused without them.
   */
  | { kind: 'own'; whileChangingPassword: boolean; sessionOnly: boolean; or: readonly PermissionName[]; guarded: boolean }
  | { kind: 'permission'; permissions: readonly PermissionName[]; sessionOnly: boolean };

type OwnAccess = Extract<Access, { kind: 'own' }>;

const ACCESS = 'access';

export const accessOf = (reflector: Reflector, handler: Parameters<Reflector['get']>[1]): Access | undefined =>
  reflector.get<Access>(ACCESS, handler);

const signedIn = (access: Access, words: string) =>
  applyDecorators(SetMetadata(ACCESS, access), ApiBearerAuth(), ApiExtension('x-permission', words));

/** Open to everybody. */
export const Public = () =>
  applyDecorators(SetMetadata(ACCESS, { kind: 'public' } satisfies Access), ApiExtension('x-permission', 'public'));

/**
 * Open to every signed-in user; the policy of the resource decides what they reach.
 * @param whileChangingPassword also while the password must be changed
 * @param sessionOnly not with an API key
 * @param or the permissions that the policy asks for and with which one reaches more: told to readers of the documentation, not enforced
 * @param guarded a guard of the route enforces `or`
 */
export const Own = ({
  whileChangingPassword = false,
  sessionOnly = false,
  or = [],
  guarded = false,
}: Partial<Omit<OwnAccess, 'kind'>> = {}) =>
  applyDecorators(
    signedIn({ kind: 'own', whileChangingPassword, sessionOnly, or, guarded }, guarded ? `of others: ${or.join(' or ')}` : 'signed in'),
    ...(or.length > 0 ? [ApiExtension('x-permission-for-more', or)] : []),
  );

/** Needs a permission of the role, or all of several. */
export const RequirePermission = (needed: PermissionName | readonly PermissionName[], { sessionOnly = false } = {}) => {
  const permissions = typeof needed === 'string' ? [needed] : needed;
  return signedIn({ kind: 'permission', permissions, sessionOnly }, permissions.join(', '));
};

/** Refuses what the route's declaration does not allow, and every route that declares nothing. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const access = accessOf(this.reflector, context.getHandler());
    if (!access) throw new Error(`${context.getClass().name}.${context.getHandler().name} declares nobody who may call it`);
    if (access.kind === 'public') return true;
    const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!principal) throw new Problem('not_signed_in');
    if (principal.mustChangePassword && !(access.kind === 'own' && access.whileChangingPassword))
      throw new Problem('password_change_required');
    if (access.sessionOnly && principal.sessionId === null) throw new Problem('forbidden', { detail: 'Not with an API key' });
    const missing = access.kind === 'permission' && access.permissions.find((permission) => !may(principal, permission));
    if (missing) throw new Problem('forbidden', { detail: `Needs the permission ${missing}` });
    return true;
  }
}
