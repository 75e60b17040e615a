import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Config } from '../config.js';
import { Json } from '../database/json-rows.js';
import type { JsonRows } from '../database/json-rows.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { deriveKeys } from '../keys.js';
import { Limit, Text } from './fields.js';
import { Problem } from './problem.js';

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

type Key = string | number | boolean | null;

const TAG_BYTES = 16;

interface CursorKey {
  sign: KeyObject;
  encrypt: KeyObject;
}

/**
 * Cursors: the sort key of the last row, signed together with list, filters and company, so that none can be forged or carried over; and
 * encrypted, as it may be a name and stands in URLs. The tag is the synthetic IV (SIV), so that the same page has the same cursor.
 */
@Injectable()
export class Cursors {
  private readonly keys: CursorKey[];

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
  ) {
    const ciphers = deriveKeys(config.jwtSecrets, 'cursor-cipher');
    this.keys = deriveKeys(config.jwtSecrets, 'cursor').map((sign, index) => ({ sign, encrypt: ciphers[index]! }));
  }

  /** The key to go on after; undefined for the first page. @throws 400 for a cursor that this list did not give */
  after(list: string, { cursor, ...query }: PageQuery): Key[] | undefined {
    if (cursor === undefined) return undefined;
    const [first = '', second = ''] = cursor.split('.');
    const [payload, tag] = [Buffer.from(first, 'base64url'), Buffer.from(second, 'base64url')];
    if (tag.length === TAG_BYTES)
      for (const key of this.keys)
        // The second as it was before cursors were encrypted.
        for (const text of [crypt(key, tag, payload), payload])
          if (timingSafeEqual(tag, this.sign(key, list, query, text))) return JSON.parse(text.toString()) as Key[];
    throw Problem.field('/cursor', 'is not a cursor of this list with these filters');
  }

  /** For a list that asks for a record first: what is wrong with the query goes before 404. @throws 400 as {@link after} */
  check(list: string, query: PageQuery): void {
    this.after(list, query);
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
    const [key] = this.keys as [CursorKey];
    const text = Buffer.from(JSON.stringify(keyAt(filters.limit - 1)));
    const tag = this.sign(key, list, filters, text);
    return `${crypt(key, tag, text).toString('base64url')}.${tag.toString('base64url')}`;
  }

  private sign({ sign }: CursorKey, list: string, { limit: _, ...filters }: Omit<PageQuery, 'cursor'>, text: Buffer): Buffer {
    const bound = JSON.stringify([
      list,
      this.work.tenant.companyId,
      Object.entries(filters).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      text.toString('base64url'),
    ]);
    return createHmac('sha256', sign).update(bound).digest().subarray(0, TAG_BYTES);
  }
}

/** Encrypts and decrypts alike. */
const crypt = ({ encrypt }: CursorKey, tag: Buffer, text: Buffer): Buffer => createCipheriv('aes-256-ctr', encrypt, tag).update(text);
