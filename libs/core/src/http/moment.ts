import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import type { Query } from '../database/query.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { instantAt, startOfDay } from '../local-day.js';
import { isDay, isInstant } from './fields.js';
import { Problem } from './problem.js';

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
        defaultMessage: () => 'must be a real day, YYYY-MM-DD, or an RFC 3339 instant with an offset, from 1970-01-01 to 2199-12-31',
      },
    }),
  );

/** Narrows a list to the range. @throws 400 for one that ends before it starts; where a day meets an instant the company's zone decides */
export async function inRange(work: UnitOfWork, query: Query, column: string, { from, to }: Moments): Promise<Query> {
  const zone = isDay(from) || isDay(to) ? await companyZone(work) : 'UTC';
  const first = from && firstInstant(from, zone);
  const past = to && pastInstant(to, zone);
  if (isDay(from) && isDay(to)) refuseReversed({ from, to });
  else if (first && past && past <= first) throw reversed();
  if (first) query.and(`${column} >= ?`, first);
  if (past) query.and(`${column} < ?`, past);
  return query;
}

/** @throws 400 for days of which the last is before the first */
export function refuseReversed({ from, to }: Moments): void {
  if (from && to && to < from) throw reversed();
}

const reversed = () => Problem.field('/to', 'must not be before from');

const firstInstant = (bound: string, zone: string) => new Date(isDay(bound) ? startOfDay(bound, zone) : bound);

/** An instant counts with all of its millisecond. */
const pastInstant = (bound: string, zone: string) => new Date(isDay(bound) ? instantAt(bound, 24, zone) : Date.parse(bound) + 1);

/** The IANA name of the company's time zone. @throws 401 for a company that was erased meanwhile, as its next request gets */
export async function companyZone(work: UnitOfWork): Promise<string> {
  const [settings] = await work.query<{ timezone: string }>('SELECT s.timezone FROM company_settings s WHERE s."companyId" = $1');
  if (!settings) throw new Problem('not_signed_in');
  return settings.timezone;
}

/** As the API writes an instant: in UTC, without a fraction that is nothing. */
export const instantText = (instant: number | Date): string => new Date(instant).toISOString().replace(/\.?0+Z$/, 'Z');
