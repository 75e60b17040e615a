import { Column, Entity, PrimaryColumn } from 'typeorm';
import { NotPersonal } from './personal.js';

/** The state of a job that all replicas share: one of them holds the lease. */
@Entity('scheduled_jobs')
export class ScheduledJob {
  @PrimaryColumn('varchar', { length: 64 })
  @NotPersonal()
  name!: string;

  /** The newest slot of its schedule that is done. */
  @Column('timestamptz', { nullable: true })
  @NotPersonal()
  slot!: Date | null;

  /** Which run holds the lease. */
  @Column('uuid', { nullable: true })
  @NotPersonal()
  leasedBy!: string | null;

  /** By the database's clock; extended while the job runs. */
  @Column('timestamptz', { nullable: true })
  @NotPersonal()
  leasedUntil!: Date | null;

  @Column('timestamptz', { nullable: true })
  @NotPersonal()
  startedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  @NotPersonal()
  finishedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  @NotPersonal()
  succeededAt!: Date | null;
}
