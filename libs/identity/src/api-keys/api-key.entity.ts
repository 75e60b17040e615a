import { Column, Entity, Index } from 'typeorm';
import { NotPersonal, Personal } from '#core';
import { UserOwned } from '../users/user.entity.js';

const KEY = { whose: 'userId', erasure: 'delete_row', retention: 'employment' } as const;

/** A key that acts as its owner, with at most the owner's present permissions. */
@Entity('api_keys')
@Index('api_keys_hash_unique', ['companyId', 'keyHash'], { unique: true })
@Index('api_keys_user_idx', ['companyId', 'userId'])
export class ApiKey extends UserOwned {
  @Column('varchar', { length: 255 })
  @Personal({ ...KEY, kind: 'activity', purpose: 'telling keys apart' })
  name!: string;

  /** SHA-256 of the key, in hex. */
  @Column('text') @Personal({ ...KEY, kind: 'credential', purpose: 'access of programs' }) keyHash!: string;

  /** Names of permissions; null for all of the owner's. */
  @Column('text', { array: true, nullable: true }) @NotPersonal() permissions!: string[] | null;

  @Column('timestamptz', { nullable: true }) @NotPersonal() expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  @Personal({ ...KEY, kind: 'activity', purpose: 'telling sessions apart, tracing misuse' })
  lastUsedAt!: Date | null;
}
