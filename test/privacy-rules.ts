import type { MappedColumn } from '#gdpr';
import type { Catalogue, Column } from '../apps/api/src/generate/catalogue.js';

/** What is wrong with what the columns declare about persons, in words. */
export function privacyFaults({ tables }: Catalogue, map: MappedColumn[]): string[] {
  const declared = new Map(map.map((mapped) => [`${mapped.table}.${mapped.column}`, mapped]));
  return tables.flatMap(({ name, columns }) =>
    columns.flatMap((column) => {
      const place = `${name}.${column.name}`;
      return faultsOf(column, declared.get(place), columns).map((fault) => `${place}: ${fault}`);
    }),
  );
}

function faultsOf(column: Column, mapped: MappedColumn | undefined, siblings: Column[]): string[] {
  if (!mapped?.kind) return ['does not say whether it is personal'];
  const { table, kind, whose, purpose, erasure, writer } = mapped;
  if (kind === 'none') return [];
  const isText = /^(text|citext|character varying)/.test(column.type);
  const isBlanked = typeof erasure === 'object' && 'blank' in erasure;
  const isReplaced = typeof erasure === 'object' && 'replaceWith' in erasure;
  return [
    ...(siblings.some(({ name }) => name === whose) ? [] : [`is of "${whose}", which is no column of ${table}`]),
    ...(!writer || siblings.some(({ name }) => name === writer.column)
      ? []
      : [`is written by "${writer.column}", which is no column of ${table}`]),
    ...(!writer || siblings.some(({ name }) => name === writer.at) ? [] : [`is written at "${writer.at}", which is no column of ${table}`]),
    ...(whose === 'id' && table !== 'users' ? ['is of its own row, which is no person'] : []),
    ...(purpose ? [] : ['has no purpose']),
    ...(erasure === 'clear' && column.required ? ['is to be cleared, and must not be null'] : []),
    ...((erasure === 'empty' || isReplaced) && !isText ? [`is to become another text, and is a ${column.type}`] : []),
    ...(isBlanked && column.type !== 'jsonb' ? [`is to lose some of its members, and is a ${column.type}`] : []),
    ...(kind === 'credential' && erasure === 'keep' ? ['outlives the person whose credential it is'] : []),
  ];
}
