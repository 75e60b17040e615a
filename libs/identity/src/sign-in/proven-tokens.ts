import { clock } from '#core';
import type { AccessClaims } from './tokens.js';

const KEPT_AT_MOST = 10_000;
/** How long an expired token may stay in memory; on each request one comparison, once a minute one walk (10,000 tokens: a millisecond). */
const SWEEP_MS = 60_000;

/** Access tokens that were proven and have not expired; when there are too many the one proven first goes, and is proven anew. */
export class ProvenTokens {
  private readonly claims = new Map<string, AccessClaims>();
  private nextSweep = 0;

  constructor(private readonly keptAtMost = KEPT_AT_MOST) {}

  get size(): number {
    return this.claims.size;
  }

  /** Its claims, unless it expired or is not known. */
  get(token: string): AccessClaims | undefined {
    this.sweep();
    const claims = this.claims.get(token);
    if (!claims || !hasExpired(claims)) return claims;
    this.claims.delete(token);
    return undefined;
  }

  keep(token: string, claims: AccessClaims): void {
    for (const [first] of this.claims) {
      if (this.claims.size < this.keptAtMost) break;
      this.claims.delete(first);
    }
    this.claims.set(token, claims);
  }

  private sweep(): void {
    const now = clock.now().getTime();
    if (now < this.nextSweep) return;
    this.nextSweep = now + SWEEP_MS;
    for (const [token, claims] of this.claims) if (hasExpired(claims)) this.claims.delete(token);
  }
}

/** By the project's clock, on every request. */
export const hasExpired = ({ exp }: AccessClaims): boolean => exp * 1000 <= clock.now().getTime();
