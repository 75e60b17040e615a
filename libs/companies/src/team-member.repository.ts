import { Injectable } from '@nestjs/common';
import { Cursors, Problem, Query, UnitOfWork } from '#core';
import type { Page, PageQuery } from '#core';
import { UserRepository } from '#identity';
import { may } from '#rbac';
import type { Principal } from '#rbac';
import type { MemberView } from './team.dto.js';
import type { TeamRole } from './team.entity.js';
import { TeamRepository } from './team.repository.js';

const selectMembers = (columns: string) => `
  SELECT ${columns}
  FROM team_members m
  JOIN users u ON u."companyId" = $1 AND u.id = m."userId" AND u."deletedAt" IS NULL
  WHERE m."companyId" = $1 AND m."deletedAt" IS NULL`;
const NAMES = 'm."userId", u."firstName", u."lastName"';
const OPEN_TO_ALL = selectMembers(NAMES);
const WITH_READ_TEAM = selectMembers(`${NAMES}, u.email, m.role`);

const seesMore = (caller: Principal): boolean => may(caller, 'read_team');

/** Those of a team who still are users, in the columns that the caller may see. */
const membersFor = (caller: Principal): string => (seesMore(caller) ? WITH_READ_TEAM : OPEN_TO_ALL);

@Injectable()
export class TeamMemberRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly teams: TeamRepository,
    private readonly users: UserRepository,
  ) {}

  /** Members by name; of whom more is told, that is noted. @throws 404 */
  async list(caller: Principal, teamId: string, query: PageQuery): Promise<Page<MemberView>> {
    const list = `team-members ${teamId}`;
    const { text, values } = new Query(membersFor(caller))
      .and('m."teamId" = ?', teamId)
      .after(['u."lastName"', 'u."firstName"', 'u.id'], '>', this.cursors.after(list, query))
      .page('u."lastName", u."firstName", u.id', query.limit);
    await this.teams.get(teamId); // behind what is wrong with the query
    const rows = await this.work.last<MemberView>(text, values);
    const page = this.cursors.page(list, query, rows, ({ lastName, firstName, userId }) => [lastName, firstName, userId]);
    for (const { userId } of page.items) this.note(caller, userId);
    return page;
  }

  /** Somebody who is in the team, in the columns that the caller may see; more than the name is noted. */
  async get(caller: Principal, teamId: string, userId: string): Promise<MemberView> {
    const [member] = await this.work.query<MemberView>(`${membersFor(caller)} AND m."teamId" = $2 AND m."userId" = $3`, [teamId, userId]);
    this.note(caller, userId);
    return member!;
  }

  private note(caller: Principal, userId: string): void {
    if (seesMore(caller)) this.users.noteRead(userId);
  }

  /** @throws 404 for somebody who is no user, or no more */
  async requireUser(userId: string): Promise<void> {
    if ((await this.users.living([userId])).length === 0) throw new Problem('not_found');
  }

  /** All who are in the team, users or no more; also of a deleted one. */
  async userIds(teamId: string): Promise<string[]> {
    const rows = await this.work.query<{ userId: string }>(
      'SELECT m."userId" FROM team_members m WHERE m."companyId" = $1 AND m."teamId" = $2 AND m."deletedAt" IS NULL',
      [teamId],
    );
    return rows.map(({ userId }) => userId);
  }

  /** Undefined for somebody who is not in the team, or no user any more. */
  async roleOf(teamId: string, userId: string): Promise<TeamRole | undefined> {
    const [member] = await this.work.query<{ role: TeamRole }>(`${selectMembers('m.role')} AND m."teamId" = $2 AND m."userId" = $3`, [
      teamId,
      userId,
    ]);
    return member?.role;
  }
}
