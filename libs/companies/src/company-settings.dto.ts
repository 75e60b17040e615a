import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { isFQDN, ValidateBy, ValidateIf } from 'class-validator';
import { Day, Flag, Instant, Integer, OneOf, Part, Text, Texts, TimeZone, Version } from '#core';
import type { FieldOptions } from '#core';
import { APPROVER_POLICIES } from './company-settings.entity.js';
import type { ApproverPolicy, WorkWeek } from './company-settings.entity.js';
import { isHolidayCalendar } from './holiday-calendars.js';
import type { Holiday } from './holiday-years.js';

/** Begin and end of work on a day, in hours of that day; parts of hours are fractions (8:30 is 8.5). */
const Hours = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      type: 'array',
      items: { type: 'number', minimum: 0, maximum: 24 },
      minItems: 2,
      maxItems: 2,
      required: false,
      example: [9, 17],
      description: 'Start and end, in hours of the day; 8:30 is 8.5.',
    }),
    ValidateIf((_, value) => value !== undefined),
    ValidateBy({
      name: 'field',
      validator: { validate: isSpanOfHours, defaultMessage: () => 'must be [start, end], hours from 0 to 24, the start before the end' },
    }),
  );

function isSpanOfHours(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [start, end] = value as unknown[];
  return typeof start === 'number' && typeof end === 'number' && start >= 0 && start < end && end <= 24;
}

class WorkWeekHours {
  @Hours() monday?: [number, number];
  @Hours() tuesday?: [number, number];
  @Hours() wednesday?: [number, number];
  @Hours() thursday?: [number, number];
  @Hours() friday?: [number, number];
  @Hours() saturday?: [number, number];
  @Hours() sunday?: [number, number];
}

const HolidayCalendar = (options: FieldOptions = {}): PropertyDecorator =>
  applyDecorators(
    Text(64, {
      ...options,
      nullable: true,
      example: 'DE-BY',
      description: '`us_federal_holidays`, or a country with or without its region, such as `FR` and `DE-BY`; null for none.',
    }),
    ValidateBy({
      name: 'calendar',
      validator: {
        validate: isHolidayCalendar,
        defaultMessage: () => 'must be us_federal_holidays, or a country or region that has a calendar, such as FR or DE-BY',
      },
    }),
  );

const EmailDomains = (options: FieldOptions = {}): PropertyDecorator =>
  Texts(
    100,
    { ...options, nullable: true, example: ['example.com'], description: 'Of the addresses of new users: domain names, without `@`.' },
    (domain) => (isFQDN(domain) ? undefined : 'must be a domain name, such as example.com'),
  );

const WORK_WEEK = {
  description: 'Hours of each working day, set whole; a day that is not named is free.',
  example: { monday: [9, 17], friday: [9, 12.5] },
};
const POLICY = {
  example: 'manager_of_user',
  description:
    'Who decides timesheets, their owner never. `manager_of_user`: the leads of the owner’s teams and holders of `approve_timesheet`. `role_manager`: these holders alone. `explicit`: the approvers of the owner, all of them. It counts for what is submitted from now on.',
};
const REQUIRE_COMPANY_EMAIL = { example: false, description: 'Whether new users need an address of the allowed domains.' };

export class UpdateSettings {
  @TimeZone({ optional: true, description: 'The same value as the company’s.' }) timezone?: string;
  @Part(() => WorkWeekHours, { ...WORK_WEEK, optional: true }) workWeek?: WorkWeekHours;
  @HolidayCalendar({ optional: true }) holidayCalendar?: string | null;
  @OneOf(APPROVER_POLICIES, { ...POLICY, optional: true }) timesheetApproverPolicy?: ApproverPolicy;
  @EmailDomains({ optional: true }) allowedEmailDomains?: string[] | null;
  @Flag({ ...REQUIRE_COMPANY_EMAIL, optional: true }) requireCompanyEmail?: boolean;
}

export class SettingsView {
  @TimeZone({ description: 'Gives the company’s days.' }) timezone!: string;
  @Part(() => WorkWeekHours, WORK_WEEK) workWeek!: WorkWeek;
  @HolidayCalendar() holidayCalendar!: string | null;
  @OneOf(APPROVER_POLICIES, POLICY) timesheetApproverPolicy!: ApproverPolicy;
  @EmailDomains() allowedEmailDomains!: string[] | null;
  @Flag(REQUIRE_COMPANY_EMAIL) requireCompanyEmail!: boolean;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

/** What a change of the settings may hold. */
export type SettingsPatch = Partial<Omit<SettingsView, 'createdAt' | 'updatedAt' | 'version'>>;

export class HolidayQuery {
  @Integer(1970, 2199, { optional: true, example: 2026, description: 'The present one of the company’s zone by default.' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^\d{4}$/.test(value) ? Number(value) : value))
  year?: number;
}

export class HolidayView implements Holiday {
  @Day({ example: '2026-07-03', description: 'The day on which it is kept.' }) date!: string;
  @Text(255, { example: 'Independence Day', description: 'In the language of the country.' }) name!: string;
}

export class HolidaysView {
  @ApiProperty({ type: HolidayView, isArray: true }) items!: readonly Holiday[];
}
