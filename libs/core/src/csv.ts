import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What a spreadsheet takes for the beginning of a formula, full-width forms and leading blanks included. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/**
 * One line by RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front, by which spreadsheets
 * know a text; null is an empty cell, what is neither text nor number is JSON.
 */
export const csvLine = (cells: readonly unknown[]): string => `${cells.map(cell).join(',')}\r\n`;

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * Which of two forms an answer takes: `?format=` says it, else the `Accept` header where it would rather have `type` than JSON.
 * @returns a decorator of a parameter: true for the other form than JSON
 */
const wants = (format: string, type: string) =>
  createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
    const { query, headers } = context.switchToHttp().getRequest<FastifyRequest<{ Querystring: { format?: unknown } }>>();
    return query.format === undefined
      ? quality(type, headers.accept) > quality('application/json', headers.accept)
      : query.format === format;
  });

export const WantsCsv = wants('csv', 'text/csv');
export const WantsZip = wants('zip', 'application/zip');

/** How much an `Accept` header wants a type that it names: 0 to 1. */
function quality(type: string, accept = ''): number {
  const range = accept.split(',').find((part) => part.split(';', 1)[0]!.trim().toLowerCase() === type);
  return range === undefined ? 0 : Number(/;\s*q=([\d.]+)/i.exec(range)?.[1] ?? 1);
}
