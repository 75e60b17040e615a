import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Config, Problem } from '#core';

/** Bounds what is asked of this replica in one user's name in a minute. */
@Injectable()
export class RateLimit {
  private readonly limiter: RateLimiterMemory | undefined;

  constructor(private readonly config: Config) {
    if (config.rateLimitPerMinute > 0) this.limiter = new RateLimiterMemory({ points: config.rateLimitPerMinute, duration: 60 });
  }

  /** Counts a request of a user, whose answer tells what is left. @throws 429 */
  async count(userId: string, reply: FastifyReply): Promise<void> {
    if (!this.limiter) return;
    const state = await this.limiter.consume(userId).catch((refused: unknown) => refused as RateLimiterRes);
    const seconds = Math.ceil(state.msBeforeNext / 1000);
    const headers = {
      'ratelimit-limit': String(this.config.rateLimitPerMinute),
      'ratelimit-remaining': String(state.remainingPoints),
      'ratelimit-reset': String(seconds),
    };
    if (state.consumedPoints > this.config.rateLimitPerMinute)
      throw new Problem('too_many_requests', { headers: { ...headers, 'retry-after': String(seconds) } });
    reply.headers(headers);
  }
}
