import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Config, Problem } from '#core';

/** Bounds what one principal asks of this replica in a minute. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly limiter: RateLimiterMemory | undefined;

  constructor(private readonly config: Config) {
    if (config.rateLimitPerMinute > 0) this.limiter = new RateLimiterMemory({ points: config.rateLimitPerMinute, duration: 60 });
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!this.limiter || !principal) return true;
    const state = await this.limiter.consume(principal.userId).catch((refused: unknown) => refused as RateLimiterRes);
    const seconds = Math.ceil(state.msBeforeNext / 1000);
    const headers = {
      'ratelimit-limit': String(this.config.rateLimitPerMinute),
      'ratelimit-remaining': String(state.remainingPoints),
      'ratelimit-reset': String(seconds),
    };
    if (state.consumedPoints > this.config.rateLimitPerMinute)
      throw new Problem('too_many_requests', { headers: { ...headers, 'retry-after': String(seconds) } });
    context.switchToHttp().getResponse<FastifyReply>().headers(headers);
    return true;
  }
}
