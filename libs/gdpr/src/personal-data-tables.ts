import type { EntityMetadata } from 'typeorm';
import { classificationsOf, Stamped } from '#core';
import { dataMap } from './data-map.js';
import type { MappedColumn } from './data-map.js';

/** What of one table is told to a person. */
export interface PersonalTable {
  name: string;
  /** `whose`: the columns that name people to whom it is told; null: it is nobody's. */
  columns: { name: string; whose: string[] | null }[];
  /** SQL: which rows of an alias are of the company `$1`. */
  company: (alias: string) => string;
  /** SQL: which of them, as `t`, the person `$2` is in. */
  condition: string;
  /** Columns that may name anybody without saying so: ids that point nowhere, JSON. */
  loose: string[];
}

/** Columns of these tables that are not told, and why. */
export interface LeftOut {
  table: string;
  column: string;
  reason: 'credential' | 'short-lived';
}

/** `createdByUserId`, `updatedByUserId`: what somebody wrote, audit log and history tell, with their actor. */
const STAMPS = new Set([...classificationsOf(Stamped).values()].map(({ whose }) => whose));

/** Kept for hours: answers that may tell of others, secrets on their way. All that lasts is in the other tables. */
const isShortLived = ({ retention }: MappedColumn) => retention === 'hours';
const isPersonal = ({ kind }: MappedColumn) => kind !== 'none';
const isTold = ({ kind }: MappedColumn) => kind !== 'credential';

/**
 * What a person gets to see of themselves (GDPR Art. 15, 20), out of the map of personal data: the rows in which a column names them
 * (`whose`), those that belong to their own records (approvals of a timesheet), and those that their own records name (role, team).
 * Of a row they get what is theirs and what is nobody's; what is whose another column says is theirs only where it names them.
 */
export function personalTables(entities: readonly EntityMetadata[]): PersonalTable[] {
  const map = Map.groupBy(dataMap(entities), ({ table }) => table);
  const tables = [...map].flatMap(([name, columns]) => {
    const entity = entities.find(({ tableName }) => tableName === name);
    const conditions = entity ? conditionsOf(entity, columns, entities, map) : [];
    return entity && conditions.length > 0 ? [tableOf(entity, columns, conditions)] : [];
  });
  return tables;
}

/** What {@link personalTables} does not tell of a person although the map has it. */
export function leftOut(entities: readonly EntityMetadata[]): LeftOut[] {
  return dataMap(entities)
    .filter(isPersonal)
    .flatMap((mapped): LeftOut[] => {
      const { table, column } = mapped;
      if (!isTold(mapped)) return [{ table, column, reason: 'credential' }];
      return isShortLived(mapped) ? [{ table, column, reason: 'short-lived' }] : [];
    });
}

function tableOf({ tableName, columns: properties, relations }: EntityMetadata, columns: MappedColumn[], conditions: string[]) {
  const pointing = new Set(relations.flatMap(({ joinColumns }) => joinColumns.map(({ databaseName }) => databaseName)));
  const isTenant = columns.some(({ column }) => column === 'companyId');
  return {
    name: tableName,
    columns: columns
      .filter((mapped) => isTold(mapped) && mapped.column !== 'companyId')
      .map((mapped) => ({ name: mapped.column, whose: isPersonal(mapped) ? readersOf(mapped) : null })),
    company: (alias: string) => (isTenant ? `${alias}."companyId" = $1` : '$1::uuid IS NOT NULL'),
    condition: conditions.join(' OR '),
    loose: properties
      .filter(({ type, databaseName }) => type === 'jsonb' || (type === 'uuid' && databaseName !== 'id' && !pointing.has(databaseName)))
      .map(({ databaseName }) => databaseName),
  };
}

/** Who wrote the whole of it is told it, too. */
const readersOf = ({ whose, writer }: MappedColumn): string[] => [whose!, ...(writer?.erasure === 'clear' ? [writer.column] : [])];

/** The columns of a table that name people, those who wrote the record left aside. */
function peopleIn(columns: MappedColumn[] = []): string[] {
  const whose = columns.filter((mapped) => isPersonal(mapped) && !isShortLived(mapped)).map((mapped) => mapped.whose!);
  return [...new Set(whose)].filter((column) => !STAMPS.has(column));
}

/** The column that says to whom the records of a table belong as a whole, such as `userId`. */
function ownerIn(columns: MappedColumn[] = []): string | undefined {
  if (peopleIn(columns).includes('id')) return 'id';
  return columns.find(({ kind, whose, column }) => kind === 'identity' && whose === column)?.column;
}

function conditionsOf(
  { tableName, manyToOneRelations }: EntityMetadata,
  columns: MappedColumn[],
  entities: readonly EntityMetadata[],
  map: Map<string, MappedColumn[]>,
): string[] {
  const people = peopleIn(columns);
  const named = people.map((column) => `t."${column}" = $2`);
  if (ownerIn(columns) !== undefined || columns.some(isShortLived)) return named;
  const ownedBy = (table: string, select: string) => {
    const owner = ownerIn(map.get(table));
    return owner ? [`(SELECT o."${select}" FROM ${table} o WHERE o."companyId" = $1 AND o."${owner}" = $2)`] : [];
  };
  const parents = manyToOneRelations.flatMap((relation) => {
    const column = columnOf(relation);
    const isPerson = column === 'companyId' || people.includes(column);
    return isPerson ? [] : ownedBy(relation.inverseEntityMetadata.tableName, 'id').map((ids) => `t."${column}" IN ${ids}`);
  });
  const children = entities.flatMap((child) =>
    child.manyToOneRelations
      .filter((relation) => relation.inverseEntityMetadata.tableName === tableName && columnOf(relation) !== 'companyId')
      .flatMap((relation) => ownedBy(child.tableName, columnOf(relation)).map((ids) => `t.id IN ${ids}`)),
  );
  return [...named, ...parents, ...children];
}

/** The column of a reference that does not say the company, unless that is all. */
function columnOf({ joinColumns }: EntityMetadata['relations'][number]): string {
  const names = joinColumns.map(({ databaseName }) => databaseName);
  return names.find((name) => name !== 'companyId') ?? names[0]!;
}
