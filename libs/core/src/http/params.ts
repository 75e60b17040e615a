import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { isId } from './fields.js';
import { Problem } from './problem.js';

const pathId = createParamDecorator((name: string, context: ExecutionContext): string => {
  const value = (context.switchToHttp().getRequest<FastifyRequest>().params as Record<string, string>)[name];
  if (!isId(value)) throw Problem.field(`/${name}`, 'must be a UUID');
  return value.toLowerCase();
});

/** An id in the path. @throws 400 when it is no UUID */
export const PathId =
  (name = 'id'): ParameterDecorator =>
  (target, method, index) => {
    pathId(name)(target, method, index);
    const descriptor = method && Object.getOwnPropertyDescriptor(target, method);
    if (descriptor) ApiParam({ name, format: 'uuid', type: String })(target, method, descriptor);
  };
