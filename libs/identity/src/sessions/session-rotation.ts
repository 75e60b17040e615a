import { Injectable } from '@nestjs/common';
import { Audit, clock, Config, Problem, UnitOfWork } from '#core';
import type { TokensView } from '../sign-in/auth.dto.js';
import { sha256, Tokens } from '../sign-in/tokens.js';
import type { RefreshClaims } from '../sign-in/tokens.js';
import { aliveSession, idleSince } from './session-life.js';
import { Sessions } from './sessions.js';

/** How long the token directly before still gets the same successor: a lost answer, a second tab, twenty at once. */
const GRACE_MS = 10_000;

interface Session {
  id: string;
  userId: string;
  nonce: string;
  generation: number;
  rotatedAt: string | null;
  expiresAt: string;
  isDead: boolean;
}

// Dead: revoked, expired, idle for too long, or its user may not sign in any more.
const READ = `
  SELECT s.id, s."userId", s.nonce, s.generation, s."rotatedAt", s."expiresAt",
         (${aliveSession('s', '$3', '$4')} IS NOT TRUE OR u."deletedAt" IS NOT NULL OR NOT t."canLogin") AS "isDead"
  FROM active_sessions s
  JOIN users u ON u."companyId" = $1 AND u.id = s."userId"
  JOIN user_statuses t ON t.id = u."statusId"
  JOIN companies c ON c.id = $1 AND c."deletedAt" IS NULL
  WHERE s."companyId" = $1 AND s.id = $2`;

/** Exchanges refresh tokens: each counts once, and one that was spent tells of a theft. */
@Injectable()
export class SessionRotation {
  constructor(
    private readonly work: UnitOfWork,
    private readonly tokens: Tokens,
    private readonly config: Config,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
  ) {}

  /**
   * @throws 401 `refresh_token_reused` for a token that was spent before (the session is revoked), 401 `invalid_token` for any other that is
   *   no good
   */
  async rotate(refreshToken: string): Promise<TokensView> {
    const claims = this.tokens.readRefresh(refreshToken);
    if (!claims) throw new Problem('invalid_token');
    return this.work.within({ companyId: claims.companyId, userId: null }, async () => {
      const session = await this.find(claims.sessionId);
      if (!session || !this.tokens.isGenuine(refreshToken, claims, session.nonce)) throw new Problem('invalid_token');
      return this.rotateGenuine(session, claims);
    });
  }

  private async rotateGenuine(session: Session, claims: RefreshClaims): Promise<TokensView> {
    if (claims.generation > session.generation) throw new Problem('invalid_token'); // the database is older than the token: it was restored
    const now = clock.now();
    const isInGrace = claims.generation === session.generation - 1 && now.getTime() - Date.parse(session.rotatedAt ?? '') <= GRACE_MS;
    if (claims.generation < session.generation && !isInGrace) return this.refuseReuse(session);
    if (session.isDead) throw new Problem('invalid_token');
    if (isInGrace) return this.sessions.tokensOf({ ...claims, generation: session.generation }, session);
    const next = { ...claims, generation: claims.generation + 1 };
    const won = await this.work.execute(
      `UPDATE active_sessions SET generation = $3, "previousTokenHash" = "tokenHash", "tokenHash" = $4, "rotatedAt" = $5, "lastSeenAt" = $5,
         "updatedAt" = $5, version = version + 1
       WHERE "companyId" = $1 AND id = $2 AND generation = $6 AND "revokedAt" IS NULL`,
      [session.id, next.generation, sha256(this.tokens.refresh(next, session.nonce)), now, claims.generation],
    );
    if (won === 1) return this.sessions.tokensOf(next, session);
    const left = await this.find(session.id); // another one was quicker: look at what it left
    if (!left) throw new Problem('invalid_token');
    return this.rotateGenuine(left, claims);
  }

  private async refuseReuse(session: Session): Promise<never> {
    const revoked = await this.sessions.revoke(session.userId, { id: session.id });
    if (revoked > 0)
      await this.audit.record({ action: 'refresh_token_reused', targetType: 'Session', targetId: session.id, userId: session.userId });
    await this.work.commit(); // the refusal must not undo the revocation
    throw new Problem('refresh_token_reused');
  }

  private async find(sessionId: string): Promise<Session | undefined> {
    const now = clock.now();
    return (await this.work.query<Session>(READ, [sessionId, now, idleSince(this.config, now)]))[0];
  }
}
