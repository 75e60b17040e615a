import { Flag, FlagInQuery, Id, Instant, OneOf, PageOf, PageQuery, Text, Version } from '#core';
import { ACTION_CODE_TYPES } from './action-code.entity.js';
import type { ActionCodeType } from './action-code.entity.js';

const CODE = { example: 'DEV', description: 'Unique in the company, case included.' };
const NAME = { example: 'Development' };
const EXTERNAL_ID = { optional: true, nullable: true, example: '4711', description: 'The number that payroll or invoicing knows it by.' };

export class CreateActionCode {
  @Text(255, CODE) code!: string;
  @Text(255, NAME) name!: string;
  @OneOf(ACTION_CODE_TYPES, { optional: true, default: 'billable' }) type?: ActionCodeType;
  @Flag({ optional: true, default: true, description: 'An inactive one takes no new entries.' }) active?: boolean;
  @Text(255, EXTERNAL_ID) externalId?: string | null;
}

export class UpdateActionCode {
  @Text(255, { ...CODE, optional: true }) code?: string;
  @Text(255, { ...NAME, optional: true }) name?: string;
  @OneOf(ACTION_CODE_TYPES, { optional: true }) type?: ActionCodeType;
  @Flag({ optional: true, description: 'An inactive one takes no new entries.' }) active?: boolean;
  @Text(255, EXTERNAL_ID) externalId?: string | null;
}

export class ActionCodeQuery extends PageQuery {
  @FlagInQuery({ optional: true, description: 'Only active ones, or only inactive ones.' }) active?: 'true' | 'false';
  @OneOf(ACTION_CODE_TYPES, { optional: true }) type?: ActionCodeType;
  @Text(255, { optional: true, example: 'dev', description: 'Any part of the code or the name, in any case.' }) q?: string;
}

export class ActionCodeView {
  @Id() id!: string;
  @Text(255, CODE) code!: string;
  @Text(255, NAME) name!: string;
  @OneOf(ACTION_CODE_TYPES) type!: ActionCodeType;
  @Flag() active!: boolean;
  @Text(255, { nullable: true, example: '4711' }) externalId!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class ActionCodePage extends PageOf(ActionCodeView) {}

/** As others name it. */
export class NamedCode {
  @Id() id!: string;
  @Text(255, { example: 'DEV' }) code!: string;
  @Text(255, { example: 'Development' }) name!: string;
}
