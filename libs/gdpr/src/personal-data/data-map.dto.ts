import { ApiProperty } from '@nestjs/swagger';
import { OneOf, Text } from '#core';
import type { Kind, Retention } from '#core';

const KINDS = ['none', 'identity', 'contact', 'credential', 'employment', 'activity', 'health', 'free_text', 'network'] as const satisfies (
  Kind | 'none'
)[];
const CLOCKS = ['employment', 'record', 'auditLogYears', 'accessLogMonths', 'sessionDays', 'hours'] as const satisfies Retention[];

/** Of a column that tells nothing about a person (`none`) the other fields are null. */
export class MappedColumnView {
  @Text(63, { example: 'users' }) table!: string;
  @Text(63, { example: 'email' }) column!: string;
  @OneOf(KINDS, { example: 'contact', description: 'What it tells about a person; `none`: nothing.' }) kind!: (typeof KINDS)[number];
  @Text(63, {
    nullable: true,
    example: 'id',
    description: 'The column of the same table that names the person, or the record of theirs that the value is about.',
  })
  whose!: string | null;
  @Text(255, { nullable: true, example: 'sign-in and notices' }) purpose!: string | null;
  @Text(255, {
    nullable: true,
    example: 'replace:deleted-<id>@<domain>',
    description:
      'What anonymisation does to the value: `keep`, `clear` (null), `empty` (an empty text), `delete_row`, `replace:<text>`, or, of a JSON object, `remove:<member>,<member>`.',
  })
  erasure!: string | null;
  @OneOf(CLOCKS, {
    nullable: true,
    example: 'employment',
    description:
      'The clock that ends the row: a name of the retention settings, `employment` (as long as its person), `record` (an id that a purge of its person leaves, naming nobody any more, as long as the record is there), or `hours`.',
  })
  retention!: Retention | null;
}

export class DataMapView {
  @ApiProperty({ type: MappedColumnView, isArray: true }) items!: MappedColumnView[];
}
