import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, LeadsChanged, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import { TeamMemberRepository } from './team-member.repository.js';
import type { CreateTeam, TeamView, UpdateTeam } from './team.dto.js';
import { Team } from './team.entity.js';
import { TeamRepository } from './team.repository.js';

@Injectable()
export class TeamService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly teams: TeamRepository,
    private readonly members: TeamMemberRepository,
    private readonly audit: Audit,
    private readonly leadsChanged: LeadsChanged,
  ) {}

  async create({ name }: CreateTeam): Promise<TeamView> {
    const id = randomUUID();
    await this.work.insert(Team, { id, name });
    await this.audit.record({ action: 'team_created', targetType: 'Team', targetId: id, after: { name } });
    return this.teams.get(id);
  }

  /** @throws 412; a change that changes nothing leaves the version alone */
  async change(id: string, fields: UpdateTeam, expected: ExpectedVersion): Promise<TeamView> {
    const before = await this.teams.lock(id);
    expectVersion(before, expected);
    const told = changes(before, fields);
    if (!told) return before;
    await this.work.update(Team, { id }, fields);
    await this.audit.record({ action: 'team_updated', targetType: 'Team', targetId: id, ...told });
    return this.teams.get(id);
  }

  /** The memberships rest: who was in it stays known, but from now on its leads lead nobody by it. @throws 412 */
  async delete(id: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.teams.lockPeople(id);
    expectVersion(before, expected);
    await this.work.delete(Team, { id });
    await this.leadsChanged.run(await this.members.userIds(id));
    await this.audit.record({ action: 'team_deleted', targetType: 'Team', targetId: id, before: { name: before.name } });
  }
}
