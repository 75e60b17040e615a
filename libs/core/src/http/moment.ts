import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import type { Query } from '../database/query.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { instantAt, startOfDay } from '../local-day.js';
import { Day, isDay, isInstant } from './fields.js';
import type { FieldOptions } from './fields.js';
import { Problem } from './problem.js';
import { Rule } from './rules.js';

export interface Moments {
  from?: string;
  to?: string;
}

const FORM = '`YYYY-MM-DD`, or RFC 3339 with an offset.';

/** One end of a range: a day of the company's zone, or an instant. Both ends count. */
export const Moment = (description: string): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: 'string', required: false, description: `${description} ${FORM}`, example: '2026-03-02' }),
    ValidateIf((_, value) => value !== undefined),
    ValidateBy({
      name: 'field',
      validator: {
        validate: (value) => isDay(value) || isInstant(value),
        defaultMessage: () => 'must be a real day, YYYY-MM-DD, or an RFC 3339 instant with an offset, from 1970-01-01 to 2199-12-31',
      },
    }),
  );

const REVERSED = 'must not be before from';

/** The last day of a range that `from` begins. */
export const LastDay = (options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    Day(options),
    Rule<Moments>(['from'], ({ from, to }) => (from && to && to < from ? REVERSED : undefined)),
  );

/** The last moment of a range that `from` begins. */
export const LastMoment = (description: string): PropertyDecorator =>
  applyDecorators(
    Moment(description),
    Rule<Moments>(['from'], (range) => (isReversed(range) ? REVERSED : undefined)),
  );

/** Where a day meets an instant the company's zone decides. */
const isReversed = ({ from, to }: Moments): boolean =>
  isDay(from) ? isDay(to) && to < from : isInstant(from) && isInstant(to) && Date.parse(to) < Date.parse(from);

/** Narrows a list to the range. @throws 400 for one that ends before it starts; where a day meets an instant the company's zone decides */
export async function inRange(work: UnitOfWork, query: Query, column: string, { from, to }: Moments): Promise<Query> {
  const zone = isDay(from) || isDay(to) ? await companyZone(work) : 'UTC';
  const first = from && firstInstant(from, zone);
  const past = to && pastInstant(to, zone);
  if (first && past && past <= first && !(isDay(from) && isDay(to))) throw Problem.field('/to', REVERSED);
  if (first) query.and(`${column} >= ?`, first);
  if (past) query.and(`${column} < ?`, past);
  return query;
}

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
