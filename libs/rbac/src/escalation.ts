import { Injectable } from '@nestjs/common';
import { Audit, Problem, UnitOfWork } from '#core';
import type { AuditEvent } from '#core';
import { isPermission } from './permissions.js';
import { may } from './principal.js';
import type { Principal } from './principal.js';

/** What somebody wanted to give away, or to act upon. */
export type EscalationTarget = { targetType: 'ApiKey' | 'Role' | 'Team' | 'User' } & Pick<AuditEvent, 'targetId' | 'userId'>;

/** Nobody hands out, or acts upon, more than they hold. */
@Injectable()
export class Escalation {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: Audit,
  ) {}

  /**
   * Refuses permissions that the caller does not hold. The attempt stays in the audit log, so it is committed here: call this before
   * the first write.
   * @throws 403 `privilege_escalation`
   */
  async refuseBeyond(caller: Principal, permissions: Iterable<string>, target: EscalationTarget): Promise<void> {
    // A name that the catalogue does not know any more gives nobody anything.
    const beyond = [...permissions].filter((name) => isPermission(name) && !may(caller, name)).toSorted();
    if (beyond.length === 0) return;
    await this.audit.record({ ...target, action: 'privilege_escalation_refused', after: { permissions: beyond } });
    await this.work.commit();
    throw new Problem('privilege_escalation', { detail: `Beyond your own permissions: ${beyond.join(', ')}` });
  }
}
