import { ApiProperty } from '@nestjs/swagger';
import { Id, Instant, Moment, PageOf, PageQuery, Text } from '#core';

export class LogQuery extends PageQuery {
  @Id({ optional: true, description: 'Whose data.' }) userId?: string;
  @Id({ optional: true, description: 'Who acted.' }) actorUserId?: string;
  @Text(64, { optional: true, example: 'User' }) targetType?: string;
  @Id({ optional: true }) targetId?: string;
  @Text(64, { optional: true, example: 'user_updated' }) action?: string;
  @Moment('From this day of the company’s zone, or this instant, on.') from?: string;
  @Moment('Up to this day of the company’s zone, or this instant; it counts too.') to?: string;
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
  @ApiProperty({ ...CHANGED, example: { name: 'Blue' }, description: 'What changed, before; personal values only as "changed".' })
  before!: Record<string, unknown> | null;
  @ApiProperty({ ...CHANGED, example: { name: 'Green' } }) after!: Record<string, unknown> | null;
}

export class AccessLogPage extends PageOf(AccessLogView) {}

export class AuditLogPage extends PageOf(AuditLogView) {}
