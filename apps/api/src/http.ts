import { isUtf8 } from 'node:buffer';
import cors from '@fastify/cors';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Accesses, Lifecycle, Problem, requestScope } from '#core';
import type { Config } from '#core';
import { addressOf, trusting } from './client-address.js';
import { answerClientErrors } from './client-errors.js';
import { requestIdOf } from './request-id.js';

const MIB = 1024 * 1024;
const EXPOSED = [
  'ETag',
  'Location',
  'Content-Disposition',
  'WWW-Authenticate',
  'X-Request-Id',
  'Idempotent-Replayed',
  'Retry-After',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
];

/** How the server itself behaves: bounded bodies and times, request ids, whose `X-Forwarded-For` counts. */
export function httpOptions(config: Config) {
  return {
    bodyLimit: MIB,
    trustProxy: config.trustProxy.length > 0 ? trusting(config.trustProxy) : false,
    requestTimeout: 30_000, // to receive a request whole; slower clients are cut off
    // Its headers, in less: Node swaps the two else (its own 60 s were those of a body). Looked after every 5 s. A missing `Host` Node would
    // refuse by itself, in a form of its own.
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000, requireHostHeader: false },
    connectionTimeout: 60_000,
    // Else Fastify answers by itself, past every hook: no problem document, no headers. Longer than Node takes headers, no address is.
    routerOptions: { maxParamLength: 16 * 1024 },
    rewriteUrl: ({ url = '/' }: { url?: string }) => readable(pathOf(url)),
    genReqId: requestIdOf,
  };
}

/** As a proxy is asked (`GET http://example.org/health`) the address names a host, which is none of ours to repeat. */
function pathOf(url: string): string {
  if (url.startsWith('/')) return url;
  const [, path] = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*(.*)$/i.exec(url) ?? [];
  return path === undefined || path.startsWith('/') ? (path ?? url) : `/${path}`;
}

const readable = (url: string): string => (isDecodable(url) ? url : encodeURI(url));

function isDecodable(url: string): boolean {
  if (!url.includes('%')) return true;
  try {
    decodeURIComponent(url.split('?', 1)[0]!);
    return true;
  } catch {
    return false;
  }
}

/** What all requests share, before any route. */
export async function setUpHttp(app: NestFastifyApplication, config: Config, log: Logger): Promise<void> {
  app.setGlobalPrefix('api/v1', {
    exclude: ['health', 'health/*path', 'metrics', 'docs', 'docs/*path', 'openapi.json', '.well-known/*path'],
  });
  const fastify = app.getHttpAdapter().getInstance();
  acceptJsonOnly(fastify);
  answerClientErrors(fastify.server, SECURITY_HEADERS, log);
  const lifecycle = app.get(Lifecycle);

  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    // An empty body is none, whatever its type: `curl -d ''` says form.
    if (request.headers['content-length'] === '0') delete request.headers['content-type'];
    // As it was asked (nothing may be there), and as it was understood (`/%61pi/v1/me`).
    if (request.url.startsWith('/api/') || routeOf(request).startsWith('/api/')) reply.header('cache-control', 'no-store');
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      reply.header('connection', 'close');
      return done(new Problem('malformed_body', { detail: 'The header Host is missing' }));
    }
    done();
  });
  await allowOrigins(fastify, config); // behind the hook above: it answers by itself what a browser asks first
  // Kept alive, a connection whose request was in flight would hold the shutdown for the keep-alive time of 72 s.
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // Closed with bytes unread it would be reset, and a client that still sends never sees the answer. Node drops the rest, for 30 s at most.
    if (reply.statusCode === 413) reply.removeHeader('connection');
    if (lifecycle.draining) reply.header('connection', 'close');
    done();
  });
  // Behind the last request; Nest's own hooks run before it, or in an order that the database goes first in.
  fastify.addHook('onClose', () => app.get(Accesses).finish());
  // Not earlier: reading the body loses the asynchronous context.
  fastify.addHook('preValidation', (request, _reply, done) => {
    requestScope.run(
      {
        requestId: request.id,
        ip: addressOf(request),
        userAgent: request.headers['user-agent']?.slice(0, 512) ?? null,
        route: routeOf(request),
      },
      done,
    );
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    log.info(
      {
        requestId: request.id,
        method: request.method,
        route: routeOf(request),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
    done();
  });
}

/** The template of the route, never the address itself: that may hold ids and search texts. */
export const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';

/** The same on every answer, hence made once (a library that builds them for each request cost 40 µs of it). */
const SECURITY_HEADERS = {
  'content-security-policy':
    // the page at /docs styles itself
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

async function allowOrigins(fastify: FastifyInstance, { corsOrigins }: Config): Promise<void> {
  if (corsOrigins.length === 0) return;
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  await fastify.register(cors, { origin: corsOrigins, methods, exposedHeaders: EXPOSED, maxAge: 600, strictPreflight: false });
}

/** Bodies are JSON in UTF-8; an empty one, which may come in pieces, is none. What is no JSON is told where the body is looked at, behind 401 and 403. */
function acceptJsonOnly(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined);
    const read = (fault: Error | null, value?: unknown) => {
      if (fault) request.bodyFault = fault;
      done(null, value);
    };
    const coded = codingOf(request);
    if (coded) return read(coded);
    if (!isUtf8(body)) return read(Object.assign(new Error('not UTF-8'), { statusCode: 400 }));
    return parse(request, body.toString(), read);
  });
}

/** Nothing is decoded: 1 MiB of gzip can be 1 GiB of JSON. */
function codingOf({ headers }: FastifyRequest): Problem | undefined {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    return new Problem('unsupported_media_type', {
      detail: 'The body is sent without Content-Encoding',
      headers: { 'accept-encoding': 'identity' },
    });
  if ((headers['transfer-encoding'] ?? 'chunked').toLowerCase() !== 'chunked')
    return new Problem('malformed_body', { detail: 'Of Transfer-Encoding only chunked is known' });
  return undefined;
}
