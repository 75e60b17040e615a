import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Company, NotPersonal } from '#core';

/** The ledger of erasures, only ever added to: what was erased since a backup is erased again after its restore. */
@Entity('erasures')
@Check('erasures_kind_check', `"kind" IN ('anonymized', 'purged')`)
@Index('erasures_newest_idx', ['companyId', 'erasedAt', 'id'])
@Index('erasures_user_idx', ['companyId', 'userId'])
export class Erasure {
  @PrimaryColumn('uuid', { update: false }) @NotPersonal() companyId!: string;

  @PrimaryGeneratedColumn('uuid') @NotPersonal() id!: string;

  @ManyToOne(() => Company, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'companyId' })
  company!: Relation<Company>;

  /** A bare id, which names nobody any more. */
  @Column('uuid') @NotPersonal() userId!: string;

  @Column('varchar', { length: 16 }) @NotPersonal() kind!: 'anonymized' | 'purged';

  @Column('timestamptz') @NotPersonal() erasedAt!: Date;
}

/** A whole company that was erased by its operator. */
@Entity('erased_companies')
export class ErasedCompany {
  @PrimaryColumn('uuid') @NotPersonal() id!: string;

  @Column('timestamptz') @NotPersonal() erasedAt!: Date;

  /** The database role. */
  @Column('text') @NotPersonal() erasedBy!: string;

  /** Rows that went, by table. */
  @Column('jsonb') @NotPersonal() counts!: Record<string, number>;
}
