import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock, codeOf, InjectLog, UnitOfWork } from '#core';
import { AnonymisationRepository } from './anonymisation.repository.js';
import { Anonymiser } from './anonymiser.js';

/** The job that asks runs once a day, and may once be late. */
const LOOK_BACK_MS = 3 * 86_400_000;

/**
 * What requests of people wrote that were under way while these were anonymised: another replica lets them in for a second more, and what they
 * wait for may not be theirs.
 */
@Injectable()
export class LateWrites {
  constructor(
    private readonly work: UnitOfWork,
    private readonly subjects: AnonymisationRepository,
    private readonly anonymiser: Anonymiser,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** Takes it from those who were anonymised in the last days. @returns whether it went through */
  async take(companyId: string, stopping: AbortSignal): Promise<boolean> {
    const tenant = { companyId, userId: null };
    try {
      for (const { userId } of await this.work.within(tenant, () => this.newest())) {
        if (stopping.aborted) break;
        await this.work.within(tenant, () => this.takeFrom(userId));
      }
      return true;
    } catch (error) {
      this.log.error({ code: codeOf(error) }, 'what came too late for an anonymisation was not taken yet');
      return false;
    }
  }

  private newest(): Promise<{ userId: string }[]> {
    const since = new Date(clock.now().getTime() - LOOK_BACK_MS);
    return this.work.last(
      `SELECT DISTINCT e."userId" FROM erasures e WHERE e."companyId" = $1 AND e.kind = 'anonymized' AND e."erasedAt" > $2`,
      [since],
    );
  }

  private async takeFrom(userId: string): Promise<void> {
    const subject = await this.subjects.lock(userId);
    if (subject) await this.anonymiser.again(subject);
  }
}
