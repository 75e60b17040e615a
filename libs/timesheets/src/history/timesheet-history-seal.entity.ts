import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Company, NotPersonal } from '#core';

/** One link of the chain that proves the history. Only ever added to; names no person. */
@Entity('timesheet_history_seals')
@Index('timesheet_history_seals_sequence_unique', ['companyId', 'sequence'], { unique: true })
@Index('timesheet_history_seals_history_unique', ['companyId', 'historyId'], { unique: true })
export class TimesheetHistorySeal {
  @PrimaryColumn('uuid', { update: false }) @NotPersonal() companyId!: string;

  /** Made from the sequence; random in seals of before. */
  @PrimaryGeneratedColumn('uuid') @NotPersonal() id!: string;

  @ManyToOne(() => Company, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'companyId' })
  company!: Relation<Company>;

  /** Counted from 1 without a gap. */
  @Column('integer') @NotPersonal() sequence!: number;

  @Column('uuid') @NotPersonal() historyId!: string;

  /** Salted SHA-256 of all but the free text, in hex; as is `freeText`. */
  @Column('text') @NotPersonal() facts!: string;

  /** Goes when the row is erased: without it nothing can be guessed from what stays. */
  @Column('text', { nullable: true }) @NotPersonal() factsSalt!: string | null;

  @Column('text') @NotPersonal() freeText!: string;

  @Column('text', { nullable: true }) @NotPersonal() freeTextSalt!: string | null;

  /** The hash of the link before; empty for the first. */
  @Column('text') @NotPersonal() previous!: string;

  @Column('text') @NotPersonal() hash!: string;

  @Column('timestamptz', { default: () => 'now()' }) @NotPersonal() sealedAt!: Date;
}

/** What lawful erasure took from the history; written by the role of retention alone. */
@Entity('timesheet_history_erasures')
@Check('timesheet_history_erasures_erased_check', `"erased" IN ('text', 'row')`)
@Index('timesheet_history_erasures_history_idx', ['companyId', 'historyId'])
export class TimesheetHistoryErasure {
  @PrimaryColumn('uuid', { update: false }) @NotPersonal() companyId!: string;

  @PrimaryGeneratedColumn('uuid') @NotPersonal() id!: string;

  @ManyToOne(() => Company, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'companyId' })
  company!: Relation<Company>;

  @Column('uuid') @NotPersonal() historyId!: string;

  @Column('varchar', { length: 8 }) @NotPersonal() erased!: 'text' | 'row';

  @Column('timestamptz', { default: () => 'now()' }) @NotPersonal() erasedAt!: Date;
}
