/** What of a document a client relies on: OpenAPI 3.0, as far as it is compared. */
interface Schema {
  $ref?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  type?: string;
  format?: string;
  nullable?: boolean;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Schema;
}
type Content = Record<string, { schema?: Schema; examples?: Record<string, unknown> }>;
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}
export interface ApiContract {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Who gives a value: a request must go on being accepted, an answer must go on being understood. */
type Given = 'asked' | 'answered';

/** Every change after which a client that worked does not: one line each. New operations, fields of answers and optional inputs are none. */
export function breakingChanges(before: ApiContract, after: ApiContract): string[] {
  return Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, was]) => {
      const is = after.paths[path]?.[method];
      const where = `${method.toUpperCase()} ${path}`;
      if (!is) return [`${where}: is gone`];
      const renamed = is.operationId === was.operationId ? [] : [`${where}: is called ${is.operationId}, no longer ${was.operationId}`];
      return [...renamed, ...new Comparison(before, after, where).operation(was, is)];
    }),
  );
}

const isNull = ({ enum: values }: Schema): boolean => values?.length === 1 && values[0] === null;

class Comparison {
  private readonly seen = new Set<string>();

  constructor(
    private readonly before: ApiContract,
    private readonly after: ApiContract,
    private readonly where: string,
  ) {}

  operation(was: Operation, is: Operation): string[] {
    return [...this.parameters(was.parameters ?? [], is.parameters ?? []), ...this.body(was, is), ...this.answers(was, is)];
  }

  private parameters(was: Parameter[], is: Parameter[]): string[] {
    const find = (list: Parameter[], one: Parameter) => list.find((other) => other.name === one.name && other.in === one.in);
    // a header that is not known is passed over; a parameter is refused
    const gone = was.filter((one) => one.in !== 'header' && !find(is, one)).map(({ name }) => this.line(`?${name}`, 'is gone'));
    const changed = is.flatMap((one) => {
      const old = find(was, one);
      if (one.required && !old?.required) return [this.line(`?${one.name}`, 'is required now')];
      return old ? this.schema(`?${one.name}`, old.schema, one.schema, 'asked') : [];
    });
    return [...gone, ...changed];
  }

  private body(was: Operation, is: Operation): string[] {
    const [old, now] = [was.requestBody, is.requestBody];
    if (!now) return old ? [this.line('body', 'is taken no longer')] : [];
    const schema = Object.values(now.content)[0]?.schema ?? {};
    if (!old) return this.resolve(this.after, schema).required?.length ? [this.line('body', 'is required now')] : [];
    return this.contents('body', old.content, now.content, 'asked');
  }

  private answers(was: Operation, is: Operation): string[] {
    return Object.entries(was.responses)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([status, old]) => {
        const now = is.responses[status];
        return now ? this.contents(status, old.content ?? {}, now.content ?? {}, 'answered') : [this.line(status, 'is gone')];
      });
  }

  private contents(at: string, was: Content, is: Content, given: Given): string[] {
    return Object.entries(was).flatMap(([type, old]) => {
      const now = is[type];
      if (!now) return [this.line(at, `${type} is gone`)];
      return old.schema && now.schema ? this.schema(at, old.schema, now.schema, given) : [];
    });
  }

  private schema(at: string, unresolvedWas: Schema, unresolvedIs: Schema, given: Given): string[] {
    const pair = `${given} ${JSON.stringify(unresolvedWas)} ${JSON.stringify(unresolvedIs)}`;
    if (unresolvedWas.$ref && this.seen.has(pair)) return []; // told once an operation, and no endless circle
    this.seen.add(pair);
    const [was, is] = [this.resolve(this.before, unresolvedWas), this.resolve(this.after, unresolvedIs)];
    const isWider = was.type === 'integer' && is.type === 'number' && given === 'asked';
    if (was.type !== is.type && !isWider) return [this.line(at, `is ${is.type ?? 'anything'}, no longer ${was.type ?? 'anything'}`)];
    return [
      ...this.kind(at, was, is, given),
      ...(given === 'asked' ? this.bounds(at, was, is) : []),
      ...this.fields(at, was, is, given),
      ...(was.items && is.items ? this.schema(`${at}[]`, was.items, is.items, given) : []),
      ...(was.anyOf ?? []).flatMap((one, index) =>
        is.anyOf?.[index] ? this.schema(at, one, is.anyOf[index], given) : [this.line(at, 'has one form less')],
      ),
    ];
  }

  private kind(at: string, was: Schema, is: Schema, given: Given): string[] {
    const found: string[] = [];
    if (was.format !== is.format) found.push(this.line(at, `has the format ${is.format ?? 'none'}, no longer ${was.format ?? 'none'}`));
    if (given === 'asked' && was.nullable && !is.nullable) found.push(this.line(at, 'may not be null any more'));
    if (given === 'answered' && !was.nullable && is.nullable) found.push(this.line(at, 'may be null now'));
    // a request may not lose a value; of a list of values in an answer a client has a case for each
    const [from, to] = given === 'asked' ? [was.enum, is.enum] : [is.enum, was.enum];
    const lost = to ? (from ?? ['others']).filter((value) => value !== null && !to.includes(value)) : []; // of null nullable tells
    if (lost.length > 0)
      found.push(this.line(at, `${lost.join(', ')} ${given === 'asked' ? 'is taken no longer' : 'may be answered now'}`));
    return found;
  }

  private bounds(at: string, was: Schema, is: Schema): string[] {
    const rises = (['minimum', 'minLength', 'minItems'] as const).filter((name) => (is[name] ?? -Infinity) > (was[name] ?? -Infinity));
    const falls = (['maximum', 'maxLength', 'maxItems'] as const).filter((name) => (is[name] ?? Infinity) < (was[name] ?? Infinity));
    return [...rises, ...falls].map((name) => this.line(at, `${name} is ${String(is[name])}, no longer ${String(was[name] ?? 'none')}`));
  }

  private fields(at: string, was: Schema, is: Schema, given: Given): string[] {
    const [old, now] = [was.properties ?? {}, is.properties ?? {}];
    const gone = Object.keys(old).filter((name) => !now[name]);
    const required = given === 'asked' ? (is.required ?? []).filter((name) => !was.required?.includes(name)) : [];
    const optional = given === 'answered' ? (was.required ?? []).filter((name) => now[name] && !is.required?.includes(name)) : [];
    return [
      ...gone.map((name) => this.line(`${at}.${name}`, 'is gone')),
      ...required.map((name) => this.line(`${at}.${name}`, 'is required now')),
      ...optional.map((name) => this.line(`${at}.${name}`, 'may be missing now')),
      ...Object.keys(old).flatMap((name) => (now[name] ? this.schema(`${at}.${name}`, old[name]!, now[name], given) : [])),
    ];
  }

  private resolve(document: ApiContract, schema: Schema): Schema {
    if (schema.$ref) return this.resolve(document, document.components.schemas[schema.$ref.split('/').at(-1)!] ?? {});
    const [only, ...others] = (schema.allOf ?? schema.anyOf ?? []).filter((one) => !isNull(one));
    return only && others.length === 0
      ? { ...this.resolve(document, only), nullable: schema.nullable ?? schema.anyOf?.some(isNull) }
      : schema;
  }

  private line = (at: string, what: string): string => `${this.where} ${at}: ${what}`;
}
