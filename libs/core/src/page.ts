import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Config } from './config.js';
import { Limit, Text } from './fields.js';
import { Json } from './json-rows.js';
import type { JsonRows } from './json-rows.js';
import { deriveKeys } from './keys.js';
import { Problem } from './problem.js';
import { UnitOfWork } from './unit-of-work.js';

/** Query parameters of every list. */
export class PageQuery {
  @Limit()
  limit: number = 50;

  @Text(8000, {
    optional: true,
    description: 'Where to go on: the `nextCursor` of the page before, with the same filters.',
    example: undefined,
  })
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  /** For the next page; null on the last one. */
  nextCursor: string | null;
}

/** The class of a page, for the documentation. @example `export class TeamPage extends PageOf(TeamView) {}` */
export function PageOf<T>(item: Type<T>): Type<Page<T>> {
  class Items implements Page<T> {
    @ApiProperty({ type: item, isArray: true }) items!: T[];
    @Text(4000, { nullable: true, example: null }) nextCursor!: string | null;
  }
  return Items;
}

/** A page whose items go out as they are. */
export type JsonPage<T> = Json<Page<T>>;

type Key = string | number | null;

/**
 * Cursors: the sort key of the last row, signed together with list, filters and company, so that none can be forged or carried over.
 */
@Injectable()
export class Cursors {
  private readonly keys: KeyObject[];

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
  ) {
    this.keys = deriveKeys(config.jwtSecrets, 'cursor');
  }

  /** The key to go on after; undefined for the first page. @throws 400 for a cursor that this list did not give */
  after(list: string, { cursor, ...query }: PageQuery): Key[] | undefined {
    if (cursor === undefined) return undefined;
    const [payload = '', mac = ''] = cursor.split('.');
    const given = Buffer.from(mac, 'base64url');
    const genuine = this.keys.some((key) => {
      const expected = this.sign(key, list, query, payload);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    if (!genuine) throw Problem.field('/cursor', 'is not a cursor of this list with these filters');
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Key[];
  }

  /** The page out of one row more than its limit. @param keyOf the sort key of an item, as the statement orders */
  page<T>(list: string, query: PageQuery, rows: T[], keyOf: (item: T) => Key[]): Page<T> {
    return { items: rows.slice(0, query.limit), nextCursor: this.next(list, query, rows.length, (last) => keyOf(rows[last]!)) };
  }

  /** The same of rows that go out as they are. */
  json<T>(list: string, query: PageQuery, rows: JsonRows<T>, keyOf: (item: T) => Key[]): JsonPage<T> {
    return new Json(
      rows.page(
        query.limit,
        this.next(list, query, rows.length, (last) => keyOf(rows.row(last))),
      ),
    );
  }

  private next(list: string, { cursor: _, ...filters }: PageQuery, found: number, keyAt: (last: number) => Key[]): string | null {
    if (found <= filters.limit) return null;
    const payload = Buffer.from(JSON.stringify(keyAt(filters.limit - 1))).toString('base64url');
    return `${payload}.${this.sign(this.keys[0]!, list, filters, payload).toString('base64url')}`;
  }

  private sign(key: KeyObject, list: string, { limit: _, ...filters }: Omit<PageQuery, 'cursor'>, payload: string): Buffer {
    const bound = JSON.stringify([
      list,
      this.work.tenant.companyId,
      Object.entries(filters).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      payload,
    ]);
    return createHmac('sha256', key).update(bound).digest().subarray(0, 16);
  }
}
