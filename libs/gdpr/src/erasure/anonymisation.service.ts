import { Injectable } from '@nestjs/common';
import { expectVersion, Problem } from '#core';
import type { ExpectedVersion } from '#core';
import { Admins, UserPolicy, UserRepository } from '#identity';
import type { ColleagueView, UserView } from '#identity';
import type { Principal } from '#rbac';
import { AnonymisationRepository } from './anonymisation.repository.js';
import type { Subject } from './anonymisation.repository.js';
import { Anonymiser } from './anonymiser.js';

/** Who may anonymise whom, and when. */
@Injectable()
export class AnonymisationService {
  constructor(
    private readonly admins: Admins,
    private readonly subjects: AnonymisationRepository,
    private readonly users: UserRepository,
    private readonly policy: UserPolicy,
    private readonly anonymiser: Anonymiser,
  ) {}

  /**
   * Deleted users too. One who is anonymised already stays as they are, and loses what was written while it was done.
   * @throws 404, 403 `privilege_escalation`, 412, 409 `legal_hold`, `last_admin`
   */
  async anonymise(caller: Principal, id: string, expected: ExpectedVersion): Promise<UserView | ColleagueView> {
    await this.admins.lock();
    const user = await this.subjects.lock(id);
    if (!user) throw new Problem('not_found');
    if (!user.isAnonymized) await this.policy.requireOver(caller, id, user.role.id);
    expectVersion(user, expected);
    if (user.isHeld) throw new Problem('legal_hold');
    if (user.isAnonymized) await this.anonymiser.again(user);
    else await this.erase(user);
    return this.users.show(caller, userOf((await this.subjects.find(id))!));
  }

  private async erase(user: Subject): Promise<void> {
    if (!user.isDeleted) await this.admins.stepDown(user);
    await this.anonymiser.anonymise(user.id);
  }
}

function userOf({ isDeleted: _, isHeld: __, ...user }: Subject): UserView {
  return user;
}
