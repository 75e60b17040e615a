import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Audit, expectVersion, LeadsChanged, Problem, UnitOfWork } from '#core';
import type { AuditActionOn, Change, ExpectedVersion } from '#core';
import { Escalation } from '#rbac';
import type { PermissionName, Principal } from '#rbac';
import { TeamMemberRepository } from './team-member.repository.js';
import type { PutMemberView } from './team.dto.js';
import { Team, TeamMember } from './team.entity.js';
import type { TeamRole } from './team.entity.js';
import { TeamRepository } from './team.repository.js';

/** What a lead may for their people: whoever takes it themselves holds it already. */
const LEADS_MAY: PermissionName[] = [
  'read_leave_request',
  'approve_leave_request',
  'read_timesheet',
  'read_timesheet_history',
  'approve_timesheet',
];

/** Who is in a team, and who leads it. All changes queue on the company's row, and move the version of the team. */
@Injectable()
export class TeamMemberService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly teams: TeamRepository,
    private readonly members: TeamMemberRepository,
    private readonly escalation: Escalation,
    private readonly audit: Audit,
    private readonly leadsChanged: LeadsChanged,
  ) {}

  /**
   * Makes somebody a member or a lead; where they are so already, nothing changes.
   * @throws 404 also for the user, 403 `privilege_escalation` for who makes themselves a lead and may not what a lead may, 412 on the team's version
   */
  async put(caller: Principal, teamId: string, userId: string, role: TeamRole, expected: ExpectedVersion): Promise<PutMemberView> {
    const team = await this.teams.lockPeople(teamId);
    await this.members.requireUser(userId);
    const before = await this.members.roleOf(teamId, userId);
    if (userId === caller.userId && role === 'lead' && before !== 'lead')
      await this.escalation.refuseBeyond(caller, LEADS_MAY, { targetType: 'Team', targetId: teamId, userId });
    expectVersion(team, expected);
    if (before === role) return { ...(await this.members.get(caller, teamId, userId)), version: team.version };
    if (before) await this.work.update(TeamMember, living(teamId, userId), { role });
    else await this.work.insert(TeamMember, { teamId, userId, role });
    await this.moved(teamId, userId, [before, role]);
    const action = before ? 'team_member_changed' : 'team_member_added';
    await this.tell(action, teamId, userId, { ...(before ? { before: { role: before } } : {}), after: { role } });
    return { ...(await this.members.get(caller, teamId, userId)), version: team.version + 1 };
  }

  /** @throws 404 also for somebody who is not in the team, 412 on the team's version */
  async delete(teamId: string, userId: string, expected: ExpectedVersion): Promise<void> {
    const team = await this.teams.lockPeople(teamId);
    const before = await this.members.roleOf(teamId, userId);
    if (!before) throw new Problem('not_found');
    expectVersion(team, expected);
    await this.work.delete(TeamMember, living(teamId, userId));
    await this.moved(teamId, userId, [before]);
    await this.tell('team_member_removed', teamId, userId, { before: { role: before } });
  }

  /** @param roles that the user had or has: one who leads or led concerns all of the team, a member nobody else */
  private async moved(teamId: string, userId: string, roles: (TeamRole | undefined)[]): Promise<void> {
    await this.work.update(Team, { id: teamId }, {});
    const others = roles.includes('lead') ? await this.members.userIds(teamId) : [];
    await this.leadsChanged.run([userId, ...others]);
  }

  private tell(action: AuditActionOn<'Team'>, teamId: string, userId: string, change: Change): Promise<void> {
    return this.audit.record({ action, targetType: 'Team', targetId: teamId, userId, ...change });
  }
}

const living = (teamId: string, userId: string) => ({ teamId, userId, deletedAt: IsNull() });
