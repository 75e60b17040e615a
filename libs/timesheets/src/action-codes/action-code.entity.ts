import { Check, Column, Entity, Index } from 'typeorm';
import { CompanyEntity, NotPersonal } from '#core';

export const ACTION_CODE_TYPES = ['billable', 'non-billable'] as const;
export type ActionCodeType = (typeof ACTION_CODE_TYPES)[number];

/** What time is booked on. */
@Entity('action_codes')
@Check('action_codes_type_check', `"type" IN ('billable', 'non-billable')`)
@Index('action_codes_code_unique', ['companyId', 'code'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('action_codes_code_idx', ['companyId', 'code'])
export class ActionCode extends CompanyEntity {
  @Column('varchar', { length: 255 }) @NotPersonal() code!: string;

  @Column('varchar', { length: 255 }) @NotPersonal() name!: string;

  @Column('varchar', { length: 16, default: 'billable' }) @NotPersonal() type!: ActionCodeType;

  /** An inactive one takes no new entries. */
  @Column('boolean', { default: true }) @NotPersonal() active!: boolean;

  @Column('varchar', { length: 255, nullable: true }) @NotPersonal() externalId!: string | null;
}
