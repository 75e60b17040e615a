import { ApiProperty } from '@nestjs/swagger';
import { Day, Id, Integer, LastDay, OneOf, Part, Text } from '#core';

export class PayrollQuery {
  @Day({ description: 'The first day that counts.' }) from!: string;
  @LastDay({ description: 'The last day that counts.', example: '2026-03-31' }) to!: string;
  @OneOf(['json', 'csv'], { optional: true, description: 'Goes before the Accept header.' }) format?: 'json' | 'csv';
}

export class PayrollPerson {
  @Id() id!: string;
  @Text(511, { example: 'Ada Lovelace' }) name!: string;
  @Text(255, { nullable: true, example: 'P-0815', description: 'The payroll’s own number.' }) externalId!: string | null;
}

const LeaveDays = (description: string): PropertyDecorator =>
  ApiProperty({ type: 'number', minimum: 0, multipleOf: 0.5, example: 1.5, description });

export class PayrollItem {
  @Part(() => PayrollPerson) user!: PayrollPerson;
  @Integer(0, Number.MAX_SAFE_INTEGER, { example: 9600, description: 'Of all entries.' }) workedMinutes!: number;
  @Integer(0, Number.MAX_SAFE_INTEGER, { example: 9120, description: 'Of entries in approved timesheets.' }) approvedMinutes!: number;
  @LeaveDays('Working days of approved leave; a half counts 0.5.') ptoDays!: number;
  @LeaveDays('As `ptoDays`.') sickDays!: number;
  @LeaveDays('As `ptoDays`.') unpaidDays!: number;
}

export class PayrollReport {
  @Day() from!: string;
  @Day({ example: '2026-03-31' }) to!: string;
  @ApiProperty({ type: PayrollItem, isArray: true, description: 'By last and first name.' }) items!: PayrollItem[];
}
