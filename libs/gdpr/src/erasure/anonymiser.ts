import { Injectable } from '@nestjs/common';
import { Audit, PersonErased } from '#core';
import { Credentials } from '#identity';
import { AnonymisationRepository } from './anonymisation.repository.js';
import type { Subject } from './anonymisation.repository.js';
import { PersonErasure } from './person-erasure.js';

/** Makes a person a deleted user, in the transaction of a request or of a restore. */
@Injectable()
export class Anonymiser {
  constructor(
    private readonly subjects: AnonymisationRepository,
    private readonly credentials: Credentials,
    private readonly erasure: PersonErasure,
    private readonly audit: Audit,
    private readonly personErased: PersonErased,
  ) {}

  /** The user is locked, and under no hold. @param doneAt when it was done first, if it is done again */
  async anonymise(id: string, doneAt?: Date): Promise<void> {
    await this.tell(id); // first: of one who anonymises themselves the address goes from here too
    await this.credentials.leave(id);
    await this.subjects.mark(id);
    await this.erasure.anonymise(id, doneAt);
    await this.subjects.forgetAnswersAbout(id);
    await this.personErased.run(id);
  }

  /** Takes from a deleted user, who is locked, what came back by requests that were under way, and tells if there was any; nothing of who is under hold. */
  async again({ id, isAnonymized, isHeld }: Subject): Promise<void> {
    if (!isAnonymized || isHeld) return;
    if ((await this.erasure.anonymiseAgain(id)) > 0) await this.tell(id);
    await this.subjects.forgetAnswersOfThen(id);
    await this.personErased.run(id);
  }

  private tell(id: string): Promise<void> {
    return this.audit.record({ action: 'user_anonymized', targetType: 'User', targetId: id, userId: id });
  }
}
