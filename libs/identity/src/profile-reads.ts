import { Injectable } from '@nestjs/common';
import { clock, requestScope, UnitOfWork } from '#core';

/** Notes in the access log who read whose profile. */
@Injectable()
export class ProfileReads {
  constructor(private readonly work: UnitOfWork) {}

  async record(userId: string): Promise<void> {
    const scope = requestScope.getStore();
    await this.work.execute(
      `INSERT INTO access_logs ("companyId", "occurredAt", action, "targetType", "targetId", "userId", "actorUserId", "requestId", ip)
       VALUES ($1, $2, 'profile_read', 'User', $3, $3, $4, $5, $6)`,
      [clock.now(), userId, this.work.actorId, scope?.requestId ?? null, scope?.ip ?? null],
    );
  }
}
