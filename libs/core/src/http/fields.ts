import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { isEmail, isISO31661Alpha2, ValidateBy, ValidateIf, ValidateNested, validateSync, ValidationError } from 'class-validator';
import type { ValidatorOptions } from 'class-validator';
import { REMEMBERED_ZONES } from '../local-day.js';
import { withBrokenRules } from './rules.js';

/** What every field may say of itself. Required and not nullable unless said otherwise. */
export interface FieldOptions {
  /** May be absent. */
  optional?: boolean;
  /** May be null. */
  nullable?: boolean;
  description?: string;
  example?: unknown;
  default?: unknown;
}

/** Tells what is wrong with a value, or undefined. */
type Check = (value: unknown) => string | undefined;

/** One decorator a kind of field: validation, OpenAPI schema and example in one place. */
function field(check: Check, schema: ApiPropertyOptions, { optional, nullable, ...documented }: FieldOptions = {}): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...schema, ...documented, required: !optional, ...(nullable ? { nullable } : {}) } as ApiPropertyOptions),
    ...(optional || nullable ? [ValidateIf((_, value) => !(optional && value === undefined) && !(nullable && value === null))] : []),
    ValidateBy({
      name: 'field',
      validator: {
        validate: (value) => check(value) === undefined,
        defaultMessage: (args) => (args?.value === undefined ? 'is required' : (check(args.value) ?? 'is not valid')),
      },
    }),
  );
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const FIRST_DAY = '1970-01-01';
const LAST_DAY = '2199-12-31';
/** As instants are written: entries of the first and the last day begin and end there, by their zone, and by the offset they come with. */
const FIRST_WRITTEN = '1969-12-30';
const LAST_WRITTEN = '2200-01-03';

export const isId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

/** A real day of the calendar, `YYYY-MM-DD`, from 1970-01-01 to 2199-12-31. */
export const isDay = (value: unknown): value is string => typeof value === 'string' && isRealDay(value, FIRST_DAY, LAST_DAY);

function isRealDay(value: string, first: string, last: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || value < first || value > last) return false;
  const [month, day] = [Number(value.slice(5, 7)), Number(value.slice(8))];
  const date = new Date(Date.UTC(Number(value.slice(0, 4)), month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day; // else the calendar went on into another month
}

/** An RFC 3339 instant with an offset, on a real day: one of these days somewhere, or the end of what began on one. */
export function isInstant(value: unknown): value is string {
  const day = typeof value === 'string' && INSTANT.exec(value)?.[1];
  return Boolean(day && isRealDay(day, FIRST_WRITTEN, LAST_WRITTEN));
}

/** Known to ICU from old Java or tzdata, but no names of IANA: to PostgreSQL `IST` is Israel, to ICU India, and `AET` nothing. */
const NO_ZONES =
  /^(A[CE]T|AGT|ART|AST|B[ES]T|CAT|CNT|CST|CTT|EAT|ECT|I[ES]T|JST|MIT|N[ES]T|PLT|PNT|PRT|PST|SST|VST|SystemV\/.*|US\/Pacific-New|Canada\/East-Saskatchewan)$/i;
const ZONES = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]);

/** An IANA name. Links such as `Asia/Katmandu` count too, offsets such as `+01:00` do not. */
export function isTimeZone(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 64) return false;
  if (ZONES.has(value)) return true;
  if (!/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/.test(value) || NO_ZONES.test(value)) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    if (ZONES.size < REMEMBERED_ZONES) ZONES.add(value);
    return true;
  } catch {
    return false;
  }
}

const EXAMPLE_ID = '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10';

const faultOfId: Check = (v) => (isId(v) ? undefined : 'must be a UUID');

const inLowerCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

/** A UUID, taken in either case and handed on as the database prints it, in lower case. */
export const Id = (options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    field(faultOfId, { type: 'string', format: 'uuid', example: EXAMPLE_ID }, options),
    Transform(({ value }: { value: unknown }) => inLowerCase(value)),
  );

export const Day = (options?: FieldOptions) =>
  field(
    (v) => (isDay(v) ? undefined : 'must be a real day, YYYY-MM-DD, from 1970-01-01 to 2199-12-31'),
    { type: 'string', format: 'date', example: '2026-03-02' },
    options,
  );

export const Instant = (options?: FieldOptions) =>
  field(
    (v) =>
      isInstant(v) ? undefined : 'must be an RFC 3339 instant with an offset, such as 2026-03-02T08:00:00Z, from 1970-01-01 to 2199-12-31',
    { type: 'string', format: 'date-time', example: '2026-03-02T08:00:00Z' },
    options,
  );

