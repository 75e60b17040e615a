import { Injectable } from '@nestjs/common';
import { isId, UnitOfWork } from '#core';
import type { PersonalTable } from './personal-data-tables.js';

/** Rows that one short transaction reads. */
export const PAGE = 1000;

/** A row as it is told: only the columns that are the person's or nobody's. */
export type PersonalRow = Record<string, unknown> & { id: string };

/** A column beside those of the row: whether what one of the readers reads is told. */
const isToldBy = (reader: number): string => `?${reader}`;

@Injectable()
export class PersonalDataRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Whether the present company has such a user, deleted or not. */
  async exists(userId: string): Promise<boolean> {
    return (await this.work.query('SELECT 1 FROM users WHERE "companyId" = $1 AND id = $2', [userId])).length > 0;
  }

  /** Rows behind an id, in its order; the last statements of their transaction. */
  async page({ name, columns, readers, company, condition, loose }: PersonalTable, userId: string, after: string): Promise<PersonalRow[]> {
    const told = readers.map((reader, index) => `(${reader}) IS TRUE AS "${isToldBy(index)}"`);
    const list = [...columns.map((column) => `x."${column.name}"`), ...told].join(', ');
    // First the ids alone, found by the person: in the order of the page all of the company would be read; and to sort whole rows, they are too wide.
    const text = `
      WITH theirs AS MATERIALIZED (SELECT x.id FROM ${name} x WHERE ${company} AND (${condition}))
      SELECT ${list}
      FROM (SELECT id FROM theirs WHERE id > $3 ORDER BY id LIMIT ${PAGE}) k
      JOIN ${name} x ON ${company} AND x.id = k.id
      ORDER BY x.id`;
    const isLast = loose.length === 0;
    const rows = await (isLast ? this.work.last<PersonalRow>(text, [userId, after]) : this.work.query<PersonalRow>(text, [userId, after]));
    const owns = rows.map((row) => {
      const own = columns.filter(({ reader }) => reader === null || row[isToldBy(reader)]);
      return Object.fromEntries(own.map((column) => [column.name, row[column.name]])) as PersonalRow;
    });
    return isLast ? owns : this.withoutOthers(owns, loose, userId);
  }

  /** With null where an id of a colleague stood. */
  private async withoutOthers(rows: PersonalRow[], loose: string[], userId: string): Promise<PersonalRow[]> {
    const ids = new Set(rows.flatMap((row) => loose.flatMap((column) => idsIn(row[column]))));
    const people = await this.work.last<{ id: string }>(
      'SELECT id FROM users WHERE "companyId" = $1 AND id <> $2 AND id = ANY ($3::uuid[])',
      [userId, [...ids]],
    );
    if (people.length === 0) return rows;
    const others = new Set(people.map(({ id }) => id));
    return rows.map((row) => ({
      ...row,
      ...Object.fromEntries(loose.filter((column) => column in row).map((column) => [column, without(row[column], others)])),
    }));
  }
}

function idsIn(value: unknown): string[] {
  if (isId(value)) return [value.toLowerCase()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(idsIn) : [];
}

function without(value: unknown, others: ReadonlySet<string>): unknown {
  if (isId(value)) return others.has(value.toLowerCase()) ? null : value;
  if (Array.isArray(value)) return value.map((item) => without(item, others));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, without(item, others)]));
}
