import { Column, Entity, Index } from 'typeorm';
import { NotPersonal, Personal, Retained } from '#core';
import { UserOwned } from '../users/user.entity.js';

const SIGN_IN = { whose: 'userId', erasure: 'delete_row' } as const;
const DEVICE = { ...SIGN_IN, kind: 'network', purpose: 'telling sessions apart, tracing misuse' } as const;
const SECRET = { ...SIGN_IN, kind: 'credential', purpose: 'staying signed in' } as const;

/** A signed-in device: one family of refresh tokens, of which only the newest counts. */
@Entity('active_sessions')
@Index('active_sessions_token_unique', ['companyId', 'tokenHash'], { unique: true })
@Index('active_sessions_user_idx', ['companyId', 'userId'])
@Index('active_sessions_expires_idx', ['expiresAt'])
@Retained('sessionDays')
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
