import { ApiProperty } from '@nestjs/swagger';
import { ACCESS_ACTIONS, AUDIT_ACTIONS, Id, Instant, LastMoment, Moment, PageOf, PageQuery, Text } from '#core';

const inWords = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

/** The values of a log, which its filters take. Any other finds nothing: lines outlive the list. */
const valuesOf = (log: Record<string, readonly string[]>) => ({
  targetTypes: `One of ${inWords(Object.keys(log))}.`,
  actions: Object.entries(log)
    .map(([target, actions]) => `Of \`${target}\`: ${inWords(actions)}.`)
    .join(' '),
});
const AUDITED = valuesOf(AUDIT_ACTIONS);
const READ = valuesOf(ACCESS_ACTIONS);

export abstract class LogQuery extends PageQuery {
  @Id({ optional: true, description: 'Whose data.' }) userId?: string;
  @Id({ optional: true, description: 'Who acted.' }) actorUserId?: string;
  abstract targetType?: string;
  @Id({ optional: true }) targetId?: string;
  abstract action?: string;
  @Moment('From this day of the company’s zone, or this instant, on.') from?: string;
  @LastMoment('Up to this day of the company’s zone, or this instant; it counts too.') to?: string;
}

export class AuditLogQuery extends LogQuery {
  @Text(64, { optional: true, example: 'User', description: AUDITED.targetTypes }) targetType?: string;
  @Text(64, { optional: true, example: 'user_updated', description: AUDITED.actions }) action?: string;
}

export class AccessLogQuery extends LogQuery {
  @Text(64, { optional: true, example: 'User', description: READ.targetTypes }) targetType?: string;
  @Text(64, { optional: true, example: 'profile_read', description: READ.actions }) action?: string;
}

/** Who read whose personal data. */
export class AccessLogView {
  @Id() id!: string;
  @Instant() occurredAt!: string;
  @Text(64, { example: 'profile_read' }) action!: string;
  @Text(64, { example: 'User' }) targetType!: string;
  @Id({ nullable: true }) targetId!: string | null;
  @Id({ nullable: true, description: 'Whose data.' }) userId!: string | null;
  @Id({ nullable: true, description: 'Who acted; null for the system, and for somebody who was not signed in.' }) actorUserId!:
    string | null;
  @Text(255, { nullable: true, example: 'req-7f3a' }) requestId!: string | null;
  @Text(45, { nullable: true, example: '192.0.2.7' }) ip!: string | null;
}

const CHANGED = { type: 'object', nullable: true, additionalProperties: true } as const;

/** What happened outside timesheets. */
export class AuditLogView extends AccessLogView {
  @Text(64, { example: 'user_updated' }) override action!: string;
  @ApiProperty({ ...CHANGED, example: { email: 'changed' }, description: 'What changed, before; personal values only as "changed".' })
  before!: Record<string, unknown> | null;
  @ApiProperty({ ...CHANGED, example: { email: 'changed' } }) after!: Record<string, unknown> | null;
}

export class AccessLogPage extends PageOf(AccessLogView) {}

export class AuditLogPage extends PageOf(AuditLogView) {}
