import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { NotPersonal } from '#core';

/**
 * Failed sign-ins by account or address, and the places that an address, and a company there, has for mails, each taken for an hour
 * (their `failures` stay 0). Belongs to no company: it is counted before the company is known.
 */
@Entity('sign_in_attempts')
@Index('sign_in_attempts_window_idx', ['windowStartedAt'])
export class SignInAttempt {
  /** HMAC of what is counted, in hex: never an e-mail or an address. */
  @PrimaryColumn('text') @NotPersonal() key!: string;

  @Column('integer') @NotPersonal() failures!: number;

  @Column('timestamptz') @NotPersonal() windowStartedAt!: Date;

  @Column('timestamptz', { nullable: true }) @NotPersonal() lockedUntil!: Date | null;
}
