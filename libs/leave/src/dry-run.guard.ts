import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who only asks what would come of it repeats nothing: nothing is kept, and the `Idempotency-Key` stays free for the request itself. */
@Injectable()
export class DryRunGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { query, headers } = context.switchToHttp().getRequest<FastifyRequest<{ Querystring: { dryRun?: unknown } }>>();
    if (query.dryRun === 'true') delete headers['idempotency-key'];
    return true;
  }
}
