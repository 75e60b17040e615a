import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What a spreadsheet takes for the beginning of a formula, full-width forms and leading blanks included. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/**
 * One line by RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front, by which spreadsheets
 * know a text; null is an empty cell.
 */
export const csvLine = (cells: readonly (string | number | null)[]): string => `${cells.map(cell).join(',')}\r\n`;

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether a report is to be text/csv: `?format=` says it, else the `Accept` header. */
export const WantsCsv = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  const { query, headers } = context.switchToHttp().getRequest<FastifyRequest<{ Querystring: { format?: unknown } }>>();
  return query.format === undefined ? prefersCsv(headers.accept) : query.format === 'csv';
});

/** Whether an `Accept` header would rather have text/csv than JSON, which is the answer to all else. */
function prefersCsv(accept = ''): boolean {
  const quality = (type: string): number => {
    const range = accept.split(',').find((part) => part.split(';', 1)[0]!.trim().toLowerCase() === type);
    return range === undefined ? 0 : Number(/;\s*q=([\d.]+)/i.exec(range)?.[1] ?? 1);
  };
  return quality('text/csv') > quality('application/json');
}
