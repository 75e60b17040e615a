import type { EntityMetadata } from 'typeorm';
import { classificationsOf, Stamped } from '#core';
import type { Classification } from '#core';
import { anyOf, direct, ownerOf, personalColumns, recordsAbove, valuesOf } from '../erasure/person-columns.js';
import { dataMap } from './data-map.js';

/** What of one table is told to a person; its SQL is on the table as `x`, of the company `$1` and the person `$2`. */
export interface PersonalTable {
  name: string;
  /** `reader`: which of `readers` says of a row that it is told to the person; null: it is nobody's. */
  columns: { name: string; reader: number | null }[];
  /** SQL conditions. */
  readers: string[];
  /** SQL: which rows are of the company. */
  company: string;
  /** SQL: which of them the person is in. */
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

const IS_THEM = '= $2';

type Classified = Partial<Classification>;
/** Kept for hours: answers that may tell of others, secrets on their way. All that lasts is in the other tables. */
const isShortLived = ({ retention }: Classified) => retention === 'hours';
const isPersonal = ({ kind }: Classified) => kind !== 'none';
const isTold = ({ kind }: Classified) => kind !== 'credential';

/**
 * What a person gets to see of themselves (GDPR Art. 15, 20), out of the map of personal data: the rows in which a column names them
 * (`whose`), those that belong to their own records (approvals of a timesheet), and those that their own records name (role, team).
 * Of a row they get what is nobody's, and what erasure takes for theirs.
 */
export function personalTables(entities: readonly EntityMetadata[]): PersonalTable[] {
  const byName = entities.toSorted((a, b) => (a.tableName < b.tableName ? -1 : 1));
  return byName.flatMap((entity) => {
    const conditions = conditionsOf(entity, entities);
    return conditions.length > 0 ? [tableOf(entity, conditions)] : [];
  });
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

function tableOf(entity: EntityMetadata, conditions: string[]): PersonalTable {
  const { tableName, columns, relations } = entity;
  const pointing = new Set(relations.flatMap(({ joinColumns }) => joinColumns.map(({ databaseName }) => databaseName)));
  const personal = new Map(personalColumns(entity).map((column) => [column.column, column]));
  const readers: string[] = [];
  const readerOf = ({ whose, writer }: Classification): number => {
    const people = [whose, ...(writer?.erasure === 'clear' ? [writer.column] : [])]; // who wrote the whole of it is told it, too
    const reader = anyOf(
      people.map((column) => valuesOf(entity, column)),
      IS_THEM,
    );
    return readers.includes(reader) ? readers.indexOf(reader) : readers.push(reader) - 1;
  };
  return {
    name: tableName,
    columns: columns.flatMap(({ databaseName: name }) => {
      const classification = personal.get(name);
      if (name === 'companyId' || (classification && !isTold(classification))) return [];
      return [{ name, reader: classification ? readerOf(classification) : null }];
    }),
    readers,
    company: columns.some(({ databaseName }) => databaseName === 'companyId') ? 'x."companyId" = $1' : '$1::uuid IS NOT NULL',
    condition: conditions.join(' OR '),
    loose: columns
      .filter(({ type, databaseName }) => type === 'jsonb' || (type === 'uuid' && databaseName !== 'id' && !pointing.has(databaseName)))
      .map(({ databaseName }) => databaseName),
  };
}

/** Which rows of the table the person is in. */
function conditionsOf(entity: EntityMetadata, entities: readonly EntityMetadata[]): string[] {
  const columns = personalColumns(entity);
  const records = recordsAbove(entity);
  // Those who wrote the record are left aside, and so are records: their people come with them.
  const isPerson = (column: string) => !STAMPS.has(column) && !records.some((record) => record.column === column);
  const lasting = columns.filter((column) => !isShortLived(column)).map(({ whose }) => whose);
  const named = [...new Set(lasting)].filter(isPerson).map((column) => direct(column)(IS_THEM));
  if (ownerOf(entity) || columns.some(isShortLived)) return named;
  const above = records.map(({ isTheirs }) => isTheirs(IS_THEM));
  return [...named, ...above, ...entities.flatMap((child) => namedBy(child, entity))];
}

/** Which rows of a table the person's own records of another one name. */
function namedBy(child: EntityMetadata, { tableName }: EntityMetadata): string[] {
  const owner = ownerOf(child);
  const keys = child.foreignKeys.filter(({ referencedEntityMetadata }) => referencedEntityMetadata.tableName === tableName);
  return keys.flatMap(({ columns }) => {
    const column = columns.find(({ databaseName }) => databaseName !== 'companyId');
    if (!owner || !column) return [];
    return [`x.id IN (SELECT o."${column.databaseName}" FROM ${child.tableName} o WHERE o."companyId" = $1 AND o."${owner}" ${IS_THEM})`];
  });
}
