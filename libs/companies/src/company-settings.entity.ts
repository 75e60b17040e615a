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
}
