import type { EntityMetadata } from 'typeorm';
import { isHeld } from '#core';
import type { Retention } from '#core';
import { User, UserOwned } from '#identity';
import { TimesheetHistory } from '#timesheets';
import { LegalHold } from '../legal-holds/legal-hold.entity.js';
import { anyOf, direct, hangingOn, ownerOf, personalColumns, valuesOf } from './person-columns.js';
import type { Condition, PersonalColumn } from './person-columns.js';

/** The people of a statement: its `$2`, ids. */
export const PEOPLE = '= ANY ($2::uuid[])';

/** Rows of one table that tell of people. */
export interface Rows {
  table: string;
  where: Condition;
}

/** What anonymisation does to the rows of one table. `$1` is the company, `$2` are the ids of the people. */
export interface ValueErasure {
  table: string;
  text: string;
  /** Where the rows show a version, the erasure moves it: `$3` is when, `$4` who acts. */
  isStamped: boolean;
}

/** A column of others' records that is to point to nobody. */
export interface Reference {
  table: string;
  text: string;
}

/** A table whose rows go by their own age, whoever they are about. */
export interface AgedTable {
  table: string;
  setting: Extract<Retention, 'auditLogYears' | 'accessLogMonths'>;
}

/**
 * What a purge takes last. The history: whoever had a timesheet locked before it went, and wrote a line then, has been waited for. And the person,
 * behind all bare ids, too, which hold nobody up but have to be counted.
 */
const LAST: unknown[] = [TimesheetHistory, User];

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const list = (texts: readonly string[]): string => `ARRAY[${texts.map(quoted).join(', ')}]`;

/** What others had under way at the first anonymisation is written by then; later texts of theirs tell of a deleted user. */
export const latest: Condition = (people) => `
  SELECT min(e."erasedAt") + interval '1 minute' FROM erasures e
  WHERE e."companyId" = $1 AND e."userId" ${people} AND e.kind = 'anonymized'`;

/** What becomes of a person's data, worked out from what each column declares and from the foreign keys: there is no second list of tables. */
export class ErasurePlan {
  /** Anonymisation: what becomes of values, a statement a table and person column; in this order. */
  readonly values: ValueErasure[];
  /** Anonymisation, repeated: the same, but for what others wrote after it was done. */
  readonly repeats: ValueErasure[];
  /** Purge: the rows that go with their person, children first, the person last. */
  readonly rows: Rows[];
  /** Purge: where others' records name the person. */
  readonly references: Reference[];
  readonly agedTables: AgedTable[];

  /** @param domain of the addresses that take the place of e-mails */
  constructor(
    private readonly entities: readonly EntityMetadata[],
    private readonly domain: string,
  ) {
    this.agedTables = entities.flatMap((entity) => agedTableOf(entity) ?? []);
    this.values = this.erasures(false);
    this.repeats = this.erasures(true);
    this.rows = this.inOrder().flatMap((entity) => {
      const conditions = this.goingWith(entity);
      return conditions.length > 0 ? [{ table: entity.tableName, where: (people: string) => anyOf(conditions, people) }] : [];
    });
    this.references = entities.flatMap((entity) =>
      personKeys(entity)
        .filter(({ isNullable }) => isNullable)
        .map(({ databaseName: column }) => ({
          table: entity.tableName,
          text: `UPDATE ${entity.tableName} x SET "${column}" = NULL WHERE x."companyId" = $1 AND x."${column}" ${PEOPLE}`,
        })),
    );
  }

  private erasures(isRepeat: boolean): ValueErasure[] {
    const losses = new Map(this.entities.map((entity) => [entity, this.lossesOf(entity, isRepeat)]));
    return [
      ...this.entities.flatMap((entity) => this.moving(entity, losses)),
      ...this.entities.flatMap((entity) => taking(entity, losses.get(entity)!)),
    ];
  }

  /** Whoever reads a timesheet reads its entries and approvals: its version moves when they lose something, too, and once. */
  private moving(entity: EntityMetadata, losses: Map<EntityMetadata, Loss[]>): ValueErasure[] {
    if (!isOwned(entity)) return [];
    const table = entity.tableName;
    const losing = this.entities.flatMap((part) => keysTo(entity, part).map((column) => ({ part, column })));
    const parts = losing.flatMap(({ part, column }) =>
      losses.get(part)!.map(({ rows }) => `SELECT x."${column}" FROM ${part.tableName} x WHERE ${rows}`),
    );
    if (parts.length === 0) return [];
    const own = losses.get(entity)!.map(({ rows }) => ` AND (${rows}) IS NOT TRUE`);
    const text = `UPDATE ${table} x SET ${STAMPS} WHERE x."companyId" = $1 AND x.id IN (${parts.join(' UNION ALL ')})${own.join('')}`;
    return [{ table, text, isStamped: true }];
  }

  private lossesOf(entity: EntityMetadata, isRepeat: boolean): Loss[] {
    const erased = personalColumns(entity)
      .flatMap(withWriter)
      .filter(({ erasure }) => erasure !== 'keep')
      .map((column) => ({ ...column, limits: limitsOf(entity, column, isRepeat) }));
    return [...Map.groupBy(erased, ({ whose, limits }) => whose + limits).values()].map((columns) => {
      const { whose, limits } = columns[0]!;
      const rows = `x."companyId" = $1 AND (${valuesOf(entity, whose)(PEOPLE)})${limits}`;
      if (columns.some(({ erasure }) => erasure === 'delete_row')) return { rows };
      const changes = columns.map((column) => this.change(column));
      // Rows that have nothing to lose are left alone.
      return { rows: `${rows} AND (${changes.map(({ isDue }) => isDue).join(' OR ')})`, changes };
    });
  }

