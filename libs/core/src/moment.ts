import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import { isDay, isInstant } from './fields.js';
import { Problem } from './problem.js';
import type { Query } from './query.js';
import type { UnitOfWork } from './unit-of-work.js';

export interface Moments {
  from?: string;
  to?: string;
}

/** One end of a range: a day of the company's zone, or an instant. Both ends count. */
export const Moment = (description: string): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: 'string', required: false, description, example: '2026-03-02' }),
    ValidateIf((_, value) => value !== undefined),
    ValidateBy({
      name: 'field',
      validator: {
        validate: (value) => isDay(value) || isInstant(value),
        defaultMessage: () => 'must be a real day, YYYY-MM-DD, or an RFC 3339 instant with an offset',
      },
    }),
  );

/** A zone for `AT TIME ZONE`, where these names of IANA's, in whatever case, would be abbreviations, without summer time. */
export const zoneSql = (zone: string): string =>
  `(CASE upper(${zone}) WHEN 'CET' THEN 'Europe/Brussels' WHEN 'MET' THEN 'Europe/Brussels' WHEN 'EET' THEN 'Europe/Athens' WHEN 'WET' THEN 'Europe/Lisbon' ELSE ${zone} END)`;

const ZONE = `(SELECT ${zoneSql('s.timezone')} FROM company_settings s WHERE s."companyId" = $1)`;
const firstInstant = (bound: string, parameter: string) =>
  isDay(bound) ? `(${parameter}::date)::timestamp AT TIME ZONE ${ZONE}` : `${parameter}::timestamptz`;
const pastInstant = (bound: string, parameter: string) =>
  isDay(bound) ? `(${parameter}::date + 1)::timestamp AT TIME ZONE ${ZONE}` : `${parameter}::timestamptz + interval '1 microsecond'`;
/** Offsets beyond 15:59 are none to PostgreSQL, so instants reach it in UTC. */
const bindable = (bound: string) => (isDay(bound) ? bound : new Date(bound).toISOString());

/** Narrows a list to the range. */
export function within(query: Query, column: string, { from, to }: Moments): Query {
  if (from) query.and(`${column} >= ${firstInstant(from, '?')}`, bindable(from));
  if (to) query.and(`${column} < ${pastInstant(to, '?')}`, bindable(to));
  return query;
}

/** @throws 400 for a range that ends before it starts; where a day meets an instant the company's zone decides */
export async function refuseReversed(work: UnitOfWork, { from, to }: Moments): Promise<void> {
  if (!from || !to) return;
  const reversed =
    isDay(from) === isDay(to)
      ? Date.parse(to) < Date.parse(from)
      : (await work.query(`SELECT 1 WHERE ${firstInstant(from, '$2')} >= ${pastInstant(to, '$3')}`, [bindable(from), bindable(to)]))
          .length > 0;
  if (reversed) throw Problem.field('/to', 'must not be before from');
}

/** As the API writes an instant: in UTC, without a fraction that is nothing. */
export const instantText = (instant: number | Date): string => new Date(instant).toISOString().replace(/\.?0+Z$/, 'Z');
