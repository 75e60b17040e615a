import type { EntityMetadata } from 'typeorm';
import { classificationsOf } from '#core';
import type { Classification } from '#core';
import { User } from '#identity';

/** A column that tells of people, and what it declares. */
export interface PersonalColumn extends Classification {
  column: string;
}

/** SQL on a table as `x`. @param people how a column that holds a person's id is compared, such as `= ANY ($2::uuid[])` */
export type Condition = (people: string) => string;

export function personalColumns({ target, columns }: EntityMetadata): PersonalColumn[] {
  const classifications = classificationsOf(target as { prototype: object });
  return columns.flatMap(({ databaseName, propertyName }) => {
    const classification = classifications.get(propertyName);
    return classification && classification.kind !== 'none' ? [{ column: databaseName, ...classification }] : [];
  });
}

/**
 * The column that says whose rows these are: `userId`, wherever it tells of a person. Rows of a table that has none are nobody's, or of
 * whom the record is that they hang on ({@link hangingOn}).
 */
export function ownerOf(entity: EntityMetadata): string | undefined {
  if (entity.target === User) return 'id';
  return personalColumns(entity).some(({ column }) => column === 'userId') ? 'userId' : undefined;
}

/** Whose a value is, by what its column declares: of whom `whose` names, or of whom the record is that it names. */
export function valuesOf(entity: EntityMetadata, whose: string): Condition {
  const record = recordsAbove(entity).find(({ column }) => column === whose);
  if (record) return record.isTheirs;
  const owner = ownerOf(entity);
  const isOptional = entity.columns.some(({ databaseName, isNullable }) => databaseName === whose && isNullable);
  if (!owner || owner === whose || !isOptional) return direct(whose);
  // What nobody is known to have done (a failed sign-in) is told of the person whose account it was.
  return (people) => `(x."${whose}" ${people} OR (x."${whose}" IS NULL AND x."${owner}" ${people}))`;
}

/** The records that rows of the table cannot be without, where these are somebody's. */
export const hangingOn = (entity: EntityMetadata): Condition[] =>
  recordsAbove(entity)
    .filter(({ isRequired }) => isRequired)
    .map(({ isTheirs }) => isTheirs);

/** The columns that name a record of somebody's. */
export function recordsAbove({ foreignKeys }: EntityMetadata): { column: string; isRequired: boolean; isTheirs: Condition }[] {
  return foreignKeys.flatMap(({ columns, referencedEntityMetadata: above }) => {
    const column = columns.find(({ databaseName }) => databaseName !== 'companyId');
    const owner = ownerOf(above);
    if (!column || !owner || above.target === User) return [];
    const { databaseName: name, isNullable } = column;
    return [{ column: name, isRequired: !isNullable, isTheirs: through(name, above.tableName, owner) }];
  });
}

export const direct =
  (column: string): Condition =>
  (people) =>
    `x."${column}" ${people}`;

const through =
  (column: string, table: string, owner: string): Condition =>
  (people) =>
    `x."${column}" IN (SELECT r.id FROM ${table} r WHERE r."companyId" = $1 AND r."${owner}" ${people})`;

export const anyOf = (conditions: Condition[], people: string): string => conditions.map((condition) => condition(people)).join(' OR ');
