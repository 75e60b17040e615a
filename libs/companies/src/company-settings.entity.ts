import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Company, NotPersonal, Personal, sameCompany, Stamped } from '#core';
import { User } from '#identity';

export const APPROVER_POLICIES = ['manager_of_user', 'role_manager', 'explicit'] as const;
export type ApproverPolicy = (typeof APPROVER_POLICIES)[number];

/** Hours of each working day, such as `{ "monday": [9, 17] }`; a day that is not named is free. */
export type WorkWeek = Partial<
  Record<'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday', [number, number]>
>;

@Entity('company_settings')
@Check('company_settings_policy_check', `"timesheetApproverPolicy" IN ('manager_of_user', 'role_manager', 'explicit')`)
@Check(
  'company_settings_retention_check',
  `"deletedUserYears" BETWEEN 1 AND 30 AND "auditLogYears" BETWEEN 1 AND 30
   AND "accessLogMonths" BETWEEN 1 AND 120 AND "sessionDays" BETWEEN 1 AND 730`,
)
@Index('company_settings_company_unique', ['companyId'], { unique: true })
export class CompanySettings extends Stamped {
  @PrimaryColumn('uuid', { update: false }) @NotPersonal() companyId!: string;

  @PrimaryGeneratedColumn('uuid') @NotPersonal() id!: string;

  // Goes with the company, unlike all else; hence not a CompanyEntity.
  @ManyToOne(() => Company, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'companyId' })
  company!: Relation<Company>;

  /** Who signed the company up, or was named since; an Admin. */
  @Column('uuid')
  @Personal({ kind: 'employment', whose: 'ownerUserId', purpose: 'who answers for the company', erasure: 'keep' })
  ownerUserId!: string;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('ownerUserId'))
  owner!: Relation<User>;

  /** IANA name; gives the company's days. */
  @Column('text', { default: 'UTC' }) @NotPersonal() timezone!: string;

  @Column('jsonb', { default: () => `'{}'` }) @NotPersonal() workWeek!: WorkWeek;

  @Column('text', { nullable: true }) @NotPersonal() holidayCalendar!: string | null;

  @Column('varchar', { length: 32, default: 'manager_of_user' }) @NotPersonal() timesheetApproverPolicy!: ApproverPolicy;

  @Column('text', { array: true, nullable: true }) @NotPersonal() allowedEmailDomains!: string[] | null;

  @Column('boolean', { default: false }) @NotPersonal() requireCompanyEmail!: boolean;

  /** How long a deleted user is kept, in calendar years (UTC). */
  @Column('integer', { default: 7 }) @NotPersonal() deletedUserYears!: number;

  @Column('integer', { default: 7 }) @NotPersonal() auditLogYears!: number;

  @Column('integer', { default: 12 }) @NotPersonal() accessLogMonths!: number;

  /** How long an ended session or link is kept. */
  @Column('integer', { default: 90 }) @NotPersonal() sessionDays!: number;
}
