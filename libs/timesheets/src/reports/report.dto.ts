import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { Country, Day, Id, Integer, LastDay, OneOf, Part, Text } from '#core';
import { NamedCode } from '../action-codes/action-code.dto.js';
import { ACTION_CODE_TYPES } from '../action-codes/action-code.entity.js';
import { WORK_MODES } from '../entries/timesheet-entry.entity.js';
import { TIMESHEET_STATUSES } from '../timesheet.entity.js';

/** Of a report as JSON. */
export const MAX_ITEMS = 10_000;

export const TIME_GROUPINGS = [
  'user',
  'team',
  'actionCode',
  'actionCodeType',
  'task',
  'day',
  'week',
  'month',
  'workMode',
  'country',
  'status',
] as const;
export type TimeGrouping = (typeof TIME_GROUPINGS)[number];

/** One or more groupings, by comma, each once. */
const GroupBy = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      type: 'array',
      items: { type: 'string', enum: [...TIME_GROUPINGS] },
      minItems: 1,
      example: ['user', 'week'],
      description: 'What to sum by, by comma, each once, in the order of the answer.',
    }),
    ValidateBy({
      name: 'field',
      validator: {
        validate: (value) => typeof value === 'string' && isGrouping(value.split(',')),
        defaultMessage: (args) =>
          args?.value === undefined ? 'is required' : `must be one or more of ${TIME_GROUPINGS.join(', ')}, by comma, each once`,
      },
    }),
  );

const isGrouping = (names: string[]): boolean =>
  new Set(names).size === names.length && names.every((name) => TIME_GROUPINGS.includes(name as TimeGrouping));

export class TimeReportQuery {
  @Day({ optional: true, description: 'The first day that counts.' }) from?: string;
  @LastDay({ optional: true, description: 'The last day that counts.', example: '2026-03-31' }) to?: string;
  @GroupBy() groupBy!: string;
  @Id({ optional: true }) userId?: string;
  @Id({ optional: true, description: 'Whose people count; grouped by team, only this one is told.' }) teamId?: string;
  @Id({ optional: true }) timesheetId?: string;
  @Id({ optional: true }) actionCodeId?: string;
  @Id({ optional: true }) taskId?: string;
  @OneOf(['json', 'csv'], { optional: true, description: 'Goes before the Accept header.' }) format?: 'json' | 'csv';
}

export class NamedReference {
  @Id() id!: string;
  @Text(511, { example: 'Ada Lovelace' }) name!: string;
}

const EXAMPLE_ID = '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10';
const GROUPED = { optional: true };
const OR_NONE = { optional: true, nullable: true };

/** The groupings asked for, and their sums. */
export class TimeReportItem {
  @Part(() => NamedReference, GROUPED) user?: NamedReference;
  @Part(() => NamedReference, { ...OR_NONE, example: { id: EXAMPLE_ID, name: 'Research' } }) team?: NamedReference | null;
  @Part(() => NamedCode, GROUPED) actionCode?: NamedCode;
  @OneOf(ACTION_CODE_TYPES, GROUPED) actionCodeType?: string;
  @Part(() => NamedReference, { ...OR_NONE, example: { id: EXAMPLE_ID, name: 'Write the quarterly report' } }) task?: NamedReference | null;
  @Day(GROUPED) day?: string;
  @Text(8, { ...GROUPED, example: '2026-W10', description: 'ISO 8601 week.' }) week?: string;
  @Text(7, { ...GROUPED, example: '2026-03' }) month?: string;
  @OneOf(WORK_MODES, GROUPED) workMode?: string;
  @Country(GROUPED) country?: string;
  @OneOf(TIMESHEET_STATUSES, { ...OR_NONE, description: 'Of the timesheet; null for entries without one.' }) status?: string | null;
  @Integer(1, Number.MAX_SAFE_INTEGER, { example: 12 }) entries!: number;
  @Integer(0, Number.MAX_SAFE_INTEGER, { example: 480 }) totalMinutes!: number;
}

export class TimeReport {
  @Day({ nullable: true }) from!: string | null;
  @Day({ nullable: true, example: '2026-03-31' }) to!: string | null;
  @ApiProperty({ type: 'array', items: { type: 'string', enum: [...TIME_GROUPINGS] }, example: ['user', 'week'] }) groupBy!: TimeGrouping[];
  @ApiProperty({ type: TimeReportItem, isArray: true }) items!: TimeReportItem[];
  @Integer(0, Number.MAX_SAFE_INTEGER, { example: 480, description: 'Counts each entry once, also when it is in several items.' })
  totalMinutes!: number;
}
