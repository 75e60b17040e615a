import { ApiProperty } from '@nestjs/swagger';
import { Id, Instant, Integer, OneOf, Part, Text } from '#core';
import type { LeftOut } from './personal-data-tables.js';

export class PersonalDataQuery {
  @OneOf(['json', 'zip'], { optional: true, description: 'Goes before the Accept header.' }) format?: 'json' | 'zip';
}

const SHA256 = { example: 'a'.repeat(64) };

export class ExportedTable {
  @Integer(0, Number.MAX_SAFE_INTEGER, { example: 12 }) rows!: number;
  @Text(64, {
    ...SHA256,
    description: 'SHA-256 in hex over the JSON text of the array, byte for byte, from `[` to `]`; in a ZIP the file.',
  })
  sha256!: string;
  @Text(64, { ...SHA256, optional: true, description: 'SHA-256 in hex over the CSV file; in a ZIP only.' }) csvSha256?: string;
}

class LeftOutColumn implements LeftOut {
  @Text(63, { example: 'users' }) table!: string;
  @Text(63, { example: 'passwordHash' }) column!: string;
  @OneOf(['credential', 'short-lived'], { description: '`short-lived`: copies and letters that go within hours.' })
  reason!: LeftOut['reason'];
}

export class PersonalDataManifest {
  @Id() companyId!: string;
  @Id({ description: 'Whose data.' }) userId!: string;
  @Instant() exportedAt!: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: '#/components/schemas/ExportedTable' },
    example: { users: { rows: 1, sha256: SHA256.example } },
  })
  tables!: Record<string, ExportedTable>;
  @ApiProperty({ type: LeftOutColumn, isArray: true, description: 'Columns that are stored of people, and never told.' })
  leftOut!: LeftOut[];
}

export class PersonalDataView {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'object', additionalProperties: true } },
    example: { users: [{ id: '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10', firstName: 'Ada', lastName: 'Lovelace' }] },
    description: 'The rows of each table, with the columns that are the person’s or nobody’s.',
  })
  data!: Record<string, Record<string, unknown>[]>;
  @Part(() => PersonalDataManifest) manifest!: PersonalDataManifest;
}
