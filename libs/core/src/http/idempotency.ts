import { createHmac } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clock } from '../clock.js';
import { Config } from '../config.js';
import { lockKey } from '../database/locks.js';
import type { Tenant } from '../database/tenant.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { PersonErased } from '../hooks.js';
import { deriveKeys } from '../keys.js';
import { Problem } from './problem.js';
import { requestScope } from './request-scope.js';

const KEPT_MS = 24 * 3600 * 1000;
const KEPT_HEADERS = ['content-type', 'location', 'etag', 'cache-control'];

interface Kept {
  requestHash: string;
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

const LOCK = `SELECT pg_try_advisory_xact_lock(${lockKey('request', '$2::text', '$3::text')}) AS got`;
const KEPT = `
  SELECT "requestHash", "statusCode", headers, body FROM idempotency_keys
  WHERE "companyId" = $1 AND "userId" = $2 AND key = $3 AND "expiresAt" > $4`;

/** The key of a request that asks for a safe repeat. @throws 400 for a key of another form */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (request.method !== 'POST' || key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key))
    throw Problem.field('/Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
  return key;
}

/**
 * Safe repeats: the answer of a POST is kept in the transaction of its effect, so that either both exist or neither.
 * In flight an advisory lock stands for the record: a unique key alone would make the second caller wait for the first.
 *
 * Of the request itself, which may carry a password, an HMAC under the newest secret is kept: nobody can try passwords on it. It is compared under
 * each secret, so that with a rotation by a list repeats answer as before; they are 422 at a replica that does not have the new secret yet, and where
 * a secret was dropped less than 24 hours after its last use.
 */
@Injectable()
export class Idempotency implements OnModuleInit {
  private readonly keys: KeyObject[];

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
    private readonly personErased: PersonErased,
  ) {
    this.keys = deriveKeys(config.jwtSecrets, 'repeats');
  }

  onModuleInit(): void {
    this.personErased.register(async (userId) => {
      const scope = requestScope.getStore();
      if (scope?.tenant?.userId === userId) scope.isErased = true;
    });
  }

  /** The kept answer of this key, if there is one. @throws 409 while the first runs, 422 for another request under the key */
  async replay(key: string, request: FastifyRequest): Promise<Kept | undefined> {
    const { tenant } = this.work;
    const { userId } = tenant;
    const scope = requestScope.getStore();
    if (scope) scope.resume = undefined; // of a try that a deadlock ended: what was kept since is an answer for this one
    const kept = await this.claim(this.work, userId, key);
    if (kept && !this.keys.some((secret) => requestHash(request, tenant, secret) === kept.requestHash))
      throw new Problem('idempotency_key_reused');
    // A commit on the way (a password is hashed outside every transaction) lets the lock go: another repeat may have been faster meanwhile.
    if (scope)
      scope.resume = async (transaction) => {
        if (await this.claim(transaction, userId, key)) throw inProgress();
      };
    return kept;
  }

  private async claim(db: Pick<UnitOfWork, 'query'>, userId: string | null, key: string): Promise<Kept | undefined> {
    const read = () => db.query<Kept>(KEPT, [userId, key, clock.now()]);
    // All three leave together. Many repeats of what is done find it before they meet at the lock; behind it nothing is missed.
    const [[before], [lock], [behind]] = await Promise.all([read(), db.query<{ got: boolean }>(LOCK, [userId, key]), read()]);
    if (before) return before;
    if (!lock?.got) throw inProgress();
    return behind;
  }

  /** Keeps the answer, unless who gets it was just erased; the last statement of its transaction, and the COMMIT goes with it. */
  async keep(key: string, request: FastifyRequest, reply: FastifyReply, body: string): Promise<void> {
    if (requestScope.getStore()?.isErased) return;
    const { tenant } = this.work;
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])),
    );
    const now = clock.now(); // by which it is read; the work may have followed that of another process
    await this.work.last(
      `INSERT INTO idempotency_keys ("companyId", "userId", key, "requestHash", "statusCode", headers, body, "createdAt", "expiresAt")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT ("companyId", "userId", key) DO UPDATE SET "requestHash" = EXCLUDED."requestHash", "statusCode" = EXCLUDED."statusCode",
         headers = EXCLUDED.headers, body = EXCLUDED.body, "createdAt" = EXCLUDED."createdAt", "expiresAt" = EXCLUDED."expiresAt"`,
      [
        tenant.userId,
        key,
        requestHash(request, tenant, this.keys[0]!),
        reply.statusCode,
        JSON.stringify(headers),
        body,
        now,
        new Date(now.getTime() + KEPT_MS),
      ],
    );
  }
}

const inProgress = () => new Problem('idempotency_in_progress', { headers: { 'retry-after': '1' } });

/** An API key may read less than its owner's sessions, or another key: to it their answers are those of another request. */
function requestHash({ method, url, body }: FastifyRequest, { companyId, apiKeyId }: Tenant, secret: KeyObject): string {
  const told = [companyId, method, url, isWritable(body) ? body : 'deeper than any that was taken', ...(apiKeyId ? [apiKeyId] : [])];
  return createHmac('sha256', secret).update(JSON.stringify(told)).digest('hex');
}

/** JSON that is nested 100,000 deep is read, but not written. */
function isWritable(body: unknown, depth = 0): boolean {
  if (typeof body !== 'object' || body === null) return true;
  return depth < 100 && Object.values(body).every((value) => isWritable(value, depth + 1));
}
