import type { Repeats } from './retry.js';
import { UNKEPT } from './schema.js';
import type { Call, Method } from './types.js';

const REFRESH = '/api/v1/auth/refresh';
/**
 * A refresh token that the server has replaced is answered with the same successor for 10 s; later it is taken for stolen, and the session
 * ends. So an attempt that hangs is given up early, and the last one begins early enough to be answered.
 */
const REFRESH_ATTEMPT_MS = 4_000;
const REFRESH_WITHIN_MS = 6_000;

/** Whether the server keeps the answer under an `Idempotency-Key`. */
export const isKept = (method: Method, template: string): boolean => method === 'post' && !UNKEPT.includes(template);

/** An old access token beside it would only be refused. */
export const provesItself = (template: string): boolean => template === '/api/v1/auth/login' || template === REFRESH;

export function repeats(method: Method, template: string, { ifMatch }: Call): Repeats {
  const isPost = method === 'post';
  const isRefresh = template === REFRESH;
  const isSafe = !isPost || isKept(method, template) || isRefresh;
  // Repeated when the first had come through, an If-Match would be refused for its own change.
  const meetsItself = !isPost && method !== 'get' && ifMatch !== undefined;
  return { afterRefusal: isSafe, afterSilence: isSafe && !meetsItself, withinMs: isRefresh ? REFRESH_WITHIN_MS : Infinity };
}

/** What ends one attempt: the caller's will, or else the time that it may last. */
export const attemptSignal = (template: string, { signal }: Call): AbortSignal | undefined =>
  signal ?? (template === REFRESH ? AbortSignal.timeout(REFRESH_ATTEMPT_MS) : undefined);

/** The path with its parameters, and the query. */
export function address(template: string, { path = {}, query = {} }: Call): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const search = new URLSearchParams(pairs).toString();
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  return search ? `${filled}?${search}` : filled;
}

export function request(method: Method, { body, ifMatch, headers, signal }: Call, token?: string, key?: string): RequestInit {
  return {
    method: method.toUpperCase(),
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(key ? { 'idempotency-key': key } : {}),
      ...(ifMatch === undefined ? {} : { 'if-match': typeof ifMatch === 'number' ? `"${ifMatch}"` : ifMatch }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
}
