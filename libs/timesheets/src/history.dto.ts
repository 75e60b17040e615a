import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Instant, Integer, Moment, Note, OneOf, PageOf, PageQuery, Text, Version } from '#core';
import { HISTORY_ACTIONS, HISTORY_TARGETS } from './timesheet-history.entity.js';
import type { Diff, HistoryAction, HistoryTarget } from './timesheet-history.entity.js';

export class HistoryQuery extends PageQuery {
  @Id({ optional: true, description: 'Whose timesheet or entry.' }) userId?: string;
  @OneOf(HISTORY_TARGETS, { optional: true }) targetType?: HistoryTarget;
  @Id({ optional: true }) targetId?: string;
  @OneOf(HISTORY_ACTIONS, { optional: true }) action?: HistoryAction;
  @Id({ optional: true, description: 'Who acted.' }) actorUserId?: string;
  @Moment('From this day of the company’s zone, or this instant, on.') from?: string;
  @Moment('Up to this day of the company’s zone, or this instant; it counts too.') to?: string;
}

const JSON_OBJECT = { type: 'object', nullable: true, additionalProperties: true } as const;
const DIFF_EXAMPLE = { durationMin: { before: 60, after: 90 } };

export class HistoryView {
  @Id() id!: string;
  @Id({ description: 'Whose timesheet or entry; of an action code, who changed it.' }) userId!: string;
  @OneOf(HISTORY_TARGETS) targetType!: HistoryTarget;
  @Id() targetId!: string;
  @OneOf(HISTORY_ACTIONS) action!: HistoryAction;
  @Id({ nullable: true, description: 'Who acted; null for the system.' }) actorUserId!: string | null;
  @Note({ optional: false }) reason!: string | null;
  @ApiProperty({ ...JSON_OBJECT, example: DIFF_EXAMPLE, description: '`{ field: { before, after } }` of what changed.' })
  diff!: Diff | null;
  @ApiProperty({ ...JSON_OBJECT, example: null }) metadata!: Record<string, unknown> | null;
  @Instant() occurredAt!: string;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class HistoryPage extends PageOf(HistoryView) {}

export class HistoryProof {
  @Flag({ description: 'The history is what was written, but for what was lawfully erased.' }) valid!: boolean;
  @Integer(0, Number.MAX_SAFE_INTEGER, { example: 1200, description: 'How many sealed lines were looked at.' }) checked!: number;
  @Id({ nullable: true, example: null, description: 'The first line that is missing, changed or out of its place.' }) firstBroken!:
    string | null;
  @Text(64, {
    nullable: true,
    example: 'a'.repeat(64),
    description: 'The last seal, SHA-256 in hex. Keep it elsewhere: a cut-off tail shows only by it.',
  })
  head!: string | null;
  @Integer(0, Number.MAX_SAFE_INTEGER, { description: 'Lines that wait for their seal.' }) unsealed!: number;
}
