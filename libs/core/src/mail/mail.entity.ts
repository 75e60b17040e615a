import { Column, CreateDateColumn, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Company } from '../company.entity.js';
import { NotPersonal, Personal } from '../personal.js';

const NOTICE = { whose: 'userId', purpose: 'mails about the account', erasure: 'delete_row', retention: 'hours' } as const;

/** A mail that waits to be sent; the row goes when it is sent or given up. Its id is the mail's Message-ID. */
@Entity('queued_mails')
@Index('queued_mails_due_idx', ['companyId', 'dueAt'])
@Index('queued_mails_user_idx', ['companyId', 'userId'])
export class QueuedMail {
  @PrimaryColumn('uuid', { update: false }) @NotPersonal() companyId!: string;

  @PrimaryGeneratedColumn('uuid') @NotPersonal() id!: string;

  @ManyToOne(() => Company, { onDelete: 'RESTRICT' }) @JoinColumn({ name: 'companyId' }) company!: Relation<Company>;

  /** Whom it goes to, a bare id; address and name are read when it is sent. */
  @Column('uuid') @Personal({ ...NOTICE, kind: 'activity' }) userId!: string;

  @Column('varchar', { length: 32 }) @NotPersonal() template!: string;

  /** The token of its link, or the address that the user has no more; encrypted. */
  @Column('text', { nullable: true }) @Personal({ ...NOTICE, kind: 'contact' }) sealed!: string | null;

  /** How often sending was begun. */
  @Column('integer', { default: 0 }) @NotPersonal() attempts!: number;

  @Column('timestamptz') @NotPersonal() dueAt!: Date;

  /** Until when the replica that sends it has it to itself, by the database's clock. */
  @Column('timestamptz', { nullable: true }) @NotPersonal() leasedUntil!: Date | null;

  /** From when on it is not worth sending: its link has ended. */
  @Column('timestamptz') @NotPersonal() expiresAt!: Date;

  @CreateDateColumn({ type: 'timestamptz' }) @NotPersonal() createdAt!: Date;
}
