import { Column, Entity, Index } from 'typeorm';
import { CompanyEntity, NotPersonal, Personal } from '#core';

/** Proof of a purge, or of what one would do: which policy, what went, who or which job. */
@Entity('purge_runs')
@Index('purge_runs_newest_idx', ['companyId', 'startedAt', 'id'])
export class PurgeRun extends CompanyEntity {
  @Column('boolean') @NotPersonal() dryRun!: boolean;

  /** Null: the job. */
  @Column('uuid', { nullable: true })
  @Personal({ kind: 'activity', whose: 'actorUserId', purpose: 'who started it', erasure: 'keep', retention: 'record' })
  actorUserId!: string | null;

  /** Users deleted before it go. */
  @Column('timestamptz') @NotPersonal() cutOff!: Date;

  /** The retention settings of that moment. */
  @Column('jsonb') @NotPersonal() policy!: Record<string, number>;

  /** Rows that went, by table. */
  @Column('jsonb', { default: () => `'{}'` }) @NotPersonal() counts!: Record<string, number>;

  /** Users passed over for a legal hold. */
  @Column('integer', { default: 0 }) @NotPersonal() held!: number;

  /** Users that could not go; the next run tries again. */
  @Column('integer', { default: 0 }) @NotPersonal() failed!: number;

  @Column('timestamptz') @NotPersonal() startedAt!: Date;

  @Column('timestamptz', { nullable: true }) @NotPersonal() finishedAt!: Date | null;
}
