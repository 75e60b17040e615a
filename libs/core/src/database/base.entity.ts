import { Column, CreateDateColumn, DeleteDateColumn, PrimaryGeneratedColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { NotPersonal, Personal } from '../personal.js';

const ACTOR = { kind: 'activity', purpose: 'who wrote the record', erasure: 'keep', retention: 'record' } as const;

/** Who wrote a record and when. The ids have no foreign key: they outlive the person as bare ids. */
export abstract class Stamped {
  @CreateDateColumn({ type: 'timestamptz' })
  @NotPersonal()
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  @NotPersonal()
  updatedAt!: Date;

  @DeleteDateColumn({ type: 'timestamptz' })
  @NotPersonal()
  deletedAt!: Date | null;

  /** Counts the changes; sent as ETag. Never written back from a stale copy. */
  @VersionColumn({ update: false, default: 1 })
  @NotPersonal()
  version!: number;

  @Column('uuid', { nullable: true })
  @Personal({ ...ACTOR, whose: 'createdByUserId' })
  createdByUserId!: string | null;

  @Column('uuid', { nullable: true })
  @Personal({ ...ACTOR, whose: 'updatedByUserId' })
  updatedByUserId!: string | null;
}

/** What every record carries that belongs to no company; those of a company: `CompanyEntity`. */
export abstract class BaseEntity extends Stamped {
  @PrimaryGeneratedColumn('uuid')
  @NotPersonal()
  id!: string;
}
