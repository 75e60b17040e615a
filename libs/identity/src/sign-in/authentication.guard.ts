import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Problem, UnitOfWork } from '#core';
import { accessOf } from '#rbac';
import { ApiKeys } from '../api-keys/api-keys.js';
import { Principals } from './principals.js';
import { hasExpired, ProvenTokens } from './proven-tokens.js';
import type { AccessClaims } from './tokens.js';

const SCHEME = 'bearer ';

/**
 * Who makes the request. A token is proven once by passport-jwt and remembered until it expires (140 µs became 22); whether its session,
 * user and permissions still stand is asked on every request.
 */
@Injectable()
export class AuthenticationGuard extends AuthGuard('access-token') {
  private readonly proven = new ProvenTokens();

  constructor(
    private readonly reflector: Reflector,
    private readonly principals: Principals,
    private readonly apiKeys: ApiKeys,
    private readonly work: UnitOfWork,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (accessOf(this.reflector, context.getHandler())?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearer(request);
    request.principal = ApiKeys.looksLike(token) ? await this.apiKeys.principal(token) : await this.ofAccessToken(token, context);
    if (!request.principal) throw new Problem('not_signed_in');
    return true;
  }

  private async ofAccessToken(token: string, context: ExecutionContext) {
    const claims = this.proven.get(token) ?? (await this.prove(token, context));
    this.work.enter({ companyId: claims.cid, userId: claims.sub });
    return this.principals.ofSession(claims.sid);
  }

  private async prove(token: string, context: ExecutionContext): Promise<AccessClaims> {
    try {
      await super.canActivate(context);
    } catch {
      throw new Problem('not_signed_in');
    }
    const claims = context.switchToHttp().getRequest<{ user: AccessClaims }>().user;
    if (hasExpired(claims)) throw new Problem('not_signed_in', { detail: 'The access token has expired' });
    this.proven.keep(token, claims);
    return claims;
  }
}

function bearer(request: FastifyRequest): string {
  const header = request.headers.authorization ?? '';
  if (header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) throw new Problem('not_signed_in');
  return header.slice(SCHEME.length).trim();
}
