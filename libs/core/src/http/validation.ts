import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, ValidationError } from '@nestjs/common';
import { classToPlain, plainToInstance } from 'class-transformer';
import { errorsOfParts, PARTS, STRICT } from './fields.js';
import { escapePointer, faultsOfShape, requireObject } from './input-shape.js';
import { Problem } from './problem.js';
import type { FieldFault } from './problem.js';
import { VALIDATOR } from './validator-cache.js';

const REMEMBERED = 500; // queries of one route,
const REMEMBERED_LENGTH = 300; // none longer

const coded = new WeakSet<object>();

/** For a body of several records: each fault of its form says its code too, as those do that are found later. */
export const WithCodes = (): ClassDecorator => (target) => void coded.add(target);

/** Strict: unknown fields are refused, nothing is converted, every fault is named by its pointer, all at once. */
@Injectable()
export class Validation extends ValidationPipe {
  /** By the class and what was asked: the same few queries come again and again, and proving one costs 100 µs. */
  private readonly knownQueries = new Map<unknown, Map<string, object>>();

  constructor() {
    super({
      transform: true,
      ...STRICT,
      validatorPackage: VALIDATOR, // where Nest looks for it by itself, all of it is read, telephone numbers of the world included
      transformerPackage: { plainToInstance, classToPlain },
      exceptionFactory: (errors) => new Problem('validation_failed', { errors: errors.flatMap((error) => faultsOf(error)) }),
    });
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom') return given;
    try {
      // No body is one without fields: where some are required, each is named. JSON's null is a body.
      return await this.valid((given === undefined ? {} : given) as object, metadata);
    } catch (error) {
      if (!metadata.metatype || !coded.has(metadata.metatype) || !(error instanceof Problem)) throw error;
      throw new Problem(error.code, { errors: error.more.errors?.map((fault) => ({ code: error.code, ...fault })) });
    }
  }

  private valid(value: object, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body') requireObject(value);
    const { faults, isSafe } = faultsOfShape(value);
    if (faults.length > 0) return this.refuse(faults, isSafe ? value : undefined, metadata);
    return metadata.type === 'query' ? this.query(value, metadata) : super.transform(value, metadata);
  }

  /** Of what has a fault of its shape nothing else is told. @param value to hear what is wrong besides */
  private async refuse(faults: FieldFault[], value: object | undefined, metadata: ArgumentMetadata): Promise<never> {
    const told = new Set(faults.map(({ pointer }) => pointer));
    const others = value ? await this.faultsByRules(value, metadata) : [];
    throw new Problem('validation_failed', { errors: [...faults, ...others.filter(({ pointer }) => !told.has(pointer))] });
  }

  private async faultsByRules(value: object, metadata: ArgumentMetadata): Promise<FieldFault[]> {
    try {
      await super.transform(value, metadata);
      return [];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return error.more.errors ?? [];
    }
  }

  /** A query that was valid once is valid again: it is remembered, within bounds, and handed out as a copy. */
  private async query(value: object, metadata: ArgumentMetadata): Promise<object> {
    const key = JSON.stringify(value);
    if (key.length > REMEMBERED_LENGTH) return (await super.transform(value, metadata)) as object; // a cursor, which hardly comes again
    const known = this.knownQueries.get(metadata.metatype) ?? new Map<string, object>();
    let query = known.get(key);
    if (!query) {
      query = (await super.transform(value, metadata)) as object;
      if (known.size >= REMEMBERED) known.clear();
      this.knownQueries.set(metadata.metatype, known.set(key, query));
    }
    return Object.assign(Object.create(Object.getPrototypeOf(query) as object) as object, query);
  }
}

function faultsOf(error: ValidationError, parent = ''): FieldFault[] {
  const pointer = `${parent}/${escapePointer(error.property)}`;
  const own = Object.entries(error.constraints ?? {})
    .filter(([name]) => name !== PARTS)
    .map(([name, detail]) => ({ pointer, detail: name === 'whitelistValidation' ? 'is not a known field' : detail }));
  const within = [...(error.children ?? []), ...errorsOfParts(error.value)];
  return [...own.slice(0, 1), ...within.flatMap((child) => faultsOf(child, pointer))];
}
