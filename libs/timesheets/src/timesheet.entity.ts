import { Check, Column, Entity, Exclusion, Index, JoinColumn, ManyToOne } from 'typeorm';
import type { Relation } from 'typeorm';
import type { ApproverPolicy } from '#companies';
import { CompanyEntity, NotPersonal, Personal, sameCompany } from '#core';
import { User, UserOwned } from '#identity';

export const TIMESHEET_STATUSES = ['DRAFT', 'SUBMITTED', 'APPROVED', 'REJECTED'] as const;
export type TimesheetStatus = (typeof TIMESHEET_STATUSES)[number];

export const APPROVAL_STATUSES = ['PENDING', 'APPROVED', 'REJECTED'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

const WORK = { kind: 'employment', whose: 'userId', purpose: 'pay and proof of working time', erasure: 'keep' } as const;
const DECISION = { kind: 'activity', whose: 'approverId', purpose: 'who decided', erasure: 'keep' } as const;

/** In one period. */
export const LONGEST_DAYS = 31;

/** The period that one person hands in at once. */
@Entity('timesheets')
@Check('timesheets_status_check', `"status" IN ('DRAFT', 'SUBMITTED', 'APPROVED', 'REJECTED')`)
@Check('timesheets_period_check', `"periodEnd" >= "periodStart" AND "periodEnd" - "periodStart" < ${LONGEST_DAYS}`)
@Exclusion(
  'timesheets_no_period_overlap',
  `USING gist ("companyId" WITH =, "userId" WITH =, daterange("periodStart", "periodEnd", '[]') WITH &&) WHERE ("deletedAt" IS NULL)`,
)
@Index('timesheets_period_unique', ['companyId', 'userId', 'periodStart', 'periodEnd'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('timesheets_user_idx', ['companyId', 'userId'])
@Index('timesheets_status_newest_idx', ['companyId', 'status', 'periodStart', 'id'])
@Index('timesheets_newest_idx', ['companyId', 'periodStart', 'id'])
@Index('timesheets_approver_idx', ['companyId', 'approverId'])
@Index('timesheets_submitted_by_idx', ['companyId', 'submittedByUserId'])
export class Timesheet extends UserOwned {
  @Column('date') @Personal(WORK) periodStart!: string;

  @Column('date') @Personal(WORK) periodEnd!: string;

  @Column('varchar', { length: 16, default: 'DRAFT' }) @NotPersonal() status!: TimesheetStatus;

  @Column('timestamptz', { nullable: true }) @Personal(WORK) submittedAt!: Date | null;

  @Column('uuid', { nullable: true }) @Personal({ ...DECISION, whose: 'submittedByUserId' }) submittedByUserId!: string | null;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('submittedByUserId'))
  submittedBy!: Relation<User> | null;

  @Column('timestamptz', { nullable: true }) @Personal(WORK) approvedAt!: Date | null;

  @Column('uuid', { nullable: true }) @Personal(DECISION) approverId!: string | null;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('approverId'))
  approver!: Relation<User> | null;

  /** Sum of the minutes of its entries; written in the transaction that changes them. */
  @Column('integer', { default: 0 }) @Personal(WORK) totalMinutes!: number;

  @Column('text', { nullable: true })
  @Personal({ kind: 'free_text', whose: 'userId', purpose: 'remarks of the person', erasure: 'clear' })
  notes!: string | null;

  /** How often it was submitted. */
  @Column('integer', { default: 0 }) @NotPersonal() round!: number;

  /** The approver policy at the present submission: a later change of settings does not touch it. */
  @Column('varchar', { length: 32, nullable: true }) @NotPersonal() roundPolicy!: ApproverPolicy | null;
}

/** The decision of one approver in one round. */
@Entity('timesheet_approvals')
@Check('timesheet_approvals_status_check', `"status" IN ('PENDING', 'APPROVED', 'REJECTED')`)
@Index('timesheet_approvals_unique', ['companyId', 'timesheetId', 'approverId', 'round'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('timesheet_approvals_timesheet_idx', ['companyId', 'timesheetId'])
@Index('timesheet_approvals_approver_idx', ['companyId', 'approverId', 'status'])
export class TimesheetApproval extends CompanyEntity {
  @Column('uuid') @NotPersonal() timesheetId!: string;

  @ManyToOne(() => Timesheet, { onDelete: 'CASCADE', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('timesheetId'))
  timesheet!: Relation<Timesheet>;

  /** Null once the approver has been purged: the decision stays and points to nobody. */
  @Column('uuid', { nullable: true }) @Personal(DECISION) approverId!: string | null;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('approverId'))
  approver!: Relation<User> | null;

  @Column('varchar', { length: 16, default: 'PENDING' }) @NotPersonal() status!: ApprovalStatus;

  @Column('text', { nullable: true })
  @Personal({
    kind: 'free_text',
    whose: 'timesheetId',
    purpose: 'why it was decided so; also goes with who said so',
    erasure: 'clear',
    writer: { column: 'approverId', at: 'decidedAt', erasure: 'clear' },
  })
  reason!: string | null;

  @Column('timestamptz', { nullable: true }) @NotPersonal() decidedAt!: Date | null;

  @Column('integer', { default: 1 }) @NotPersonal() round!: number;

  /** SHA-256 over the canonical entries that were decided on, in hex; null while pending. */
  @Column('text', { nullable: true }) @NotPersonal() digest!: string | null;
}
