import { Check, Column, Entity, Index } from 'typeorm';
import { NotPersonal, Personal, Retained } from '#core';
import { UserOwned } from './users/user.entity.js';

const SECRET = {
  whose: 'userId',
  erasure: 'delete_row',
  kind: 'credential',
  purpose: 'setting a password',
} as const;

/** A link that works once: an invitation, a password reset. */
@Entity('one_time_tokens')
@Check('one_time_tokens_purpose_check', `"purpose" IN ('invitation', 'password_reset')`)
@Index('one_time_tokens_hash_unique', ['companyId', 'tokenHash'], { unique: true })
@Index('one_time_tokens_user_idx', ['companyId', 'userId', 'purpose'])
@Index('one_time_tokens_expires_idx', ['expiresAt'])
@Retained('sessionDays')
export class OneTimeToken extends UserOwned {
  @Column('varchar', { length: 32 }) @NotPersonal() purpose!: 'invitation' | 'password_reset';

  @Column('text') @Personal(SECRET) tokenHash!: string;

  @Column('timestamptz') @NotPersonal() expiresAt!: Date;

  @Column('timestamptz', { nullable: true }) @NotPersonal() usedAt!: Date | null;
}
