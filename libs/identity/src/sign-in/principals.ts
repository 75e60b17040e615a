import { Injectable } from '@nestjs/common';
import { clock, Config, UnitOfWork } from '#core';
import { AccessChanges, KnownRoles } from '#rbac';
import type { Principal } from '#rbac';
import { aliveSession, idleSince } from '../sessions/session-life.js';

/** How long a replica may go on with what it read; a change made on this one counts at once. */
const KEPT_MS = 1000;
const KEPT_AT_MOST = 10_000;

interface Row {
  lastSeenAt: string;
  expiresAt: string;
  mustChangePassword: boolean;
  roleId: string;
  roleVersion: number;
}

/** IS NOT DISTINCT, as = would let a plan read all sessions of the person, dead ones too, instead of the one. */
const READ = `
  SELECT s."lastSeenAt", s."expiresAt", u."mustChangePasswordAtNextLogin" AS "mustChangePassword", r.id AS "roleId", r.version AS "roleVersion"
  FROM active_sessions s
  JOIN users u ON u."companyId" = $1 AND u.id = $3 AND u."deletedAt" IS NULL
  JOIN user_statuses t ON t.id = u."statusId" AND t."canLogin"
  JOIN companies c ON c.id = $1 AND c."deletedAt" IS NULL
  JOIN roles r ON r."companyId" = $1 AND r.id = u."roleId"
  WHERE s."companyId" = $1 AND s.id = $2 AND s."userId" IS NOT DISTINCT FROM $3 AND ${aliveSession('s', '$4', '$5')}`;

/** Who a session stands for right now: session, status and permissions are read anew, at most a second later. */
@Injectable()
export class Principals {
  private readonly kept = new Map<string, { principal: Principal; until: number }>();
  /** Counts the changes, so that what was read before one is not kept after it. */
  private changes = 0;

  constructor(
    private readonly work: UnitOfWork,
    private readonly config: Config,
    private readonly accessChanges: AccessChanges,
    private readonly roles: KnownRoles,
  ) {
    accessChanges.listen((companyId) => this.forget(companyId));
  }

  /** The user of the tenant in scope, if the session is theirs and alive. */
  async ofSession(sessionId: string): Promise<Principal | undefined> {
    const { companyId, userId } = this.work.tenant;
    const known = this.kept.get(sessionId);
    if (known && known.until > performance.now() && known.principal.userId === userId && known.principal.companyId === companyId)
      return known.principal;
    const changes = this.changes;
    const [now, began] = [clock.now(), performance.now()];
    const [row] = await this.work.query<Row>(READ, [sessionId, userId, now, idleSince(this.config, now)]);
    if (!row || !userId) return undefined;
    if (this.isUntold(row.lastSeenAt, now)) await this.work.afterCommit(() => this.touch(sessionId, now));
    const permissions = await this.roles.permissions(row.roleId, row.roleVersion);
    const principal = { companyId, userId, sessionId, permissions, mustChangePassword: row.mustChangePassword, ownOnly: false };
    if (this.kept.size >= KEPT_AT_MOST) this.kept.clear();
    if (changes === this.changes) this.kept.set(sessionId, { principal, until: began + this.keptFor(row, now) });
    return principal;
  }

  /** In milliseconds; less where sessions idle out within seconds, or this one is about to end. */
  private keptFor({ expiresAt }: Row, now: Date): number {
    return Math.min(KEPT_MS, this.config.sessionIdleTtl * 250, Date.parse(expiresAt) - now.getTime());
  }

  /** Call after any change to a session, user, role or permission: what was kept of its company is forgotten once it is committed. */
  changed(): Promise<void> {
    return this.accessChanges.changed();
  }

  /** A session is noted as alive at most once a minute (oftener where sessions idle out within minutes). */
  private isUntold(lastSeenAt: string, now: Date): boolean {
    const step = Math.min(60, this.config.sessionIdleTtl / 10) * 1000;
    return now.getTime() - Date.parse(lastSeenAt) >= step;
  }

  /** After the request: inside, its row would be locked until the end, and who revokes it meanwhile could wait for this one in a circle. */
  private async touch(sessionId: string, now: Date): Promise<void> {
    const text = 'UPDATE active_sessions SET "lastSeenAt" = $3 WHERE "companyId" = $1 AND id = $2 AND "lastSeenAt" < $3';
    await this.work.within(this.work.tenant, () => this.work.execute(text, [sessionId, now])).catch(() => undefined); // the next one will
  }

  private forget(companyId: string): void {
    this.changes++;
    for (const [sessionId, { principal }] of this.kept) {
      if (principal.companyId === companyId) this.kept.delete(sessionId);
    }
  }
}
