import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Problem, problemDocument } from '#core';
import type { ProblemCode } from '#core';

interface Refusal {
  status: number;
  code: ProblemCode;
  detail: string;
}

const REFUSALS: Record<string, Refusal> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'malformed_body', detail: 'The request did not arrive whole in time' },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'payload_too_large', detail: 'The headers are larger than 16 KiB' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, code: 'payload_too_large', detail: 'The chunk extensions are too large' },
};
const NO_HTTP: Refusal = { status: 400, code: 'malformed_body', detail: 'This is no HTTP request' };

/**
 * What never became a request (no HTTP, too slow, headers too large) meets no hook and no filter: it is told in the same form here, and the
 * connection ends, since nobody knows where its next request would begin.
 */
export function answerClientErrors(server: Server, headers: Record<string, string>, log: Logger): void {
  server.removeAllListeners('clientError'); // Fastify's own, which answers in a form of its own
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (canAnswer(error, socket)) {
      const refusal = REFUSALS[error.code ?? ''] ?? NO_HTTP;
      const requestId = randomUUID();
      log.info({ requestId, status: refusal.status, code: error.code }, 'refused before it was a request');
      socket.write(answer(refusal, requestId, headers));
    }
    socket.destroy(error);
  });
}

/** Not to one who is gone, nor into the middle of an answer. */
function canAnswer({ code }: NodeJS.ErrnoException, socket: Socket): boolean {
  const { _httpMessage: present } = socket as Socket & { _httpMessage?: ServerResponse | null }; // Node's own handler looks there too
  return code !== 'ECONNRESET' && socket.writable && !present?.headersSent;
}

function answer({ status, code, detail }: Refusal, requestId: string, headers: Record<string, string>): string {
  const request = { id: requestId, url: '' } as FastifyRequest; // its path is not known
  const body = JSON.stringify({ ...problemDocument(new Problem(code, { detail }), request), status });
  const all = {
    ...headers,
    'cache-control': 'no-store',
    connection: 'close',
    'content-length': Buffer.byteLength(body),
    'content-type': 'application/problem+json; charset=utf-8',
    date: new Date().toUTCString(),
    'x-request-id': requestId,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}
