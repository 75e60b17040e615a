import { Injectable } from '@nestjs/common';
import { clock, Config, Cursors, Query, UnitOfWork } from '#core';
import type { JsonPage, PageQuery } from '#core';
import type { Principal } from '#rbac';
import { aliveSession, idleSince } from './session-life.js';
import type { SessionView } from './session.dto.js';

/** The list of a user's sessions, for {@link Cursors}. */
export const sessionsOf = (userId: string): string => `sessions ${userId}`;
const ACTIVE = `
  SELECT s.id, s.ip, s."userAgent", s."deviceId", s."createdAt", s."lastSeenAt", s."expiresAt", s.id IS NOT DISTINCT FROM $2 AS current
  FROM active_sessions s
  WHERE s."companyId" = $1 AND s."userId" = $3 AND ${aliveSession('s', '$4', '$5')}`;

@Injectable()
export class SessionRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly config: Config,
  ) {}

  /** The sessions of a user that a token still opens. */
  async active(caller: Principal, userId: string, query: PageQuery): Promise<JsonPage<SessionView>> {
    const now = clock.now();
    const list = sessionsOf(userId);
    const { text, values } = new Query(ACTIVE, [caller.sessionId, userId, now, idleSince(this.config, now)])
      .after(['s."createdAt"', 's.id'], '<', this.cursors.after(list, query))
      .page('s."createdAt" DESC, s.id DESC', query.limit);
    const rows = await this.work.lastAsJson<SessionView>(text, values);
    return this.cursors.json(list, query, rows, ({ createdAt, id }) => [createdAt, id]);
  }
}
