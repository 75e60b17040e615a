import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Day, Id, Instant, Integer, LastDay, Note, OneOf, PageOf, PageQuery, Rule, Version } from '#core';
import type { FieldOptions } from '#core';
import { DAY_PORTIONS, daysFrom, LEAVE_TYPES } from '#leave';
import type { DayPortion, LeaveType } from '#leave';
import { ApprovalView } from './approvals/approval.dto.js';
import { LONGEST_DAYS, TIMESHEET_STATUSES } from './timesheet.entity.js';
import type { TimesheetStatus } from './timesheet.entity.js';
import { TIMESHEET_ACTIONS } from './timesheet.policy.js';
import type { TimesheetAction } from './timesheet.policy.js';

/** What is wrong with the last day of a period, if anything is. */
export function faultOfEnd(start: string, end: string): string | undefined {
  if (end < start) return 'must not be before periodStart';
  return daysFrom(start, end) > LONGEST_DAYS ? `must be at most ${LONGEST_DAYS} days in all` : undefined;
}

/** Of a draft, as the example is one. */
const NOT_YET = { nullable: true, example: null };
const END = { example: '2026-03-08', description: 'The last day; at most 31 days in all.' };

/** Held against a start that is sent along. */
const PeriodEnd = (options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    Day({ ...END, ...options }),
    Rule<UpdateTimesheet>(['periodStart'], ({ periodStart, periodEnd }) =>
      periodStart && periodEnd ? faultOfEnd(periodStart, periodEnd) : undefined,
    ),
  );

export class CreateTimesheet {
  @Day() periodStart!: string;
  @PeriodEnd() periodEnd!: string;
  @Note() notes?: string | null;
  @Id({ optional: true, description: 'Whose timesheet; of another with `create_timesheet`.' }) userId?: string;
}

export class UpdateTimesheet {
  @Day({ optional: true }) periodStart?: string;
  @PeriodEnd({ optional: true }) periodEnd?: string;
  @Note() notes?: string | null;
}

export class TimesheetQuery extends PageQuery {
  @Id({ optional: true }) userId?: string;
  @Id({ optional: true, description: 'Timesheets of those who are in this team now.' }) teamId?: string;
  @OneOf(TIMESHEET_STATUSES, { optional: true }) status?: TimesheetStatus;
  @Day({ optional: true, description: 'Periods that end on this day or later.' }) from?: string;
  @LastDay({ optional: true, description: 'Periods that begin on this day or earlier.' }) to?: string;
}

/** As of when a record is told. */
export class AsOf {
  @Instant({ optional: true, description: 'As it stood then; 404 before it was made.' }) asOf?: string;
}

export class AsOfPage extends PageQuery {
  @Instant({ optional: true, description: 'As they stood then.' }) asOf?: string;
}

export class TimesheetView {
  @Id() id!: string;
  @Id() userId!: string;
  @Day() periodStart!: string;
  @Day(END) periodEnd!: string;
  @OneOf(TIMESHEET_STATUSES) status!: TimesheetStatus;
  @Instant(NOT_YET) submittedAt!: string | null;
  @Id(NOT_YET) submittedByUserId!: string | null;
  @Instant(NOT_YET) approvedAt!: string | null;
  @Id({ ...NOT_YET, description: 'Whose approval settled it.' }) approverId!: string | null;
  @Integer(0, 31 * 1440, { example: 2400 }) totalMinutes!: number;
  @Note({ optional: false }) notes!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

/** A day of approved leave. */
export class LeaveDay {
  @Day() day!: string;
  @OneOf(DAY_PORTIONS) portion!: DayPortion;
  @OneOf(LEAVE_TYPES, { optional: true, description: 'For who may read that leave request.' }) leaveType?: LeaveType;
}

export class TimesheetRecord extends TimesheetView {
  @ApiProperty({ type: ApprovalView, isArray: true, description: 'Of all rounds, the oldest first.' }) approvals!: ApprovalView[];
  @ApiProperty({ type: LeaveDay, isArray: true, description: 'Days of approved leave in its period.' }) leaveDays!: LeaveDay[];
  @ApiProperty({
    enum: TIMESHEET_ACTIONS,
    isArray: true,
    example: ['edit', 'delete', 'submit'],
    description: 'What the caller may do now.',
  })
  allowedActions!: TimesheetAction[];
}

export class TimesheetPage extends PageOf(TimesheetView) {}
