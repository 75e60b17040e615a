import { Injectable } from '@nestjs/common';
import { Cursors, Query, UnitOfWork } from '#core';
import type { JsonPage } from '#core';
import { may } from '#rbac';
import type { Principal } from '#rbac';
import type { MemberQuery, MemberRow } from './team.dto.js';
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

/** Those of a team who still are users, in the columns that the caller may see. */
const membersFor = (caller: Principal): string => (may(caller, 'read_team') ? WITH_READ_TEAM : OPEN_TO_ALL);

@Injectable()
export class TeamMemberRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly teams: TeamRepository,
  ) {}

  /** Members by name. @throws 404 */
  async list(caller: Principal, teamId: string, query: MemberQuery): Promise<JsonPage<MemberRow>> {
    const list = `team-members ${teamId}`;
    const { text, values } = new Query(membersFor(caller))
      .and('m."teamId" = ?', teamId)
      .after(['u."lastName"', 'u."firstName"', 'u.id'], '>', this.cursors.after(list, query))
      .page('u."lastName", u."firstName", u.id', query.limit);
    await this.teams.get(teamId); // behind what is wrong with the query
    const rows = await this.work.lastAsJson<MemberRow>(text, values);
    return this.cursors.json(list, query, rows, ({ lastName, firstName, userId }) => [lastName, firstName, userId]);
  }

  /** Somebody who is in the team, in the columns that the caller may see. */
  async get(caller: Principal, teamId: string, userId: string): Promise<MemberRow> {
    const [member] = await this.work.query<MemberRow>(`${membersFor(caller)} AND m."teamId" = $2 AND m."userId" = $3`, [teamId, userId]);
    return member!;
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
