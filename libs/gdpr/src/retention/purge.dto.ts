import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Instant, Integer, PageOf, Version } from '#core';
import { RetentionSettings } from './retention-settings.dto.js';

export class StartPurge {
  @Flag({ description: 'Only counts what would go.' }) dryRun!: boolean;
}

/** A purge, or what one would do. */
export class PurgeRunView {
  @Id() id!: string;
  @Flag() dryRun!: boolean;
  @Id({ nullable: true, description: 'Who started it; null for the job.' }) actorUserId!: string | null;
  @Instant({
    description: 'Users go who were deleted before it, or anonymised before it and never deleted.',
    example: '2019-03-02T08:00:00Z',
  })
  cutOff!: string;
  @ApiProperty({ type: RetentionSettings, description: 'The retention settings of that moment.' }) policy!: RetentionSettings;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer', format: 'int64' },
    description: 'Rows that went, by table.',
    example: { users: 2, timesheets: 31 },
  })
  counts!: Record<string, number>;
  @Integer(0, 2_147_483_647, { description: 'Users passed over for a legal hold.', example: 0 }) held!: number;
  @Integer(0, 2_147_483_647, { description: 'Users that could not go; the next run tries again.', example: 0 }) failed!: number;
  @Instant() startedAt!: string;
  @Instant({ nullable: true, description: 'Null while it runs.' }) finishedAt!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class PurgeRunPage extends PageOf(PurgeRunView) {}
