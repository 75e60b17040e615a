import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { Json } from '../database/json-rows.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Accesses } from '../logs/accesses.js';
import { etagOf } from './etag.js';
import { Idempotency, idempotencyKey } from './idempotency.js';
import { locationOf } from './location.js';
import { requestScope } from './request-scope.js';
import { refuseUndeclaredInput } from './undeclared-input.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What is wrong with a body that could not be read: told behind who may not call the route at all. */
    bodyFault?: Error;
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';
const NEVER_KEPT = 'answer:never-kept';
const WHOLE = 'answer:whole';

/** For a route whose answer is never kept for safe repeats, since it carries a secret or is about signing in: `Idempotency-Key` has no effect there. */
export const NeverKept = () => applyDecorators(SetMetadata(NEVER_KEPT, true), ApiExtension('x-never-kept', true));

/** For a route whose answer tells more than its version counts: it is never 304. */
export const AlwaysWhole = () => applyDecorators(SetMetadata(WHOLE, true), ApiExtension('x-always-whole', true));

/**
 * Closes the transaction of a request before its answer leaves: commit on success (anew, a few times, after a deadlock), and what all
 * answers have in common: ETag and Location of a record, 304, safe repeats.
 */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  constructor(
    private readonly work: UnitOfWork,
    private readonly idempotency: Idempotency,
    private readonly accesses: Accesses,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    if (request.bodyFault) throw request.bodyFault;
    refuseUndeclaredInput(context, request);
    if (this.reflector.get<boolean>(WHOLE, context.getHandler())) delete request.headers['if-none-match'];
    const key = this.reflector.get<boolean>(NEVER_KEPT, context.getHandler()) ? undefined : idempotencyKey(request);
    const answered = this.work.attempt(async () => {
      if (key === undefined || !requestScope.getStore()?.tenant) return describe(await lastValueFrom(next.handle()), request, reply);
      const kept = await this.idempotency.replay(key, request);
      if (kept) {
        reply.status(kept.statusCode).headers({ ...kept.headers, 'idempotent-replayed': 'true' });
        return kept.body;
      }
      const body = JSON.stringify(describe(await lastValueFrom(next.handle(), { defaultValue: null }), request, reply) ?? null);
      reply.type(JSON_TYPE);
      await this.idempotency.keep(key, request, reply, body);
      return body;
    });
    return from(this.told(answered));
  }

  private async told<T>(answered: Promise<T>): Promise<T> {
    const answer = await answered;
    await this.accesses.room();
    return answer;
  }
}

/** The headers that follow from a record in the answer. */
function describe(answer: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  if (answer instanceof Json) {
    reply.type(JSON_TYPE);
    return answer.text;
  }
  const record = answer as { id?: unknown; version?: unknown } | null | undefined;
  if (typeof record?.version !== 'number') return answer;
  const etag = etagOf(record.version);
  reply.header('etag', etag);
  if (reply.statusCode === 201 && !reply.hasHeader('location')) reply.header('location', locationOf(request, record.id));
  if ((request.method === 'GET' || request.method === 'HEAD') && matches(request.headers['if-none-match'], etag)) {
    reply.status(304);
    return undefined;
  }
  return answer;
}

const matches = (header: string | undefined, etag: string): boolean =>
  header === '*' || (header?.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag) ?? false);
