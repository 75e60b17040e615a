import { isNativeError } from 'node:util/types';
import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problemOf } from '../database/database-error.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { InjectLog } from '../log.js';
import { Problem, PROBLEMS } from './problem.js';
import type { ProblemCode } from './problem.js';

const BY_STATUS: Record<number, ProblemCode> = {
  400: 'malformed_body',
  401: 'not_signed_in',
  403: 'forbidden',
  404: 'not_found',
  405: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  503: 'service_unavailable',
};

/** Of what we refuse because too many ask, one line in the log at most. */
const CROWDED_EVERY_MS = 1000;

/** Turns whatever was thrown into a problem; undefined fields and the text of unknown errors never leave the server. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const known = problemOf(error);
  if (known) return known;
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: number } | null)?.statusCode;
  return new Problem(BY_STATUS[status ?? 500] ?? 'internal_error', { cause: error });
}

/** The RFC 9457 document of a problem. */
export function problemDocument(problem: Problem, request: FastifyRequest): Record<string, unknown> {
  const { title, status } = PROBLEMS[problem.code];
  return {
    type: `/docs/problems#${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: request.url.split('?', 1)[0],
    code: problem.code,
    requestId: request.id,
    ...(problem.more.errors ? { errors: problem.more.errors } : {}),
    ...problem.more.extra,
  };
}

export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .removeHeader('location') // nothing was made
    .removeHeader('etag')
    .status(problem.status)
    .headers({ 'cache-control': 'no-store', ...(problem.status === 401 ? challenge(problem, request) : {}), ...problem.more.headers })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemDocument(problem, request)));
}

/** What RFC 9110 asks of every 401. `error` where a token came along and is no good (RFC 6750); what a body holds is no such token. */
function challenge({ code }: Problem, { headers }: FastifyRequest): Record<string, string> {
  const isNoGood = code === 'not_signed_in' && /^bearer /i.test(headers.authorization ?? '');
  return { 'www-authenticate': isNoGood ? 'Bearer error="invalid_token"' : 'Bearer' };
}

/** The one place where errors become answers. What was written is rolled back before the answer leaves. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private crowdedAt = -Infinity;
  private crowded = 0;

  constructor(
    private readonly work: UnitOfWork,
    @InjectLog() private readonly log: Logger,
  ) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    await this.work.rollback();
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    // A connection that ends while the body comes has the code of a lost database (ECONNRESET).
    const isCutOff = isNativeError(error) && error === request.raw.errored;
    const problem = isCutOff ? new Problem('malformed_body') : asProblem(error);
    if (isCutOff) this.log.info({ requestId: request.id }, 'the connection ended before the request was whole');
    if (problem.status >= 500) this.note(problem, request);
    const reply = http.getResponse<FastifyReply>();
    try {
      sendProblem(problem, request, reply);
    } catch (failure) {
      // Nobody waits for a filter: what it throws would end the process.
      this.log.error({ requestId: request.id, err: withoutValues(failure) }, 'a problem could not be told');
      sendProblem(new Problem('internal_error'), request, reply);
    }
  }

  /** A fault is an error. Whom we told ourselves to come back met none: thousands of them are one warning a second. */
  private note(problem: Problem, { id: requestId }: FastifyRequest): void {
    const { cause = problem } = problem.more;
    if (problem.code !== 'service_unavailable' || cause !== problem)
      return this.log.error({ requestId, err: withoutValues(cause) }, problem.code);
    this.crowded++;
    if (performance.now() - this.crowdedAt < CROWDED_EVERY_MS) return;
    this.log.warn({ requestId, detail: problem.message, refused: this.crowded }, problem.code);
    this.crowdedAt = performance.now();
    this.crowded = 0;
  }
}

/** The stack without a message that may hold values of a row. */
function withoutValues(error: unknown): Record<string, unknown> {
  if (!isNativeError(error)) return { message: 'something that is no Error was thrown' };
  const { code, constraint, table } = ((error as { driverError?: object }).driverError ?? error) as Record<string, string | undefined>;
  const message = code ? `database error ${code}` : error.message;
  return {
    type: error.name,
    message,
    code,
    constraint,
    table,
    stack: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
  };
}
