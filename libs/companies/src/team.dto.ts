import { Email, Id, Instant, OneOf, PageOf, Text, Version } from '#core';
import { TEAM_ROLES } from './team.entity.js';
import type { TeamRole } from './team.entity.js';

const NAME = { example: 'Research' };
const ROLE = { description: 'A lead may read the time and leave of the members, and decide their leave.' };

export class CreateTeam {
  @Text(255, NAME) name!: string;
}

export class UpdateTeam {
  @Text(255, { ...NAME, optional: true }) name?: string;
}

export class TeamView {
  @Id() id!: string;
  @Text(255, NAME) name!: string;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class TeamPage extends PageOf(TeamView) {}

export class PutMember {
  @OneOf(TEAM_ROLES, ROLE) role!: TeamRole;
}

export class MemberView {
  @Id() userId!: string;
  @Text(255, { example: 'Ada' }) firstName!: string;
  @Text(255, { example: 'Lovelace' }) lastName!: string;
  @Email({ optional: true, description: 'With `read_team`.' }) email?: string;
  @OneOf(TEAM_ROLES, { ...ROLE, optional: true, description: 'In this team; with `read_team`.' }) role?: TeamRole;
}

export class MemberPage extends PageOf(MemberView) {}

export class PutMemberView extends MemberView {
  @Version({ description: 'Of the team, also as ETag: it moves with the members.' }) version!: number;
}
