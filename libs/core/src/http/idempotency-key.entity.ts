import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Company } from '../company.entity.js';
import { NotPersonal, Personal } from '../personal.js';

const ANSWER = { kind: 'activity', whose: 'userId', purpose: 'safe repeats', erasure: 'delete_row', retention: 'hours' } as const;

/** The answer kept for one `Idempotency-Key` of one user, for 24 hours. The user is a bare id: the row outlives nobody's foreign key. */
@Entity('idempotency_keys')
@Index('idempotency_keys_unique', ['companyId', 'userId', 'key'], { unique: true })
@Index('idempotency_keys_expires_idx', ['expiresAt'])
export class IdempotencyKey {
  @PrimaryColumn('uuid', { update: false }) @NotPersonal() companyId!: string;

  @PrimaryGeneratedColumn('uuid') @NotPersonal() id!: string;

  @ManyToOne(() => Company, { onDelete: 'RESTRICT' }) @JoinColumn({ name: 'companyId' }) company!: Relation<Company>;

  @Column('uuid') @Personal(ANSWER) userId!: string;

  @Column('varchar', { length: 255 }) @Personal(ANSWER) key!: string;

  /** HMAC over company, method, address, body and API key. */
  @Column('text') @NotPersonal() requestHash!: string;

  @Column('integer') @NotPersonal() statusCode!: number;

  /** `Location` may name a user. */
  @Column('jsonb') @Personal(ANSWER) headers!: Record<string, string>;

  @Column('text') @Personal(ANSWER) body!: string;

  @CreateDateColumn({ type: 'timestamptz' }) @NotPersonal() createdAt!: Date;

  @Column('timestamptz') @NotPersonal() expiresAt!: Date;
}
