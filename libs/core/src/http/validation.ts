import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata } from '@nestjs/common';
import { classToPlain, plainToInstance } from 'class-transformer';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { errorsOfItems, ITEMS, STRICT } from './fields.js';
import { escapePointer, faultsOfShape, requireObject } from './input-shape.js';
import { Problem } from './problem.js';
import type { FieldFault } from './problem.js';
import { withBrokenRules } from './rules.js';
import { VALIDATOR } from './validator-cache.js';

const REMEMBERED = 500; // queries of one route,
const REMEMBERED_LENGTH = 300; // none longer

const withFaults = new WeakSet<object>();
const formFaultsOf = new WeakMap<object, FieldFault[]>();

/**
 * For a body of which the handler finds further 400s by itself, so that all are told at once: it arrives without its faulty values, and the
 * handler refuses it with its {@link formFaults} among its own. Each of them says its code.
 */
export const WithFaults = (): ClassDecorator => (target) => void withFaults.add(target);

/** What is wrong with the form of a body that is {@link WithFaults}. */
export const formFaults = (body: object): FieldFault[] => formFaultsOf.get(body) ?? [];

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
      if (!isWithFaults(metadata.metatype) || !(error instanceof Problem)) throw error;
      throw new Problem(error.code, { errors: error.more.errors?.map(coded) });
    }
  }

  protected override async validate(object: object, options: ValidatorOptions): Promise<ValidationError[]> {
    const errors = withBrokenRules(object, await super.validate(object, options));
    if (errors.length === 0 || !isWithFaults(object.constructor)) return errors;
    keepFaults(
      object,
      errors.flatMap((error) => faultsOf(error)),
    );
    return [];
  }

  private async valid(value: object, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body') requireObject(value);
    const { faults, isSafe } = faultsOfShape(value);
    if (faults.length > 0) {
      if (!isSafe || !isWithFaults(metadata.metatype)) return this.refuse(faults, isSafe ? value : undefined, metadata);
      return keepFaults((await super.transform(value, metadata)) as object, faults);
    }
    return metadata.type === 'query' ? this.query(value, metadata) : super.transform(value, metadata);
  }

  /** Of what has a fault of its shape nothing else is told. @param value to hear what is wrong besides */
  private async refuse(faults: FieldFault[], value: object | undefined, metadata: ArgumentMetadata): Promise<never> {
    throw new Problem('validation_failed', { errors: joined(faults, value ? await this.faultsByRules(value, metadata) : []) });
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

/** The second where the first has nothing at the same place. */
const joined = (faults: FieldFault[], others: FieldFault[]): FieldFault[] => {
  const told = new Set(faults.map(({ pointer }) => pointer));
  return [...faults, ...others.filter(({ pointer }) => !told.has(pointer))];
};

const isWithFaults = (type: unknown): boolean => withFaults.has(type as object);

const coded = (fault: FieldFault): FieldFault => ({ code: 'validation_failed', ...fault });

/** Takes out what they point to, and remembers them. */
function keepFaults(body: object, faults: FieldFault[]): object {
  for (const { pointer } of faults) takeOut(body, pointer.split('/').slice(1));
  formFaultsOf.set(body, joined(faults.map(coded), formFaults(body)));
  return body;
}

/** One of several parts becomes an empty one: the others keep their places. Of an unknown field, whose name may be escaped, nothing is read anyway. */
function takeOut(from: unknown, [name, ...within]: string[]): void {
  if (typeof from !== 'object' || from === null || name === undefined) return;
  if (within.length > 0) takeOut((from as Record<string, unknown>)[name], within);
  else (from as Record<string, unknown>)[name] = Array.isArray(from) ? {} : undefined;
}

function faultsOf(error: ValidationError, parent = ''): FieldFault[] {
  const pointer = `${parent}/${escapePointer(error.property)}`;
  const own = Object.entries(error.constraints ?? {})
    .filter(([name]) => name !== ITEMS)
    .map(([name, detail]) => ({ pointer, detail: name === 'whitelistValidation' ? 'is not a known field' : detail }));
  const within = [...(error.children ?? []), ...errorsOfItems(error.value)];
  return [...own.slice(0, 1), ...within.flatMap((child) => faultsOf(child, pointer))];
}
