import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, Config, instantText, requestScope, UnitOfWork } from '#core';
import type { TokensView } from '../sign-in/auth.dto.js';
import { Principals } from '../sign-in/principals.js';
import { sha256, Tokens } from '../sign-in/tokens.js';
import type { RefreshClaims } from '../sign-in/tokens.js';
import { UserRepository } from '../users/user.repository.js';
import { idleSince } from './session-life.js';
import { ActiveSession } from './session.entity.js';

/** Sessions begin and end. */
@Injectable()
export class Sessions {
  constructor(
    private readonly work: UnitOfWork,
    private readonly tokens: Tokens,
    private readonly config: Config,
    private readonly principals: Principals,
    private readonly users: UserRepository,
    private readonly audit: Audit,
  ) {}

  /** Signs a user of the present company in, by whatever proof. */
  async start(userId: string, deviceId?: string): Promise<TokensView> {
    const { companyId } = this.work.tenant;
    const scope = requestScope.getStore();
    const { now } = this.work;
    const session = { companyId, sessionId: randomUUID(), generation: 1 };
    const nonce = this.tokens.newNonce();
    const expiresAt = new Date(now.getTime() + this.config.refreshTokenTtl * 1000);
    await this.work.insert(ActiveSession, {
      id: session.sessionId,
      userId,
      nonce,
      tokenHash: sha256(this.tokens.refresh(session, nonce)),
      expiresAt,
      lastSeenAt: now,
      ip: scope?.ip ?? null,
      userAgent: scope?.userAgent ?? null,
      deviceId: (deviceId && Array.from(deviceId).slice(0, 512).join('')) || null,
    });
    const tokens = await this.tokensOf(session, { userId, nonce, expiresAt: instantText(expiresAt) });
    await this.audit.record({ action: 'signed_in', targetType: 'User', targetId: userId, userId });
    return tokens;
  }

  /** Ends sessions of a user, at once. @param which all of them without `id` and `except` @returns how many were alive */
  async revoke(userId: string, which: { id?: string; except?: string } = {}): Promise<number> {
    const { now } = this.work;
    // Idle ones too, though nothing opens them: another SESSION_IDLE_TTL must not bring them back.
    const revoked = await this.work.query<{ wasAlive: boolean }>(
      `UPDATE active_sessions SET "revokedAt" = $3, "updatedAt" = $3, version = version + 1
       WHERE "companyId" = $1 AND "userId" = $2 AND "revokedAt" IS NULL AND "expiresAt" > $3
         AND ($4::uuid IS NULL OR id = $4) AND ($5::uuid IS NULL OR id <> $5)
       RETURNING "lastSeenAt" > $6 AS "wasAlive"`,
      [userId, now, which.id ?? null, which.except ?? null, idleSince(this.config, now)],
    );
    await this.principals.changed();
    return revoked.filter(({ wasAlive }) => wasAlive).length;
  }

  /** The tokens of a session in the given generation. */
  async tokensOf(session: RefreshClaims, of: { userId: string; nonce: string; expiresAt: string }): Promise<TokensView> {
    const user = await this.users.get(of.userId);
    return {
      accessToken: this.tokens.access({ userId: of.userId, companyId: session.companyId, sessionId: session.sessionId }),
      tokenType: 'Bearer',
      expiresIn: this.config.accessTokenTtl,
      refreshToken: this.tokens.refresh(session, of.nonce),
      refreshExpiresAt: of.expiresAt,
      mustChangePassword: user.mustChangePasswordAtNextLogin,
      user,
    };
  }
}
