import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import { Country, Day, Id, Instant, Minutes, Note, OneOf, PageOf, PageQuery, Part, Parts, TimeZone, Version, WithCodes } from '#core';
import type { FieldOptions } from '#core';
import { NamedCode } from '../action-codes/action-code.dto.js';
import { withEnd, WITHOUT_SPAN } from './entry-times.js';
import type { GivenTimes } from './entry-times.js';
import { WORK_MODES } from './timesheet-entry.entity.js';
import type { WorkMode } from './timesheet-entry.entity.js';

export const BATCH_SIZE = 500;

const OPTIONAL = { optional: true, nullable: true } as const;
const DURATION = 'Minutes worked. Of a span they are computed, and must agree when sent.';
const DAY = 'The day it belongs to. Of a span the local day of its start; it must agree when sent.';
const STARTED = { description: 'Cut to the minute. With endedAt instead of durationMin and day.' };
const ENDED = { description: 'Cut to the minute; at most 24 hours later.', example: '2026-03-02T16:00:00Z' };
const ZONE = { optional: true, description: 'Gives the day of a span; the company’s when absent.' };
const SHEET = { ...OPTIONAL, description: 'Without it the entry joins the timesheet of its day, if there is one.' };
const NOTE = { example: 'Interface for the payroll export' };

/** Required where no span is sent; asked here, so that it is told together with the other faults of form. */
const UnlessSpan = (field: PropertyDecorator): PropertyDecorator =>
  applyDecorators(
    ValidateIf(({ startedAt, endedAt }: GivenTimes, value) => value !== undefined || (startedAt ?? endedAt ?? null) === null),
    ValidateBy({ name: 'unlessSpan', validator: { validate: (value) => value !== undefined, defaultMessage: () => WITHOUT_SPAN } }),
    field,
    ApiProperty({ required: false }),
  );

/** Required where the other end is sent; asked here for the same reason. */
const WithEnd = (other: 'startedAt' | 'endedAt', options: FieldOptions): PropertyDecorator =>
  applyDecorators(
    ValidateIf((times: GivenTimes, value) => (value ?? times[other] ?? null) !== null),
    ValidateBy({ name: 'withEnd', validator: { validate: (value) => (value ?? null) !== null, defaultMessage: () => withEnd(other) } }),
    Instant(options),
    ApiProperty({ required: false, nullable: true }),
  );

export class CreateTimesheetEntry {
  @UnlessSpan(Day({ description: DAY })) day?: string;
  @Id() actionCodeId!: string;
  @Id(OPTIONAL) taskId?: string | null;
  @OneOf(WORK_MODES, { optional: true, default: 'office' }) workMode?: WorkMode;
  @Country() country!: string;
  @WithEnd('endedAt', STARTED) startedAt?: string | null;
  @WithEnd('startedAt', ENDED) endedAt?: string | null;
  @TimeZone(ZONE) timezone?: string;
  @UnlessSpan(Minutes({ description: DURATION })) durationMin?: number;
  @Note(NOTE) note?: string | null;
  @Id(SHEET) timesheetId?: string | null;
  @Id({ optional: true, description: 'Whose entry; of another with `create_timesheet`.' }) userId?: string;
}

@WithCodes()
export class CreateTimesheetEntries {
  @Parts(BATCH_SIZE, () => CreateTimesheetEntry, { description: 'All of them are made, or none.' }) entries!: CreateTimesheetEntry[];
}

export class UpdateTimesheetEntry {
  @Day({ optional: true, description: DAY }) day?: string;
  @Id({ optional: true }) actionCodeId?: string;
  @Id(OPTIONAL) taskId?: string | null;
  @OneOf(WORK_MODES, { optional: true }) workMode?: WorkMode;
  @Country({ optional: true }) country?: string;
  @Instant({ ...OPTIONAL, description: 'Null, with endedAt null, makes a span an entry of minutes.' }) startedAt?: string | null;
  @Instant({ ...OPTIONAL, ...ENDED }) endedAt?: string | null;
  @TimeZone({ optional: true }) timezone?: string;
  @Minutes({ optional: true, description: DURATION }) durationMin?: number;
  @Note(NOTE) note?: string | null;
  @Id(SHEET) timesheetId?: string | null;
}

export class TimesheetEntryQuery extends PageQuery {
  @Id({ optional: true }) userId?: string;
  @Id({ optional: true, description: 'Entries of those who are in this team now.' }) teamId?: string;
  @Id({ optional: true }) timesheetId?: string;
  @Id({ optional: true }) actionCodeId?: string;
  @Id({ optional: true }) taskId?: string;
  @Day({ optional: true, description: 'The first day.' }) from?: string;
  @Day({ optional: true, description: 'The last day; it counts too.' }) to?: string;
  @OneOf(['actionCode'], { optional: true, description: 'Also tells the code and the name of each entry’s action code.' })
  expand?: 'actionCode';
}

export class TimesheetEntryView {
  @Id() id!: string;
  @Id() userId!: string;
  @Id({ nullable: true }) timesheetId!: string | null;
  @Id() actionCodeId!: string;
  @Id({ nullable: true }) taskId!: string | null;
  @OneOf(WORK_MODES) workMode!: WorkMode;
  @Country() country!: string;
  @Instant({ nullable: true }) startedAt!: string | null;
  @Instant({ nullable: true, example: '2026-03-02T16:00:00Z' }) endedAt!: string | null;
  @TimeZone() timezone!: string;
  @Minutes() durationMin!: number;
  @Day() day!: string;
  @Note({ ...NOTE, optional: false }) note!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class ListedTimesheetEntry extends TimesheetEntryView {
  @Part(() => NamedCode, { optional: true, description: 'With `expand=actionCode`.' }) actionCode?: NamedCode;
}

export class TimesheetEntryPage extends PageOf(ListedTimesheetEntry) {}

export class TimesheetEntryBatch {
  @ApiProperty({ type: TimesheetEntryView, isArray: true, description: 'In the order given.' }) items!: TimesheetEntryView[];
}
