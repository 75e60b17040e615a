import { Injectable } from '@nestjs/common';
import { Admins } from '#identity';
import { PurgePeople } from '../retention/purge-people.js';
import { AnonymisationRepository } from './anonymisation.repository.js';
import { Anonymiser } from './anonymiser.js';
import type { ErasureLine } from './erasures-file.js';

/** What became of it: done, or why not. */
export type Outcome = ErasureLine['kind'] | 'held' | 'failed';

/** The erasure of a person that was done before, in the present transaction: the database may have been brought back to a moment before it. */
@Injectable()
export class RepeatedErasure {
  constructor(
    private readonly admins: Admins,
    private readonly subjects: AnonymisationRepository,
    private readonly anonymiser: Anonymiser,
    private readonly people: PurgePeople,
  ) {}

  /** @returns undefined for who was erased in this database already */
  async repeat({ userId, kind, erasedAt }: ErasureLine): Promise<Outcome | undefined> {
    await this.admins.lock();
    const subject = await this.subjects.lock(userId);
    if (!subject) return undefined;
    if (kind === 'anonymized' && subject.isAnonymized) {
      await this.anonymiser.again(subject); // what came too late for it may be in the backup
      return undefined;
    }
    if (subject.isHeld) return 'held';
    if (!subject.isDeleted) await this.admins.makeWay(subject); // they may be the owner again
    return kind === 'anonymized' ? this.anonymise(userId, new Date(erasedAt)) : this.purge(userId, new Date(erasedAt));
  }

  private async anonymise(userId: string, doneAt: Date): Promise<Outcome> {
    await this.anonymiser.anonymise(userId, doneAt);
    return 'anonymized';
  }

  private async purge(userId: string, doneAt: Date): Promise<Outcome> {
    await this.subjects.forgetAnswersAbout(userId); // long gone where the purge was, but in the backup perhaps not
    return (await this.people.remove([userId], doneAt)).removed.length > 0 ? 'purged' : 'failed';
  }
}
