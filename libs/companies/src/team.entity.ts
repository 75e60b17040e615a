import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import type { Relation } from 'typeorm';
import { CompanyEntity, NotPersonal, Personal, sameCompany } from '#core';
import { UserOwned } from '#identity';

@Entity('teams')
@Index('teams_id_name_unique', ['companyId', 'id', 'name'], { unique: true })
@Index('teams_name_idx', ['companyId', 'name', 'id'])
export class Team extends CompanyEntity {
  @Column('varchar', { length: 255 }) @NotPersonal() name!: string;
}

export const TEAM_ROLES = ['member', 'lead'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

@Entity('team_members')
@Check('team_members_role_check', `"role" IN ('member', 'lead')`)
@Index('team_members_unique', ['companyId', 'teamId', 'userId'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('team_members_leads_idx', ['companyId', 'teamId', 'userId'], { where: `role = 'lead' AND "deletedAt" IS NULL` })
@Index('team_members_user_idx', ['companyId', 'userId', 'role'])
export class TeamMember extends UserOwned {
  @Column('uuid') @NotPersonal() teamId!: string;

  @ManyToOne(() => Team, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('teamId'))
  team!: Relation<Team>;

  @Column('varchar', { length: 50, default: 'member' })
  @Personal({ kind: 'employment', whose: 'userId', purpose: 'who leads whom', erasure: 'keep' })
  role!: TeamRole;
}
