import { Injectable } from '@nestjs/common';
import { Problem, UnitOfWork } from '#core';
import { UserRepository } from './user.repository.js';

/** Of whom something new may be told: those who are neither deleted nor anonymised. Before a write to be asked under their lock. */
@Injectable()
export class PresentPeople {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UserRepository,
  ) {}

  /** Which of them are. @throws 401 where who acts is not, since their request began */
  async among(ids: string[]): Promise<Set<string>> {
    const living = await this.users.living(ids);
    const here = new Set(living.filter(({ isAnonymized }) => !isAnonymized).map(({ id }) => id));
    if (ids.some((id) => id === this.work.actorId && !here.has(id))) throw new Problem('not_signed_in');
    return here;
  }

  /** @throws 409 `conflict` for a text that would tell of somebody anonymised again */
  async refuseText(userId: string, text: string | null | undefined): Promise<void> {
    if (!text) return;
    const anonymised = 'SELECT 1 FROM users u WHERE u."companyId" = $1 AND u.id = $2 AND u."isAnonymized"';
    if ((await this.work.query(anonymised, [userId])).length > 0) throw new Problem('conflict', { detail: 'The person is anonymised' });
  }
}
