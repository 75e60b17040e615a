import { applyDecorators } from '@nestjs/common';
import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Day, FlagInQuery, Id, Instant, LastDay, Note, OneOf, PageOf, PageQuery, Rule, Text, Version } from '#core';
import type { FieldOptions } from '#core';
import { faultOfEndDate, faultOfEndPortion, faultOfStartPortion } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';
import { DAY_PORTIONS, LEAVE_STATUSES, LEAVE_TYPES } from './leave-request.entity.js';
import type { CountedDay, DayPortion, LeaveStatus, LeaveType } from './leave-request.entity.js';
import { LEAVE_ACTIONS } from './leave-request.policy.js';
import type { LeaveAction } from './leave-request.policy.js';

const END = { example: '2026-03-06', description: 'The last day; at most 366 in all.' };
const START_PORTION = { description: 'Of the first day; a half of one day is named in both. Over several days `full` or `afternoon`.' };
const END_PORTION = { description: 'Of the last day. Over several days `full` or `morning`.' };
const WHY = { example: 'Moving house' };
const WHY_NOT = { example: 'Nobody else is there that week' };
/** Of a pending one, as the example is one. */
const NOT_YET = { nullable: true, example: null };
const LONGEST_TEXT = 4000;

/** A number of days in halves. */
const Days = (max: number, description: string, example: number): PropertyDecorator =>
  ApiProperty({ type: 'number', multipleOf: 0.5, minimum: 0, maximum: max, description, example });

const EndDate = (options?: FieldOptions): PropertyDecorator =>
  applyDecorators(Day({ ...END, ...options }), Rule<LeavePeriod>(['startDate'], faultOfEndDate));

const StartPortion = (options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    OneOf(DAY_PORTIONS, { ...START_PORTION, optional: true, ...options }),
    Rule<LeavePeriod>(['startDate', 'endDate', 'endPortion'], faultOfStartPortion),
  );

const EndPortion = (options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    OneOf(DAY_PORTIONS, { ...END_PORTION, optional: true, ...options }),
    Rule<LeavePeriod>(['startDate', 'endDate', 'startPortion'], faultOfEndPortion),
  );

export class CreateLeaveRequest {
  @Day() startDate!: string;
  @EndDate() endDate!: string;
  @OneOf(LEAVE_TYPES) leaveType!: LeaveType;
  @Note(WHY) reason?: string | null;
  @StartPortion({ default: 'full' }) startPortion: DayPortion = 'full';
  @EndPortion({ default: 'full' }) endPortion: DayPortion = 'full';
  @Id({ optional: true, description: 'Whose leave; of another with `create_leave_request`.' }) userId?: string;
}

export class CreateLeaveOptions {
  @FlagInQuery({
    optional: true,
    description: 'Only tells what would come of it; an `Idempotency-Key` has no effect then.',
    example: false,
  })
  dryRun?: 'true' | 'false';
}

export class UpdateLeaveRequest {
  @Day({ optional: true }) startDate?: string;
  @EndDate({ optional: true }) endDate?: string;
  @OneOf(LEAVE_TYPES, { optional: true }) leaveType?: LeaveType;
  @Note(WHY) reason?: string | null;
  @StartPortion() startPortion?: DayPortion;
  @EndPortion() endPortion?: DayPortion;
}

export class ApproveLeave {
  @Note({ example: 'Have a good time' }) reason?: string | null;
}

export class RejectLeave {
  @Text(LONGEST_TEXT, WHY_NOT) rejectionReason!: string;
}

export class CancelLeave {
  @Note({ example: 'The journey fell through', description: 'Required of all but its owner.' }) reason?: string | null;
}

export class LeaveRequestQuery extends PageQuery {
  @Id({ optional: true }) userId?: string;
  @Id({ optional: true, description: 'Leave of those who are in this team now.' }) teamId?: string;
  @OneOf(LEAVE_STATUSES, { optional: true }) status?: LeaveStatus;
  @OneOf(LEAVE_TYPES, { optional: true }) leaveType?: LeaveType;
  @Day({ optional: true, description: 'Leave that ends on this day or later.' }) from?: string;
  @LastDay({ optional: true, description: 'Leave that starts on this day or earlier.' }) to?: string;
}

export class LeaveRequestView {
  @Id() id!: string;
  @Id() userId!: string;
  @Day() startDate!: string;
  @Day(END) endDate!: string;
  @OneOf(DAY_PORTIONS) startPortion!: DayPortion;
  @OneOf(DAY_PORTIONS) endPortion!: DayPortion;
  @OneOf(LEAVE_TYPES) leaveType!: LeaveType;
  @OneOf(LEAVE_STATUSES) status!: LeaveStatus;
  @Note({ ...WHY, optional: false }) reason!: string | null;
  @Note({ ...NOT_YET, optional: false }) rejectionReason!: string | null;
  @Note({ ...NOT_YET, optional: false, description: 'Given with the approval or the cancellation.' }) decisionReason!: string | null;
  @Days(366, 'What it costs: as of now while it is PENDING, fixed from then on.', 5) workingDays!: number;
  @Instant({ ...NOT_YET, description: 'Of its last move: approved, rejected or cancelled.' }) decidedAt!: string | null;
  @Id(NOT_YET) decidedByUserId!: string | null;
  @ApiProperty({ enum: LEAVE_ACTIONS, isArray: true, example: ['edit', 'delete', 'cancel'], description: 'What the caller may do now.' })
  allowedActions!: LeaveAction[];
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class LeaveRequestPage extends PageOf(LeaveRequestView) {}

export class CountedDayView implements CountedDay {
  @Day() day!: string;
  @Days(1, '0, 0.5 or 1.', 1) counted!: number;
  @Text(255, { example: 'working_day', description: '`working_day`, `not_in_work_week` or the name of the holiday.' }) reason!: string;
}

export class CountedDaysView {
  @ApiProperty({ type: CountedDayView, isArray: true }) items!: CountedDay[];
}

export class LeavePreview {
  @Days(366, 'What it would cost.', 5) workingDays!: number;
  @ApiProperty({ type: CountedDayView, isArray: true }) days!: CountedDay[];
  @ApiProperty({ type: 'string', format: 'uuid', isArray: true, example: [], description: 'The requests that it would overlap.' })
  conflictsWith!: string[];
}

/**
 * Schema of the answer that is always a preview. A generated method has the type of its first success: the request that was made must be
 * one of these too.
 */
export const REQUEST_OR_PREVIEW = {
  title: 'LeaveRequestOrPreview',
  oneOf: [{ $ref: getSchemaPath(LeaveRequestView) }, { $ref: getSchemaPath(LeavePreview) }],
};
