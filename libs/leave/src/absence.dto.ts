import { Day, Id, LastDay, OneOf, PageOf, PageQuery, Rule, Text } from '#core';
import { DAY_PORTIONS } from './leave-request.entity.js';
import type { DayPortion } from './leave-request.entity.js';
import { faultOfRange } from './leave-period.js';

export class AbsenceQuery extends PageQuery {
  @Day() from!: string;
  @Rule<AbsenceQuery>(['from'], faultOfRange) @LastDay({ example: '2026-03-06', description: 'At most 366 days in all.' }) to!: string;
  @Id({ optional: true, description: 'Of those who are in this team now.' }) teamId?: string;
}

/** That somebody is away; never why. */
export class AbsenceView {
  @Id() userId!: string;
  @Text(255, { example: 'Ada' }) firstName!: string;
  @Text(255, { example: 'Lovelace' }) lastName!: string;
  @Day({ description: 'Within the range.' }) startDate!: string;
  @Day({ example: '2026-03-06', description: 'Within the range.' }) endDate!: string;
  @OneOf(DAY_PORTIONS, { description: 'Of the first of these days.' }) startPortion!: DayPortion;
  @OneOf(DAY_PORTIONS, { description: 'Of the last of these days.' }) endPortion!: DayPortion;
}

export class AbsencePage extends PageOf(AbsenceView) {}
