import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** The version that a write expects: a number, `*` (any living record), or undefined (no If-Match). */
export type ExpectedVersion = number | '*' | undefined;

export const etagOf = (version: number): string => `"${version}"`;

const documented: ParameterDecorator = (target, method) => {
  const descriptor = method && Object.getOwnPropertyDescriptor(target, method);
  const description = 'The ETag that you read; answers 412 when the record has changed since.';
  if (descriptor) ApiHeader({ name: 'If-Match', description, schema: { type: 'string', example: '"3"' } })(target, method, descriptor);
};

/** `If-Match` of a write. @throws 400 when it is malformed */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): ExpectedVersion => {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
    if (header === undefined || header === '*') return header;
    const version = /^"([1-9]\d{0,8})"$/.exec(header)?.[1];
    if (!version) throw Problem.field('/If-Match', 'must be "*" or one strong ETag such as "3"');
    return Number(version);
  },
  [documented],
);

/** @throws 412 when the record has another version than the client saw */
export function expectVersion(record: { version: number }, expected: ExpectedVersion): void {
  if (typeof expected === 'number' && record.version !== expected) throw new Problem('version_mismatch');
}
