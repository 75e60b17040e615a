import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock, codeOf, InjectLog, UnitOfWork } from '#core';
import { AnonymisationRepository } from './anonymisation.repository.js';
import { Anonymiser } from './anonymiser.js';

/** The job that asks runs once a day, and may once be late. Where it has not gone through for longer, it looks back to when it did, and an hour more. */
const LOOK_BACK_MS = 3 * 86_400_000;
const MORE_MS = 3_600_000;

/**
 * What requests of people wrote that were under way while these were anonymised: another replica lets them in for a second more, and what they
 * wait for may not be theirs.
 */
@Injectable()
export class LateWrites {
  /** When it last went through here, by company: the job as a whole fails for as long as somebody cannot be purged. */
  private readonly through = new Map<string, number>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly subjects: AnonymisationRepository,
    private readonly anonymiser: Anonymiser,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** Takes it from those who were anonymised in the last days, or since the job went through. @returns whether it went through */
  async take(companyId: string, stopping: AbortSignal): Promise<boolean> {
    const tenant = { companyId, userId: null };
    const now = clock.now().getTime();
    try {
      const last = this.through.get(companyId) ?? (await this.succeededAt());
      const since = new Date(Math.min(now - LOOK_BACK_MS, last - MORE_MS));
      for (const { userId } of await this.work.within(tenant, () => this.anonymisedSince(since))) {
        if (stopping.aborted) return true;
        await this.work.within(tenant, () => this.takeFrom(userId));
      }
      this.through.set(companyId, now);
      return true;
    } catch (error) {
      this.log.error({ code: codeOf(error) }, 'what came too late for an anonymisation was not taken yet');
      return false;
    }
  }

  /** Of the job, on any replica; 0 where it never did. */
  private async succeededAt(): Promise<number> {
    const [job] = await this.work.outside<{ at: string | null }>(`SELECT "succeededAt" AS at FROM scheduled_jobs WHERE name = 'retention'`);
    return job?.at ? Date.parse(job.at) : 0;
  }

  private anonymisedSince(since: Date): Promise<{ userId: string }[]> {
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
