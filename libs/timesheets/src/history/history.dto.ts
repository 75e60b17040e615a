import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Instant, Integer, LastMoment, Moment, Note, OneOf, PageOf, PageQuery, Text, Version } from '#core';
import { HISTORY_ACTIONS, HISTORY_TARGETS } from './timesheet-history.entity.js';
import type { Diff, HistoryAction, HistoryTarget } from './timesheet-history.entity.js';

export class HistoryQuery extends PageQuery {
  @Id({ optional: true, description: 'Whose timesheet or entry.' }) userId?: string;
  @OneOf(HISTORY_TARGETS, { optional: true }) targetType?: HistoryTarget;
  @Id({ optional: true }) targetId?: string;
  @OneOf(HISTORY_ACTIONS, { optional: true }) action?: HistoryAction;
  @Id({ optional: true, description: 'Who acted.' }) actorUserId?: string;
  @Moment('From this day of the company’s zone, or this instant, on.') from?: string;
  @LastMoment('Up to this day of the company’s zone, or this instant; it counts too.') to?: string;
}

const JSON_OBJECT = { type: 'object', nullable: true, additionalProperties: true } as const;
/** One coherent line. */
const TARGET = { example: 'TimesheetEntry' };
const ACTION = { example: 'updated' };
const REASON = { optional: false, example: null };
const DIFF_EXAMPLE = { durationMin: { before: 60, after: 90 } };

export class HistoryView {
  @Id() id!: string;
  @Id({ description: 'Whose timesheet or entry; of an action code, who changed it.' }) userId!: string;
  @OneOf(HISTORY_TARGETS, TARGET) targetType!: HistoryTarget;
  @Id() targetId!: string;
  @OneOf(HISTORY_ACTIONS, ACTION) action!: HistoryAction;
  @Id({ nullable: true, description: 'Who acted; null for the system.' }) actorUserId!: string | null;
  @Note(REASON) reason!: string | null;
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

const GONE = 'Null where the line was lawfully erased.';
const Hash = (description: string) => Text(64, { description, example: 'a'.repeat(64) });
const Salt = (description: string) => Text(32, { nullable: true, description, example: '0'.repeat(32) });

/** A line of the export: a seal, and what it seals as it is now. How the hashes are made is told in docs/API.md. */
export class HistoryLine {
  @Integer(1, 2 ** 31 - 1, { example: 2, description: 'Its place in the chain, from 1 without a gap.' }) sequence!: number;
  @Id({ description: 'Of the line, also where it was erased.' }) historyId!: string;
  @Hash('Salted SHA-256 of the facts, in hex.') facts!: string;
  @Salt(GONE) factsSalt!: string | null;
  @Hash('Salted SHA-256 of the free text, in hex.') freeText!: string;
  @Salt('Null where the text or the line was lawfully erased.') freeTextSalt!: string | null;
  @Text(64, { blank: true, description: 'The `hash` of the line before; empty in the first.', example: 'b'.repeat(64) }) previous!: string;
  @Hash('SHA-256 of the seal, in hex.') hash!: string;
  @Flag({ description: 'Its free text was lawfully erased.', example: false }) textErased!: boolean;
  @Flag({ description: 'The line was lawfully erased.', example: false }) rowErased!: boolean;
  @Id({ nullable: true, description: `As \`historyId\`. ${GONE} So are all that follow.` }) id!: string | null;
  @Id({ nullable: true, description: 'Whose timesheet or entry; of an action code, who changed it.' }) userId!: string | null;
  @OneOf(HISTORY_TARGETS, { ...TARGET, nullable: true }) targetType!: HistoryTarget | null;
  @Id({ nullable: true }) targetId!: string | null;
  @OneOf(HISTORY_ACTIONS, { ...ACTION, nullable: true }) action!: HistoryAction | null;
  @Id({ nullable: true, description: 'Who acted; null for the system.' }) actorUserId!: string | null;
  @Note(REASON) reason!: string | null;
  @ApiProperty({ ...JSON_OBJECT, example: DIFF_EXAMPLE }) diff!: Diff | null;
  @ApiProperty({ ...JSON_OBJECT, example: null }) metadata!: Record<string, unknown> | null;
  @Instant({ nullable: true }) occurredAt!: string | null;
}
