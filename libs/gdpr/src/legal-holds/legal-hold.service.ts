import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, one, Problem, UnitOfWork } from '#core';
import type { AuditActionOn, Change, ExpectedVersion } from '#core';
import { UserRepository } from '#identity';
import type { LegalHoldView } from './legal-hold.dto.js';
import { LegalHold } from './legal-hold.entity.js';

const HOLD = `
  SELECT h.id, h."userId", h.reason, h."createdAt", h."updatedAt", h.version
  FROM legal_holds h WHERE h."companyId" = $1 AND h."userId" = $2`;

/** Who must not be erased. Each change locks the user's row first, as erasure does: of both at once one sees the other's work. */
@Injectable()
export class LegalHolds {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UserRepository,
    private readonly audit: Audit,
  ) {}

  /** The whole answer of a request. @throws 404 */
  async read(userId: string): Promise<LegalHoldView> {
    const hold = one(await this.work.last<LegalHoldView>(HOLD, [userId]));
    this.users.noteRead(userId);
    return hold;
  }

  /** @throws 404 for nobody, 412; the same reason again leaves the version alone */
  async set(userId: string, reason: string | null, expected: ExpectedVersion): Promise<LegalHoldView> {
    const before = await this.lock(userId);
    if (!before) return this.hold(userId, reason, expected);
    expectVersion(before, expected);
    const told = changes(before, { reason }, ['reason']);
    if (!told) return before;
    await this.work.update(LegalHold, { id: before.id }, { reason });
    await this.tell('legal_hold_updated', before, told);
    return this.get(userId);
  }

  /** @throws 404 for nobody and for who is not held, 412 */
  async release(userId: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.lock(userId);
    if (!before) throw new Problem('not_found');
    expectVersion(before, expected);
    await this.work.execute('DELETE FROM legal_holds WHERE "companyId" = $1 AND id = $2', [before.id]);
    await this.tell('legal_hold_released', before);
  }

  private async hold(userId: string, reason: string | null, expected: ExpectedVersion): Promise<LegalHoldView> {
    if (expected !== undefined) throw new Problem('version_mismatch'); // there is none that could have been seen
    await this.work.insert(LegalHold, { userId, reason });
    const hold = await this.get(userId);
    await this.tell('legal_hold_set', hold, reason === null ? {} : { after: { reason: 'changed' } });
    return hold;
  }

  /** The hold of a user who is locked until the end of the transaction. @throws 404 */
  private async lock(userId: string): Promise<LegalHoldView | undefined> {
    if (!(await this.users.lockDeleted(userId))) throw new Problem('not_found');
    return (await this.work.query<LegalHoldView>(HOLD, [userId]))[0];
  }

  private async get(userId: string): Promise<LegalHoldView> {
    return one(await this.work.query<LegalHoldView>(HOLD, [userId]));
  }

  private tell(action: AuditActionOn<'LegalHold'>, { id, userId }: LegalHoldView, told: Change = {}) {
    return this.audit.record({ action, targetType: 'LegalHold', targetId: id, userId, ...told });
  }
}
