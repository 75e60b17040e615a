import type { EntityMetadata } from 'typeorm';
import { classificationsOf } from '#core';
import type { Classification, ColumnErasure } from '#core';
import type { MappedColumnView } from './data-map.dto.js';

/** A column of the database and what it declares; without a `kind` where nobody said so, which a spec finds. */
export interface MappedColumn extends Partial<Classification> {
  table: string;
  column: string;
}

/** Tables that no entity stands for, and that hold nothing of a person; a spec compares them with the catalogue. */
const WITHOUT_ENTITY: Record<string, string[]> = { migrations: ['id', 'timestamp', 'name'] };

/** What each column of the database tells about a person, by table. The one map, for people, export, anonymisation and purges. */
export function dataMap(entities: readonly EntityMetadata[]): MappedColumn[] {
  const mapped = entities.flatMap(({ tableName, target, columns }) => {
    const classifications = classificationsOf(target as { prototype: object });
    return columns.map(({ databaseName, propertyName }) => ({
      table: tableName,
      column: databaseName,
      ...classifications.get(propertyName),
    }));
  });
  const others = Object.entries(WITHOUT_ENTITY).flatMap(([table, columns]) =>
    columns.map((column) => ({ table, column, kind: 'none' as const })),
  );
  return [...mapped, ...others].toSorted((a, b) => (a.table === b.table ? 0 : a.table < b.table ? -1 : 1));
}

/** As the API tells it. */
export function mappedColumnView({ table, column, kind = 'none', whose, purpose, erasure, retention }: MappedColumn): MappedColumnView {
  if (kind === 'none') return { table, column, kind, whose: null, purpose: null, erasure: null, retention: null };
  return { table, column, kind, whose: whose!, purpose: purpose!, erasure: erasureText(erasure!), retention: retention! };
}

/** `keep`, `clear`, `empty`, `delete_row`, `replace:<text>`, `remove:<member>,<member>`. */
function erasureText(erasure: ColumnErasure): string {
  if (typeof erasure === 'string') return erasure;
  return 'blank' in erasure ? `remove:${erasure.blank.join(',')}` : `replace:${erasure.replaceWith}`;
}