/** Text up to `max` characters, kept as sent; blank is refused unless `blank`. */
export const Text = (max: number, { blank = false, ...options }: FieldOptions & { blank?: boolean } = {}) =>
  field(
    (v) => {
      if (typeof v !== 'string') return 'must be a text';
      if (!blank && v.trim() === '') return 'must not be blank';
      return v.length > max && Array.from(v).length > max ? `must be at most ${max} characters` : undefined;
    },
    { type: 'string', maxLength: max, ...(blank ? {} : { minLength: 1 }), example: 'Text' },
    options,
  );

export const PASSWORD_LENGTH = { min: 12, max: 256 };

/** A new password, of any text: how strong it is, is asked later, since more than its own text decides. */
export const Password = (options?: FieldOptions) =>
  field(
    (v) => (typeof v === 'string' ? undefined : 'must be a text'),
    { type: 'string', minLength: PASSWORD_LENGTH.min, maxLength: PASSWORD_LENGTH.max, example: 'correct horse battery staple' },
    options,
  );

/** A free text that may be cleared with null: notes, reasons, descriptions. */
export const Note = (options?: FieldOptions) =>
  Text(4000, { optional: true, nullable: true, blank: true, example: 'Release week', ...options });

/** Quoted, a local part may hold these; mail headers and logs are no place for them. */
const NOT_IN_EMAIL = /[\s\p{C}"<>]/u;

export const Email = (options?: FieldOptions) =>
  field(
    (v) => (typeof v === 'string' && v.length <= 254 && !NOT_IN_EMAIL.test(v) && isEmail(v) ? undefined : 'must be an e-mail address'),
    { type: 'string', format: 'email', maxLength: 254, example: 'ada@example.com' },
    options,
  );

/** As large as a number is for whom a document says nothing else. */
const INT32 = 2 ** 31 - 1;

export const Integer = (min: number, max: number, options?: FieldOptions) =>
  field(
    (v) =>
      Number.isInteger(v) && (v as number) >= min && (v as number) <= max ? undefined : `must be a whole number from ${min} to ${max}`,
    { type: 'integer', ...(max > INT32 ? { format: 'int64' } : {}), minimum: min, maximum: max, example: min },
    options,
  );

/** How often a record was written, as its ETag tells. */
export const Version = (options?: FieldOptions) => Integer(1, INT32, options);

/** Minutes of one day. */
export const Minutes = (options?: FieldOptions) => Integer(0, 1440, { example: 480, ...options });

export const Flag = (options?: FieldOptions) =>
  field((v) => (typeof v === 'boolean' ? undefined : 'must be true or false'), { type: 'boolean', example: true }, options);

/** The same as a query parameter. */
export const FlagInQuery = (options?: FieldOptions) =>
  field((v) => (v === 'true' || v === 'false' ? undefined : 'must be one of true, false'), { type: 'boolean', example: true }, options);

export const OneOf = (values: readonly string[], options?: FieldOptions) =>
  field(
    (v) => (values.includes(v as string) ? undefined : `must be one of ${values.join(', ')}`),
    { type: 'string', enum: [...values, ...(options?.nullable ? [null as never] : [])], example: values[0] },
    options,
  );

export const TimeZone = (options?: FieldOptions) =>
  field(
    (v) => (isTimeZone(v) ? undefined : 'must be an IANA time zone, such as Europe/Berlin'),
    { type: 'string', maxLength: 64, example: 'Europe/Berlin' },
    options,
  );

const COUNTRY = /^[A-Z]{2}$/;
const E164 = /^\+[1-9]\d{6,14}$/;

/** ISO 3166-1 alpha-2, capitals. */
export const Country = (options?: FieldOptions) =>
  field(
    (v) =>
      typeof v === 'string' && COUNTRY.test(v) && isISO31661Alpha2(v)
        ? undefined
        : 'must be an ISO 3166-1 alpha-2 country code, such as DE',
    { type: 'string', minLength: 2, maxLength: 2, pattern: COUNTRY.source, description: 'ISO 3166-1 alpha-2.', example: 'DE' },
    options,
  );

/** A phone number in E.164 form. */
export const Phone = (options?: FieldOptions) =>
  field(
    (v) => (typeof v === 'string' && E164.test(v) ? undefined : 'must be a phone number in E.164 form, such as +4915112345678'),
    { type: 'string', maxLength: 16, pattern: E164.source, description: 'In E.164 form.', example: '+4915112345678' },
    options,
  );

/** A list of up to `max`, each once; what is wrong with an item is told at its place. */
const list = (
  max: number,
  many: string,
  faultOf: Check,
  items: { type: 'string'; format?: string; maxLength?: number },
  options?: FieldOptions,
): PropertyDecorator =>
  applyDecorators(
    field(
      (v) => (Array.isArray(v) ? (v.length > max ? `must be at most ${max} ${many}` : undefined) : `must be a list of ${many}`),
      { type: 'array', items, maxItems: max },
      { ...options, description: [options?.description, 'Each once.'].filter(Boolean).join(' ') },
    ),
    validateEach((item, place, all) => {
      const detail = faultOf(item) ?? (all.indexOf(item) < place ? 'must not be named twice' : undefined);
      return detail === undefined ? {} : { detail };
    }),
  );

/** Up to `max` ids, each once, in either case: see {@link Id}. */
export const Ids = (max: number, options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    list(max, 'ids', faultOfId, { type: 'string', format: 'uuid' }, { example: [EXAMPLE_ID], ...options }),
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(inLowerCase) : value)),
  );