  private change({ column, erasure }: PersonalColumn): Change {
    const name = `"${column}"`;
    if (erasure === 'clear') return { set: `${name} = NULL`, isDue: `x.${name} IS NOT NULL` };
    if (erasure === 'empty') return { set: `${name} = ''`, isDue: `x.${name} <> ''` };
    if (typeof erasure === 'string') throw new Error(`${column}: no statement for ${erasure}`);
    if ('blank' in erasure) return { set: `${name} = x.${name} - ${list(erasure.blank)}`, isDue: `x.${name} ?| ${list(erasure.blank)}` };
    const text = quoted(erasure.replaceWith.replace('<domain>', this.domain));
    const value = text.includes('<id>') ? `replace(${text}, '<id>', x.id::text)` : text;
    return { set: `${name} = ${value}`, isDue: `x.${name} <> ${value}` };
  }

  /** By which of its columns a row of the table goes with a person. */
  private goingWith(entity: EntityMetadata): Condition[] {
    if (entity.target === LegalHold || agedTableOf(entity)) return []; // the one stands in the way of a purge, the other has a time of its own
    const owner = ownerOf(entity);
    const required = personKeys(entity).filter(({ isNullable, databaseName }) => !isNullable && databaseName !== owner);
    if (owner) return [owner, ...(isOwned(entity) ? required.map(({ databaseName }) => databaseName) : [])].map((column) => direct(column));
    return hangingOn(entity);
  }

  /** Whoever points at another table comes before it. */
  private inOrder(): EntityMetadata[] {
    const ordered = new Set<EntityMetadata>();
    const visit = (entity: EntityMetadata): void => {
      if (ordered.has(entity)) return;
      for (const { referencedEntityMetadata } of entity.foreignKeys)
        if (referencedEntityMetadata !== entity) visit(referencedEntityMetadata);
      ordered.add(entity);
    };
    this.entities.forEach(visit);
    return [...ordered].toReversed().toSorted((a, b) => LAST.indexOf(a.target) - LAST.indexOf(b.target));
  }
}

interface Change {
  set: string;
  isDue: string;
}

/** Which rows of a table lose something with a person, as a condition on `x`, and what; without changes the whole row. */
interface Loss {
  rows: string;
  changes?: Change[];
}

// Never back behind a change that the erasure waited for.
const STAMPS = 'version = x.version + 1, "updatedAt" = greatest(x."updatedAt", $3), "updatedByUserId" = $4';

const taking = (entity: EntityMetadata, losses: Loss[]): ValueErasure[] =>
  losses.map(({ rows, changes }): ValueErasure => {
    const table = entity.tableName;
    if (!changes) return { table, text: `DELETE FROM ${table} x WHERE ${rows}`, isStamped: false };
    const isStamped = entity.versionColumn !== undefined && entity.target !== TimesheetHistory;
    const sets = [...changes.map(({ set }) => set), ...(isStamped ? [STAMPS] : [])].join(', ');
    return { table, text: `UPDATE ${table} x SET ${sets} WHERE ${rows}`, isStamped };
  });

/** Of what others wrote a repetition leaves what came after it was done, and a log, as in a purge of its own, the lines of who is under hold. */
function limitsOf(entity: EntityMetadata, { whose, writer }: PersonalColumn, isRepeat: boolean): string {
  if (!writer) return '';
  const isEarlyOrOwn = `((x."${writer.at}" > (${latest(PEOPLE)})) IS NOT TRUE OR x."${writer.column}" ${PEOPLE})`;
  const isOthers = whose !== writer.column && agedTableOf(entity) !== undefined;
  return `${isRepeat ? ` AND ${isEarlyOrOwn}` : ''}${isOthers ? ` AND NOT ${isHeld(`x."${writer.column}"`)}` : ''}`;
}

/** Also as what it is to whoever wrote it. */
const withWriter = (column: PersonalColumn): PersonalColumn[] =>
  column.writer ? [column, { ...column, whose: column.writer.column, erasure: column.writer.erasure, writer: undefined }] : [column];

/** Columns with a foreign key to users. */
function personKeys({ foreignKeys }: EntityMetadata): EntityMetadata['columns'] {
  return foreignKeys
    .filter(({ referencedEntityMetadata }) => referencedEntityMetadata.target === User)
    .flatMap(({ columns }) => columns.filter(({ databaseName }) => databaseName !== 'companyId'));
}

/** The columns by which rows of one table are parts of another's. */
const keysTo = (whole: EntityMetadata, { foreignKeys }: EntityMetadata): string[] =>
  foreignKeys
    .filter(({ referencedEntityMetadata }) => referencedEntityMetadata === whole)
    .flatMap(({ columns }) => columns.map(({ databaseName }) => databaseName).filter((name) => name !== 'companyId'));

const isOwned = ({ target }: EntityMetadata): boolean => typeof target === 'function' && target.prototype instanceof UserOwned;

/** A log: whose data it tells of goes by a clock of its own, not with the person. */
function agedTableOf(entity: EntityMetadata): AgedTable | undefined {
  const setting = personalColumns(entity).find(({ column }) => column === 'userId')?.retention;
  return setting === 'auditLogYears' || setting === 'accessLogMonths' ? { table: entity.tableName, setting } : undefined;
}
