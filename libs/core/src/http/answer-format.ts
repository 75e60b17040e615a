import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

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
