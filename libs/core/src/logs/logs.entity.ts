import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Company } from '../company.entity.js';
import { NotPersonal, Personal } from '../personal.js';
import type { Retention } from '../personal.js';

/** A line is written by who acted, and tells of the person whose data it was. */
const ACTOR = { column: 'actorUserId', at: 'occurredAt', erasure: 'keep' } as const;
const CHANGE = {
  kind: 'activity',
  whose: 'userId',
  writer: ACTOR,
  purpose: 'proof of the change',
  erasure: 'clear',
  retention: 'auditLogYears',
} as const;

/** What both logs have in common; only ever added to. */
function logColumns(retention: Retention) {
  const about = { kind: 'activity', erasure: 'keep', retention } as const;
  const request = { kind: 'network', whose: 'actorUserId', writer: ACTOR, erasure: 'clear', retention } as const;

  abstract class LogEntry {
    @PrimaryColumn('uuid', { update: false })
    @NotPersonal()
    companyId!: string;

    @PrimaryGeneratedColumn('uuid')
    @NotPersonal()
    id!: string;

    @ManyToOne(() => Company, { onDelete: 'RESTRICT' })
    @JoinColumn({ name: 'companyId' })
    company!: Relation<Company>;

    @Column('timestamptz', { default: () => 'now()' })
    @NotPersonal()
    occurredAt!: Date;

    @Column('varchar', { length: 64 })
    @NotPersonal()
    action!: string;

    @Column('varchar', { length: 64 })
    @NotPersonal()
    targetType!: string;

    @Column('uuid', { nullable: true })
    @NotPersonal()
    targetId!: string | null;

    /** Whose data. */
    @Column('uuid', { nullable: true })
    @Personal({ ...about, whose: 'userId', purpose: 'whose data was touched' })
    userId!: string | null;

    /** Who did it; null for the system. */
    @Column('uuid', { nullable: true })
    @Personal({ ...about, whose: 'actorUserId', purpose: 'who touched it' })
    actorUserId!: string | null;

    /** May be the client's own words. */
    @Column('varchar', { length: 255, nullable: true })
    @Personal({ ...request, purpose: 'finding a request in the log' })
    requestId!: string | null;

    @Column('inet', { nullable: true })
    @Personal({ ...request, purpose: 'tracing misuse' })
    ip!: string | null;
  }
  return LogEntry;
}

/** Every change outside timesheets, sign-ins, failures, locks, refused escalations. */
@Entity('audit_logs')
@Index('audit_logs_newest_idx', ['companyId', 'occurredAt', 'id'])
@Index('audit_logs_user_idx', ['companyId', 'userId'])
@Index('audit_logs_actor_idx', ['companyId', 'actorUserId'])
@Index('audit_logs_target_idx', ['companyId', 'targetType', 'targetId'])
@Index('audit_logs_action_idx', ['companyId', 'action', 'occurredAt', 'id'])
@Index('audit_logs_target_type_idx', ['companyId', 'targetType', 'occurredAt', 'id'])
export class AuditLog extends logColumns('auditLogYears') {
  /** What changed, before; personal values only as "changed". */
  @Column('jsonb', { nullable: true })
  @Personal(CHANGE)
  before!: Record<string, unknown> | null;

  @Column('jsonb', { nullable: true })
  @Personal(CHANGE)
  after!: Record<string, unknown> | null;
}

/** Who read whose personal data. */
@Entity('access_logs')
@Index('access_logs_newest_idx', ['companyId', 'occurredAt', 'id'])
@Index('access_logs_user_idx', ['companyId', 'userId'])
@Index('access_logs_actor_idx', ['companyId', 'actorUserId'])
@Index('access_logs_target_idx', ['companyId', 'targetId', 'occurredAt', 'id'])
export class AccessLog extends logColumns('accessLogMonths') {}
