import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';

/**
 * Tells those who remember what somebody may do that it is no longer so. Whoever remembers stands to the right of this library and
 * registers here; whoever changes a session, user, role or permission calls {@link changed}.
 */
@Injectable()
export class AccessChanges {
  private readonly listeners: Array<(companyId: string) => void> = [];

  constructor(private readonly work: UnitOfWork) {}

  /** @param listener called with the company after the commit of each change, on this replica only */
  listen(listener: (companyId: string) => void): void {
    this.listeners.push(listener);
  }

  /** Call in the transaction of the change. */
  async changed(): Promise<void> {
    const { companyId } = this.work.tenant;
    await this.work.afterCommit(() => this.listeners.forEach((listener) => listener(companyId)));
  }
}