/** Up to `max` texts, each once. @param faultOf what is wrong with one of them besides, if anything is */
export const Texts = (max: number, options?: FieldOptions, faultOf: (text: string) => string | undefined = () => undefined) =>
  list(
    max,
    'texts',
    (v) => (typeof v === 'string' && v.trim() !== '' && v.length <= 255 ? faultOf(v) : 'must be a text of 1 to 255 characters'),
    { type: 'string', maxLength: 255 },
    { example: ['example.com'], ...options },
  );

/** An object of the given class, validated in turn. */
export const Part = (type: () => new () => object, { optional, nullable, ...documented }: FieldOptions = {}): PropertyDecorator =>
  applyDecorators(
    // Named `type`: that is how the documentation knows a function that gives the class from the class itself.
    ...(nullable
      ? [OrNull(type(), { required: !optional, ...documented })]
      : [ApiProperty({ type: () => type(), required: !optional, ...documented })]),
    ...(optional || nullable ? [ValidateIf((_, value) => !(optional && value === undefined) && !(nullable && value === null))] : []),
    isObject(),
    ValidateNested(),
    Type(type),
  );

/** `nullable` beside a `$ref` lets no null through: what it names has a type of its own. */
const OrNull =
  (type: new () => object, documented: { required: boolean; description?: string; example?: unknown }): PropertyDecorator =>
  (target, name) => {
    ApiExtraModels(type)(target.constructor);
    ApiProperty({ ...documented, anyOf: [{ $ref: getSchemaPath(type) }, { type: 'object', nullable: true, enum: [null], example: null }] })(
      target,
      name,
    );
  };

/** One to `max` objects of the given class. */
export const Parts = (max: number, type: () => new () => object, options?: FieldOptions): PropertyDecorator =>
  applyDecorators(
    field(
      (v) => (Array.isArray(v) && v.length >= 1 && v.length <= max ? undefined : `must be a list of 1 to ${max}`),
      { type: () => type(), isArray: true, minItems: 1, maxItems: max },
      options,
    ),
    validateEach(errorsOfPart),
    Type(type),
  );

/** Unknown fields are refused, in parts too. */
export const STRICT: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false },
};

/** Says that there are {@link errorsOfItems}. */
export const ITEMS = 'items';
const found = new WeakMap<WeakKey, ValidationError[]>();

/** Of a list of which an item was not valid. */
export const errorsOfItems = (all: unknown): ValidationError[] => found.get(all as WeakKey) ?? [];

/** What is wrong with an item as a whole, or within it. */
interface ItemFaults {
  detail?: string;
  within?: ValidationError[];
}

/** One by one: nested, class-validator keeps an error for each field of each part, valid ones too, until the last is done. */
const validateEach = (faultsOf: (item: unknown, place: number, all: unknown[]) => ItemFaults) =>
  ValidateBy({
    name: ITEMS,
    validator: {
      validate: (all) => {
        const errors = Array.isArray(all) ? all.flatMap((item, place) => errorsOf(faultsOf(item, place, all), place)) : [];
        if (errors.length > 0) found.set(all as object, errors);
        return errors.length === 0;
      },
    },
  });

function errorsOf({ detail, within: children = [] }: ItemFaults, place: number): ValidationError[] {
  if (detail === undefined && children.length === 0) return [];
  const constraints = detail === undefined ? {} : { field: detail };
  return [Object.assign(new ValidationError(), { property: String(place), constraints, children })];
}

function errorsOfPart(part: unknown): ItemFaults {
  if (!isPlain(part)) return { detail: 'must be an object' };
  return { within: withBrokenRules(part, validateSync(part, STRICT)) };
}

const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

const isObject = () =>
  ValidateBy({
    name: 'field',
    validator: {
      validate: isPlain,
      defaultMessage: (args) => (args?.value === undefined ? 'is required' : 'must be an object'),
    },
  });

/** The size of a page, as a query parameter. */
export const Limit = (): PropertyDecorator =>
  applyDecorators(
    Integer(1, 200, { optional: true, default: 50, example: 50, description: 'How many items at most.' }),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value)),
  );
