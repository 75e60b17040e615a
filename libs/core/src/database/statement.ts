import { createHash } from 'node:crypto';
import { types } from 'pg';
import type { QueryConfig } from 'pg';
import type { Tenant } from './tenant.js';

/** @property asJson its rows go out as they are @property asCount only how many there are is asked */
export type Statement = QueryConfig & { asJson?: boolean; asCount?: boolean };

/** A column of its rows. */
export interface Field {
  name: string;
  /** Its type. */
  dataTypeID: number;
}

/** Of PostgreSQL's types. */
export const OID = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
};

/** `2026-03-02 08:00:00+00`, as PostgreSQL prints it in UTC, becomes `2026-03-02T08:00:00Z`. */
const instant = (text: string): string => `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
const asIs = (text: string): string => text;

/**
 * What a value becomes on its way out. Days and instants stay text: parsing them into objects and printing them again
 * was 40 % of a list's cost. Sums and counts are numbers (all of ours are far below 2^53).
 */
const parsers: Record<number, (text: string) => unknown> = {
  [OID.date]: asIs,
  [OID.timestamp]: asIs,
  [OID.timestamptz]: instant,
  [OID.int8]: Number,
  [OID.numeric]: Number,
};
/** What a text of that type becomes. */
export const parserOf = (oid: number): ((text: string) => unknown) => parsers[oid] ?? types.getTypeParser(oid, 'text');
/** Whether a text stays what it is. */
export const isText = (parser: (text: string) => unknown): boolean => parser === asIs || parser === parserOf(OID.text);
const textual = { getTypeParser: parserOf as typeof types.getTypeParser };

/** Names, each made of its text: a forgotten one is made anew. */
const REMEMBERED = 2000;
const names = new Map<string, string>();

/**
 * A statement under a name of its own, so that PostgreSQL parses it once a connection (unnamed ones cost it nearly double).
 * @param isNamed false for what is to be planned for its own values (reports)
 */
export function statement(text: string, values: unknown[], isNamed = true): Statement {
  if (!isNamed) return { text, values, types: textual };
  let name = names.get(text);
  if (!name) {
    if (names.size >= REMEMBERED) names.clear();
    name = createHash('sha1').update(text).digest('base64url');
    names.set(text, name);
  }
  return { name, text, values, types: textual };
}

/** A statement inside a company, which is `$1`. */
export const inside = ({ companyId }: Tenant, text: string, values: unknown[] = [], isNamed = true): Statement =>
  statement(text, [companyId, ...values], isNamed);
