import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** The version that a write expects: a number, `*` (any living record), or undefined (no If-Match). */
export type ExpectedVersion = number | '*' | undefined;

export const etagOf = (version: number): string => `"${version}"`;

/** A record whose version is for the ETag alone: PUT takes what GET gives. */
export const withHiddenVersion = <T extends { version: number }>({ version, ...record }: T): Omit<T, 'version'> =>
  Object.defineProperty(record, 'version', { value: version, enumerable: false });

const documented: ParameterDecorator = (target, method) => {
  const descriptor = method && Object.getOwnPropertyDescriptor(target, method);
  const description = 'The ETag that you read, or `*` for any; answers 412 when the record has changed since.';
  if (descriptor)
    ApiHeader({ name: 'If-Match', description, schema: { type: 'string', pattern: '^(\\*|"\\d+")$', example: '"3"' } })(
      target,
      method,
      descriptor,
    );
};

const LARGEST = 2 ** 31 - 1;
/** Of no record: they begin at 1. */
const NONE = 0;

/** `If-Match` of a write. What no version can be is none of the present ones. @throws 400 when it is malformed */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): ExpectedVersion => {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
    if (header === undefined || header === '*') return header;
    if (!/^"\d+"$/.test(header)) throw Problem.field('/If-Match', 'must be "*" or one strong ETag such as "3"');
    const version = Number(header.slice(1, -1));
    return version <= LARGEST && etagOf(version) === header ? version : NONE;
  },
  [documented],
);

/** @throws 412 when the record has another version than the client saw */
export function expectVersion(record: { version: number }, expected: ExpectedVersion): void {
  if (typeof expected === 'number' && record.version !== expected) throw new Problem('version_mismatch');
}
