import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Problem, problemDocument } from '#core';
import type { ProblemCode } from '#core';
import { requestIdOf } from './request-id.js';

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
const NO_PROXY: Refusal = { status: 400, code: 'malformed_body', detail: 'This is no proxy: nothing is connected through it' };
const UNMET: Refusal = { status: 417, code: 'malformed_body', detail: 'Of Expect only 100-continue is known' };

/**
 * What never became a request (no HTTP, too slow, headers too large, CONNECT, an unknown `Expect`) meets no hook and no filter: it is told in the same form here,
 * and the connection ends, since nobody knows where its next request would begin.
 */
export function answerClientErrors(server: Server, security: Record<string, string>, log: Logger): void {
  const ending = new WeakSet<Socket>();
  const refuse = (refusal: Refusal, requestId: string, cause?: string) => {
    log.info({ requestId, status: refusal.status, code: cause }, 'refused before it was a request');
    return answer(refusal, requestId, security);
  };
  const write = (socket: Socket, refusal: Refusal, requestId: string, cause?: string): void => {
    const { status, headers, body } = refuse(refusal, requestId, cause);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.write([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'));
  };
  const end = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const present = presentOf(socket);
    // It came behind a request that is still carried out: that one's answer goes first, or its client would send it again.
    if (present?.req.complete && socket.writable && error.code !== 'ECONNRESET')
      return void present.once('close', () => end(error, socket));
    if (canAnswer(error, socket)) write(socket, REFUSALS[error.code ?? ''] ?? NO_HTTP, randomUUID(), error.code);
    socket.destroy(error);
  };
  const endTunnel = (request: IncomingMessage, socket: Socket): void => {
    const present = presentOf(socket);
    if (present && socket.writable) return void present.once('close', () => endTunnel(request, socket));
    if (socket.writable) write(socket, NO_PROXY, requestIdOf(request), request.method);
    socket.destroySoon();
  };
  server.removeAllListeners('clientError'); // Fastify's own, which answers in a form of its own
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (ending.has(socket)) return; // whatever else comes
    ending.add(socket);
    end(error, socket);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => undefined); // Node has let go of it, and one without a listener ends the process
    endTunnel(request, socket);
  });
  server.on('checkExpectation', (request, response) => {
    const { status, headers, body } = refuse(UNMET, requestIdOf(request));
    response.writeHead(status, headers).end(body);
  });
}

/** The answer that is being made or sent; Node's own handler looks there too. */
function presentOf(socket: Socket): ServerResponse | null | undefined {
  const { _httpMessage: present } = socket as Socket & { _httpMessage?: ServerResponse | null };
  return present;
}

/** Not to one who is gone, nor into the middle of an answer. */
const canAnswer = ({ code }: NodeJS.ErrnoException, socket: Socket): boolean =>
  code !== 'ECONNRESET' && socket.writable && !presentOf(socket)?.headersSent;

function answer({ status, code, detail }: Refusal, requestId: string, security: Record<string, string>) {
  const request = { id: requestId, url: '' } as FastifyRequest; // its path is not known
  const body = JSON.stringify({ ...problemDocument(new Problem(code, { detail }), request), status });
  const headers = {
    ...security,
    'cache-control': 'no-store',
    connection: 'close',
    'content-length': Buffer.byteLength(body),
    'content-type': 'application/problem+json; charset=utf-8',
    date: new Date().toUTCString(),
    'x-request-id': requestId,
  };
  return { status, headers, body };
}
