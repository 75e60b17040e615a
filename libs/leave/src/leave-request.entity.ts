import { Check, Column, Entity, Exclusion, Index, JoinColumn, ManyToOne } from 'typeorm';
import type { Relation } from 'typeorm';
import { NotPersonal, Personal, sameCompany } from '#core';
import { User, UserOwned } from '#identity';

export const LEAVE_TYPES = ['PTO', 'SICK', 'UNPAID'] as const;
export const LEAVE_STATUSES = ['PENDING', 'APPROVED', 'REJECTED', 'CANCELLED'] as const;
export const DAY_PORTIONS = ['full', 'morning', 'afternoon'] as const;
export type LeaveType = (typeof LEAVE_TYPES)[number];
export type LeaveStatus = (typeof LEAVE_STATUSES)[number];
export type DayPortion = (typeof DAY_PORTIONS)[number];

/** A day of leave, and what it costs. */
export interface CountedDay {
  day: string;
  /** 0, 0.5 or 1. */
  counted: number;
  /** `working_day`, `not_in_work_week` or the holiday's name. */
  reason: string;
}

const ABSENCE = { kind: 'employment', whose: 'userId', purpose: 'planning absences', erasure: 'keep' } as const;
const WHY = { kind: 'health', whose: 'userId', erasure: 'clear' } as const;
/** The words of who decided, about the person. */
const DECIDED = { ...WHY, writer: { column: 'decidedByUserId', at: 'decidedAt', erasure: 'clear' } } as const;

/** Overlap knows half days: a day runs from 0 to 24 h, an afternoon begins at 12, a morning ends at 12. */
@Entity('leave_requests')
@Check('leave_requests_dates_check', `"endDate" >= "startDate"`)
@Check(
  'leave_requests_portions_check',
  `"startPortion" IN ('full', 'morning', 'afternoon') AND "endPortion" IN ('full', 'morning', 'afternoon')`,
)
@Check('leave_requests_type_check', `"leaveType" IN ('PTO', 'SICK', 'UNPAID')`)
@Check('leave_requests_status_check', `"status" IN ('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED')`)
@Exclusion(
  'leave_requests_no_overlap',
  `USING gist ("companyId" WITH =, "userId" WITH =, tsrange(
    "startDate" + CASE "startPortion" WHEN 'afternoon' THEN interval '12 hours' ELSE interval '0 hours' END,
    "endDate" + CASE "endPortion" WHEN 'morning' THEN interval '12 hours' ELSE interval '24 hours' END
  ) WITH &&) WHERE ("deletedAt" IS NULL AND "status" IN ('PENDING', 'APPROVED'))`,
)
@Index('leave_requests_user_idx', ['companyId', 'userId'])
@Index('leave_requests_newest_idx', ['companyId', 'startDate', 'id'])
@Index('leave_requests_dates_idx', ['companyId', 'startDate', 'endDate'])
@Index('leave_requests_decided_by_idx', ['companyId', 'decidedByUserId'])
export class LeaveRequest extends UserOwned {
  @Column('date') @Personal(ABSENCE) startDate!: string;

  @Column('date') @Personal(ABSENCE) endDate!: string;

  @Column('varchar', { length: 16, default: 'full' }) @Personal(ABSENCE) startPortion!: DayPortion;

  @Column('varchar', { length: 16, default: 'full' }) @Personal(ABSENCE) endPortion!: DayPortion;

  @Column('varchar', { length: 20 })
  @Personal({ kind: 'health', whose: 'userId', purpose: 'pay during absence', erasure: 'keep' })
  leaveType!: LeaveType;

  @Column('varchar', { length: 20, default: 'PENDING' }) @NotPersonal() status!: LeaveStatus;

  @Column('text', { nullable: true }) @Personal({ ...WHY, purpose: 'why the person is away' }) reason!: string | null;

  @Column('text', { nullable: true })
  @Personal({ ...DECIDED, purpose: 'why it was refused; also goes with who said so' })
  rejectionReason!: string | null;

  /** Given with an approval or a cancellation. */
  @Column('text', { nullable: true })
  @Personal({ ...DECIDED, purpose: 'why it was decided so; also goes with who said so' })
  decisionReason!: string | null;

  /** Halves count; fixed when it is decided, null before. */
  @Column('numeric', { precision: 6, scale: 1, nullable: true }) @Personal(ABSENCE) workingDays!: string | null;

  /** What each day counted and why, fixed together with `workingDays`. */
  @Column('jsonb', { nullable: true }) @Personal(ABSENCE) countedDays!: CountedDay[] | null;

  @Column('timestamptz', { nullable: true }) @NotPersonal() decidedAt!: Date | null;

  @Column('uuid', { nullable: true })
  @Personal({ kind: 'activity', whose: 'decidedByUserId', purpose: 'who decided', erasure: 'keep' })
  decidedByUserId!: string | null;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('decidedByUserId'))
  decidedBy!: Relation<User> | null;
}
