import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, Config, isId, NIL_ID, Problem, UnitOfWork } from '#core';
import { sha256, UserRepository } from '#identity';
import type { Principal } from '#rbac';
import type { CalendarTokenView } from './calendar.dto.js';

/**
 * What opens a person's calendar feed, for programs that can send no header: the company and 256 random bits. The database has the
 * SHA-256 only.
 */
@Injectable()
export class CalendarTokens {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UserRepository,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** Of a token that may be anything; one of no form names a company that is not there, so that it is looked up like all others. */
  static companyOf(token: string): string {
    const [companyId] = token.split('.', 1);
    return isId(companyId) ? companyId.toLowerCase() : NIL_ID;
  }

  /** A new one; the one before ends. Of many at once the last one stands. */
  async make({ companyId, userId }: Principal): Promise<CalendarTokenView> {
    // Under the user's lock: who is suspended or deleted at this moment loses it, the new one too.
    if ((await this.users.lock(userId)).status !== 'ACTIVE') throw new Problem('not_signed_in');
    const token = `${companyId}.${randomBytes(32).toString('base64url')}`;
    await this.work.execute(
      `INSERT INTO calendar_tokens ("companyId", "userId", "tokenHash", "createdAt", "updatedAt", "createdByUserId", "updatedByUserId")
       VALUES ($1, $2, $3, $4, $4, $2, $2)
       ON CONFLICT ("companyId", "userId") DO UPDATE
       SET "tokenHash" = EXCLUDED."tokenHash", "updatedAt" = EXCLUDED."updatedAt", version = calendar_tokens.version + 1`,
      [userId, sha256(token), this.work.now],
    );
    await this.audit.record({ action: 'calendar_token_created', targetType: 'CalendarToken', targetId: userId, userId });
    return { token, url: `${this.config.publicUrl}/api/v1/leave-calendar.ics?token=${token}` };
  }

  /** @throws 404 when there is none */
  async revoke(userId: string): Promise<void> {
    if (!(await this.end(userId))) throw new Problem('not_found');
    await this.audit.record({ action: 'calendar_token_revoked', targetType: 'CalendarToken', targetId: userId, userId });
  }

  /** @returns whether there was one */
  async end(userId: string): Promise<boolean> {
    return (await this.work.execute('DELETE FROM calendar_tokens WHERE "companyId" = $1 AND "userId" = $2', [userId])) > 0;
  }

  /** Whose it is, within its company; undefined unless that one may sign in. */
  async ownerOf(token: string): Promise<string | undefined> {
    const [owner] = await this.work.query<{ id: string }>(
      `SELECT u.id
       FROM calendar_tokens k
       JOIN users u ON u."companyId" = $1 AND u.id = k."userId" AND u."deletedAt" IS NULL
       JOIN user_statuses t ON t.id = u."statusId" AND t."canLogin"
       JOIN companies c ON c.id = k."companyId" AND c."deletedAt" IS NULL
       WHERE k."companyId" = $1 AND k."tokenHash" = $2 AND k."deletedAt" IS NULL`,
      [sha256(token)],
    );
    return owner?.id;
  }
}
