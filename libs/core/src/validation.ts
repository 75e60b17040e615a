import { Injectable, ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, ValidationError } from '@nestjs/common';
import { classToPlain, plainToInstance } from 'class-transformer';
import { getMetadataStorage, validate } from 'class-validator';
import { errorsOfParts, PARTS, STRICT } from './fields.js';
import { Problem } from './problem.js';
import type { FieldFault } from './problem.js';

const MAX_DEPTH = 32;
const MAX_ITEMS = 1000;
/** In one body; the largest that any route takes has some 6000. */
const MAX_VALUES = 20_000;
const MAX_FAULTS = 100;
const MAX_NAME = 200;
const REMEMBERED = 500; // queries of one route,
const REMEMBERED_LENGTH = 300; // none longer
/** Of class-validator: where Nest looks for it by itself, all of it is read, telephone numbers of the world included. */
const VALIDATOR = { validate, getMetadataStorage };
/** It looks for what it knows of a class among all classes, and sorts it by fields, for each object of a body. That does not change once a class is made. */
const storage = getMetadataStorage();
const lookUp = storage.getTargetValidationMetadatas.bind(storage);
const rulesOf = new Map<unknown, ReturnType<typeof lookUp>>();
storage.getTargetValidationMetadatas = (type, schema, always, strictGroups, groups) => {
  const found = rulesOf.get(type) ?? lookUp(type, schema, always, strictGroups, groups); // there are no groups, nor schemas
  rulesOf.set(type, found);
  return found;
};
const group = storage.groupByPropertyName.bind(storage);
const groupsOf = new WeakMap<object, ReturnType<typeof group>>();
storage.groupByPropertyName = (rules) => {
  const found = groupsOf.get(rules) ?? group(rules);
  groupsOf.set(rules, found);
  return found;
};

const coded = new WeakSet<object>();

/** For a body of several records: each fault of its form says its code too, as those do that are found later. */
export const WithCodes = (): ClassDecorator => (target) => void coded.add(target);

/**
 * Bounds what came in before anything transforms it: 10 kB nested 5000 deep make class-transformer overflow the stack,
 * NUL and lone surrogates cannot be stored. Of many faults the first are told: each repeats the names above it, so that all of them could be
 * thousands of times as long as the body.
 */
export function faultsOfShape(body: unknown): FieldFault[] {
  const faults: FieldFault[] = [];
  const names: string[] = [];
  let values = 0;
  const tell = (detail: string): void => {
    if (faults.length < MAX_FAULTS) faults.push({ pointer: names.map((name) => `/${escapePointer(name)}`).join(''), detail });
  };
  const look = (value: unknown): void => {
    if (faults.length >= MAX_FAULTS) return;
    const detail = ++values > MAX_VALUES ? `is behind ${MAX_VALUES} others` : faultOf(value, names.length);
    if (detail) tell(detail);
    else if (typeof value === 'object' && value !== null)
      for (const key of Object.keys(value)) {
        names.push(key);
        if (isName(key)) look((value as Record<string, unknown>)[key]);
        else tell('is not a known field');
        names.pop();
      }
  };
  look(body);
  return faults;
}

/** What every object has by itself class-transformer leaves out in silence. */
const isName = (key: string): boolean => !(key in Object.prototype) && key !== 'prototype' && isStorable(key);

function faultOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : 'has characters that cannot be stored';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  return count > MAX_ITEMS ? `has more than ${MAX_ITEMS} ${Array.isArray(value) ? 'items' : 'fields'}` : undefined;
}

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** Of a name that no field has by far, the beginning tells enough. */
const escapePointer = (key: string): string => key.slice(0, MAX_NAME).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');

/** Strict: unknown fields are refused, nothing is converted, every fault is named by its pointer, all at once. */
@Injectable()
export class Validation extends ValidationPipe {
  /** By the class and what was asked: the same few queries come again and again, and proving one costs 100 µs. */
  private readonly knownQueries = new Map<unknown, Map<string, object>>();

  constructor() {
    super({
      transform: true,
      ...STRICT,
      validatorPackage: VALIDATOR,
      transformerPackage: { plainToInstance, classToPlain },
      exceptionFactory: (errors) => new Problem('validation_failed', { errors: errors.flatMap((error) => faultsOf(error)) }),
    });
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom') return given;
    try {
      return await this.valid(given ?? {}, metadata); // no body is one without fields: where some are required, each is named
    } catch (error) {
      if (!metadata.metatype || !coded.has(metadata.metatype) || !(error instanceof Problem)) throw error;
      throw new Problem(error.code, { errors: error.more.errors?.map((fault) => ({ code: error.code, ...fault })) });
    }
  }

  private valid(value: object, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && (typeof value !== 'object' || Array.isArray(value))) {
      throw Problem.field('', 'must be a JSON object');
    }
    const faults = faultsOfShape(value);
    if (faults.length > 0) throw new Problem('validation_failed', { errors: faults });
    return metadata.type === 'query' ? this.query(value, metadata) : super.transform(value, metadata);
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
