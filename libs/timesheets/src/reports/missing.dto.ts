import { ApiProperty } from '@nestjs/swagger';
import { Day, LastDay, Part, Rule } from '#core';
import { faultOfRange } from '#leave';
import { NamedReference } from './report.dto.js';

export class MissingQuery {
  @Day({ description: 'The first day that is looked at.' }) from!: string;
  @Rule<MissingQuery>(['from'], faultOfRange)
  @LastDay({ description: 'The last day that is looked at; at most 366 days in all.', example: '2026-03-31' })
  to!: string;
}

export class MissingItem {
  @Part(() => NamedReference) user!: NamedReference;
  @ApiProperty({ type: 'array', items: { type: 'string', format: 'date' }, example: ['2026-03-02', '2026-03-03'] }) days!: string[];
}

export class MissingReport {
  @Day() from!: string;
  @Day({ example: '2026-03-31' }) to!: string;
  @ApiProperty({ type: MissingItem, isArray: true, description: 'Whom something is missing of, by last and first name.' })
  items!: MissingItem[];
}
