import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { NotPersonal, Personal } from '#core';
import { UserOwned } from './user.entity.js';

const SIGN_IN = { whose: 'userId', erasure: 'delete_row', retention: 'sessionDays' } as const;
const DEVICE = { ...SIGN_IN, kind: 'network', purpose: 'telling sessions apart, tracing misuse' } as const;
const SECRET = { ...SIGN_IN, kind: 'credential', purpose: 'staying signed in' } as const;

/** A signed-in device: one family of refresh tokens, of which only the newest counts. */
@Entity('active_sessions')
@Index('active_sessions_token_unique', ['companyId', 'tokenHash'], { unique: true })
@Index('active_sessions_user_idx', ['companyId', 'userId'])
@Index('active_sessions_expires_idx', ['expiresAt'])
export class ActiveSession extends UserOwned {
  /** SHA-256 of the present refresh token, in hex. */
  @Column('text') @Personal(SECRET) tokenHash!: string;

  @Column('text', { nullable: true }) @Personal(SECRET) previousTokenHash!: string | null;

  /** 256 random bits of this session, base64url; together with the server's key they make its tokens. */
  @Column('text') @Personal(SECRET) nonce!: string;

  /** How often the token was rotated, counted from 1. */
  @Column('integer', { default: 1 }) @NotPersonal() generation!: number;

  @Column('timestamptz', { nullable: true }) @NotPersonal() rotatedAt!: Date | null;

  @Column('timestamptz', { nullable: true }) @NotPersonal() expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true }) @NotPersonal() revokedAt!: Date | null;

  @Column('timestamptz', { nullable: true }) @Personal({ ...DEVICE, kind: 'activity' }) lastSeenAt!: Date | null;

  @Column('inet', { nullable: true }) @Personal(DEVICE) ip!: string | null;

  @Column('text', { nullable: true }) @Personal(DEVICE) userAgent!: string | null;

  @Column('text', { nullable: true }) @Personal(DEVICE) deviceId!: string | null;
}

/** A key that acts as its owner, with at most the owner's present permissions. */
@Entity('api_keys')
@Index('api_keys_hash_unique', ['companyId', 'keyHash'], { unique: true })
@Index('api_keys_user_idx', ['companyId', 'userId'])
export class ApiKey extends UserOwned {
  @Column('varchar', { length: 255 })
  @Personal({ ...SECRET, kind: 'activity', purpose: 'telling keys apart', retention: 'employment' })
  name!: string;

  /** SHA-256 of the key, in hex. */
  @Column('text') @Personal({ ...SECRET, purpose: 'access of programs', retention: 'employment' }) keyHash!: string;

  /** Names of permissions; null for all of the owner's. */
  @Column('text', { array: true, nullable: true }) @NotPersonal() permissions!: string[] | null;

  @Column('timestamptz', { nullable: true }) @NotPersonal() expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true }) @Personal({ ...DEVICE, kind: 'activity', retention: 'employment' }) lastUsedAt!: Date | null;
}

/** A link that works once: an invitation, a password reset. */
@Entity('one_time_tokens')
@Check('one_time_tokens_purpose_check', `"purpose" IN ('invitation', 'password_reset')`)
@Index('one_time_tokens_hash_unique', ['companyId', 'tokenHash'], { unique: true })
@Index('one_time_tokens_user_idx', ['companyId', 'userId', 'purpose'])
@Index('one_time_tokens_expires_idx', ['expiresAt'])
export class OneTimeToken extends UserOwned {
  @Column('varchar', { length: 32 }) @NotPersonal() purpose!: 'invitation' | 'password_reset';

  @Column('text') @Personal({ ...SECRET, purpose: 'setting a password' }) tokenHash!: string;

  @Column('timestamptz') @NotPersonal() expiresAt!: Date;

  @Column('timestamptz', { nullable: true }) @NotPersonal() usedAt!: Date | null;
}

/** Failed sign-ins by account or address. Belongs to no company: it is counted before the company is known. */
@Entity('sign_in_attempts')
@Index('sign_in_attempts_window_idx', ['windowStartedAt'])
export class SignInAttempt {
  /** HMAC of what is counted, in hex: never an e-mail or an address. */
  @PrimaryColumn('text') @NotPersonal() key!: string;

  @Column('integer') @NotPersonal() failures!: number;

  @Column('timestamptz') @NotPersonal() windowStartedAt!: Date;

  @Column('timestamptz', { nullable: true }) @NotPersonal() lockedUntil!: Date | null;
}
