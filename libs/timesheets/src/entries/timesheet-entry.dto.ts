import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import {
  Country,
  Day,
  Id,
  Instant,
  LastDay,
  Minutes,
  Note,
  OneOf,
  PageOf,
  PageQuery,
  Part,
  Parts,
  Rule,
  TimeZone,
  Version,
  WithFaults,
} from '#core';
import { NamedCode } from '../action-codes/action-code.dto.js';
import { faultAlone, withEnd, WITHOUT_SPAN } from './entry-times.js';
import type { GivenTimes } from './entry-times.js';
import { WORK_MODES } from './timesheet-entry.entity.js';
import type { WorkMode } from './timesheet-entry.entity.js';

export const BATCH_SIZE = 500;

const OPTIONAL = { optional: true, nullable: true } as const;
const DURATION = 'Minutes worked. Of a span they are computed, and must agree when sent.';
const DAY = { optional: true, description: 'The day it belongs to. Of a span the local day of its start; it must agree when sent.' };
const STARTED = { ...OPTIONAL, description: 'Cut to the minute. With endedAt instead of durationMin and day.' };
const CLEARED = { ...OPTIONAL, description: 'Null, with endedAt null, makes a span an entry of minutes.' };
const ENDED = { ...OPTIONAL, description: 'Cut to the minute; at most 24 hours later.', example: '2026-03-02T16:00:00Z' };
const ZONE = { optional: true, description: 'Gives the day of a span; the company’s when absent.' };
const SHEET = { ...OPTIONAL, description: 'Without it the entry joins the timesheet of its day, if there is one.' };
const NOTE = { example: 'Interface for the payroll export' };

/** Agrees with a span that is sent along. */
const DurationMin = (): PropertyDecorator =>
  applyDecorators(Minutes({ optional: true, description: DURATION }), Rule<GivenTimes>(['startedAt', 'endedAt'], faultAlone.durationMin));

const EndedAt = (): PropertyDecorator => applyDecorators(Instant(ENDED), Rule<GivenTimes>(['startedAt'], faultAlone.endedAt));

/** Required where no span is sent. */
const UnlessSpan = (field: 'day' | 'durationMin'): PropertyDecorator =>
  Rule<GivenTimes>([], ({ startedAt, endedAt, [field]: value }) =>
    value === undefined && (startedAt ?? endedAt ?? null) === null ? WITHOUT_SPAN : undefined,
  );

/** Required where the other end is sent. */
const WithEnd = (field: 'startedAt' | 'endedAt', other: 'startedAt' | 'endedAt'): PropertyDecorator =>
  Rule<GivenTimes>([], (times) => ((times[field] ?? null) === null && (times[other] ?? null) !== null ? withEnd(other) : undefined));

/** Of a change an end that is not sent stays as it is. */
const NotNullWithEnd = (field: 'startedAt' | 'endedAt', other: 'startedAt' | 'endedAt'): PropertyDecorator =>
  Rule<GivenTimes>([], (times) => (times[field] === null && (times[other] ?? null) !== null ? withEnd(other) : undefined));

@WithFaults()
export class CreateTimesheetEntry {
  @UnlessSpan('day') @Day(DAY) day?: string;
  @Id() actionCodeId!: string;
  @Id(OPTIONAL) taskId?: string | null;
  @OneOf(WORK_MODES, { optional: true, default: 'office' }) workMode?: WorkMode;
  @Country() country!: string;
  @WithEnd('startedAt', 'endedAt') @Instant(STARTED) startedAt?: string | null;
  @WithEnd('endedAt', 'startedAt') @EndedAt() endedAt?: string | null;
  @TimeZone(ZONE) timezone?: string;
  @UnlessSpan('durationMin') @DurationMin() durationMin?: number;
  @Note(NOTE) note?: string | null;
  @Id(SHEET) timesheetId?: string | null;
  @Id({ optional: true, description: 'Whose entry; of another with `create_timesheet`.' }) userId?: string;
}

@WithFaults()
export class CreateTimesheetEntries {
  @Parts(BATCH_SIZE, () => CreateTimesheetEntry, { description: 'All of them are made, or none.' }) entries!: CreateTimesheetEntry[];
}

@WithFaults()
export class UpdateTimesheetEntry {
  @Day(DAY) day?: string;
  @Id({ optional: true }) actionCodeId?: string;
  @Id(OPTIONAL) taskId?: string | null;
  @OneOf(WORK_MODES, { optional: true }) workMode?: WorkMode;
  @Country({ optional: true }) country?: string;
  @NotNullWithEnd('startedAt', 'endedAt') @Instant(CLEARED) startedAt?: string | null;
  @NotNullWithEnd('endedAt', 'startedAt') @EndedAt() endedAt?: string | null;
  @TimeZone({ optional: true }) timezone?: string;
  @DurationMin() durationMin?: number;
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
  @LastDay({ optional: true, description: 'The last day; it counts too.' }) to?: string;
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
