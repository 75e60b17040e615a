/** What a column tells about a person (GDPR Art. 4, 9). */
export type Kind = 'identity' | 'contact' | 'credential' | 'employment' | 'activity' | 'health' | 'free_text' | 'network';

/**
 * What anonymisation does to a value: nothing, a null, an empty text, a fixed replacement, or the whole row goes. Of a JSON object `blank`
 * takes the named members alone.
 */
export type ColumnErasure = 'keep' | 'clear' | 'empty' | 'delete_row' | { replaceWith: string } | { blank: readonly string[] };

/**
 * The clock that ends the row, by its name in the company's retention settings; `employment` lives as long as its person. An id with `record`
 * names who acted: a purge leaves it, naming nobody any more, for as long as the record is there.
 */
export type Retention = 'employment' | 'record' | 'auditLogYears' | 'accessLogMonths' | 'sessionDays' | 'hours';

export interface Classification {
  kind: Kind | 'none';
  /** The column of the same table that names the person, or the record of theirs that the value is about. */
  whose: string;
  purpose: string;
  erasure: ColumnErasure;
  /** Where somebody else may have written it: the columns that say who and when, and what becomes of it when they are anonymised. */
  writer?: { column: string; at: string; erasure: ColumnErasure };
  retention: Retention;
}

const NONE: Classification = { kind: 'none', whose: '', purpose: '', erasure: 'keep', retention: 'employment' };
const classified = new Map<object, Map<string, Classification>>();

/**
 * Declares a column as personal data, beside the column. The one source of the data map, the export, anonymisation and retention.
 * @example `@Column('citext') @Personal({ kind: 'contact', whose: 'id', purpose: 'sign-in and notices', erasure: ... }) email!: string;`
 */
export const Personal =
  (classification: Omit<Classification, 'retention'> & { retention?: Retention }): PropertyDecorator =>
  (prototype, property) => {
    const columns = classified.get(prototype) ?? new Map<string, Classification>();
    classified.set(prototype, columns.set(String(property), { retention: 'employment', ...classification }));
  };

/** Declares that a column tells nothing about a person. There is no default: an undeclared column makes a spec red. */
export const NotPersonal = (): PropertyDecorator => Personal(NONE);

/** Declares the clock that ends the rows of an entity, for its columns and those of its bases that name none. */
export const Retained =
  (retention: Retention) =>
  (entity: { prototype: object }): void => {
    for (const [property, classification] of classificationsOf(entity))
      if (classification.retention === 'employment') Personal({ ...classification, retention })(entity.prototype, property);
  };

/** The classification of each property of an entity, its base classes included. */
export function classificationsOf(entity: { prototype: object }): Map<string, Classification> {
  const all = new Map<string, Classification>();
  for (let prototype: object | null = entity.prototype; prototype; prototype = Object.getPrototypeOf(prototype) as object | null) {
    for (const [property, classification] of classified.get(prototype) ?? []) {
      if (!all.has(property)) all.set(property, classification);
    }
  }
  return all;
}
