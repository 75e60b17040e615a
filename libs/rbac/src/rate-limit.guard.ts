import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimit } from './rate-limit.js';

/** Counts the requests of whoever is signed in. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limit: RateLimit) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { principal } = http.getRequest<FastifyRequest>();
    if (principal) await this.limit.count(principal.userId, http.getResponse<FastifyReply>());
    return true;
  }
}
