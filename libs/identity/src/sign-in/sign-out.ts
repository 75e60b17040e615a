import { Injectable } from '@nestjs/common';
import { Audit, Problem } from '#core';
import type { Principal } from '#rbac';
import { Sessions } from '../sessions/sessions.js';
import { UserPolicy } from '../users/user.policy.js';
import { UserRepository } from '../users/user.repository.js';

/** Sessions ended by hand, one's own and those of others. */
@Injectable()
export class SignOut {
  constructor(
    private readonly sessions: Sessions,
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly audit: Audit,
  ) {}

  async here({ userId, sessionId }: Principal): Promise<void> {
    await this.sessions.revoke(userId, { id: sessionId! });
    await this.audit.record({ action: 'signed_out', targetType: 'Session', targetId: sessionId, userId });
  }

  async everywhere({ userId }: Principal): Promise<void> {
    await this.sessions.revoke(userId);
    await this.audit.record({ action: 'signed_out_everywhere', targetType: 'User', targetId: userId, userId });
  }

  /** One of one's own. @throws 404 */
  async elsewhere({ userId }: Principal, sessionId: string): Promise<void> {
    if ((await this.sessions.revoke(userId, { id: sessionId })) === 0) throw new Problem('not_found');
    await this.audit.record({ action: 'session_revoked', targetType: 'Session', targetId: sessionId, userId });
  }

  /** All of a user. @throws 404, 403 `privilege_escalation` */
  async user(caller: Principal, userId: string): Promise<void> {
    const user = await this.users.get(userId);
    await this.policy.requireOver(caller, userId, user.role.id);
    await this.sessions.revoke(userId);
    await this.audit.record({ action: 'sessions_revoked', targetType: 'User', targetId: userId, userId });
  }
}
