import type { Client } from './client.js';

export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  example?: unknown;
  enum?: unknown[];
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema; example: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** A field of a body that takes an id of another record. */
export interface IdField {
  /** Where a problem must point to. */
  pointer: string;
  name: string;
}

/** The id of a record of the right kind for a field or a parameter of this name. */
export type IdFor = (name: string) => string;

export type Body = Record<string, unknown>;

/** What the running application says of its routes, to make requests from. */
export class ApiDocument {
  private constructor(
    private readonly paths: Record<string, Record<string, Operation>>,
    private readonly schemas: Record<string, Schema>,
  ) {}

  static async of(client: Client): Promise<ApiDocument> {
    const { body } = await client.get('/openapi.json');
    return new ApiDocument(body.paths, body.components.schemas);
  }

  /** Undefined where the document has none. @param route `:id` for parameters */
  operation({ method, path }: { method: string; path: string }): Operation | undefined {
    return this.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  }

  /** The schema of the body that an operation takes. */
  bodySchema(operation: Operation): Schema | undefined {
    const [content] = Object.values(operation.requestBody?.content ?? {});
    return content && this.resolve(content.schema);
  }

  /** The fields of one item of the list that an operation answers; undefined when it answers no list. */
  itemFields(operation: Operation): string[] | undefined {
    const answer = operation.responses['200']?.content?.['application/json'];
    const items = answer && this.resolve(answer.schema).properties?.items?.items;
    return items && Object.keys(this.resolve(items).properties ?? {});
  }

  /** The example of the body that an operation takes, with ids of records that are there. */
  body(operation: Operation, idFor: IdFor): Body | undefined {
    const [content] = Object.values(operation.requestBody?.content ?? {});
    return content && (this.filled('', content.schema, content.example, idFor) as Body);
  }

  private filled(name: string, unresolved: Schema, example: unknown, idFor: IdFor): unknown {
    const { format, items, properties } = this.resolve(unresolved);
    if (format === 'uuid') return idFor(name);
    if (items) return (example as unknown[]).map((item) => this.filled(name, items, item, idFor));
    if (!properties) return example;
    return Object.fromEntries(
      Object.entries(example as Body).map(([field, value]) => [field, this.filled(field, properties[field]!, value, idFor)]),
    );
  }

  /** Every id that a body takes, those of its parts too. */
  idFields(schema: Schema, above = ''): IdField[] {
    return Object.entries(schema.properties ?? {}).flatMap(([name, unresolved]) => {
      const field = this.resolve(unresolved);
      const pointer = `${above}/${name}`;
      if (field.format === 'uuid') return [{ pointer, name }];
      if (!field.items) return this.idFields(field, pointer);
      const item = this.resolve(field.items);
      return item.format === 'uuid' ? [{ pointer: `${pointer}/0`, name }] : this.idFields(item, `${pointer}/0`);
    });
  }

  private resolve(schema: Schema): Schema {
    if (schema.$ref) return this.resolve(this.schemas[schema.$ref.split('/').at(-1)!]!);
    if (schema.allOf) return { ...Object.assign({}, ...schema.allOf.map((part) => this.resolve(part))), ...schema, allOf: undefined };
    return schema;
  }
}

/** The same body with another value where the pointer points to. */
export function withValue(body: Body, pointer: string, value: unknown): Body {
  const copy = structuredClone(body);
  const names = pointer.split('/').slice(1);
  const last = names.pop()!;
  let part = copy;
  for (const name of names) part = (part[name] ??= []) as Body;
  part[last] = value;
  return copy;
}
