import type { OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Part = Schemas[string];

/** Whether a body must be sent at all, and an example that a route takes as it is. */
export function completeBody({ requestBody }: Operation, schemas: Schemas): void {
  const content = requestBody && 'content' in requestBody ? requestBody.content['application/json'] : undefined;
  if (!content?.schema) return;
  Object.assign(requestBody!, { required: (resolved(content.schema, schemas).required ?? []).length > 0 }); // none is as good as an empty one
  content.example = exampleOf(content.schema, schemas);
}

/** All fields but ids that may be left out: the records that they name are nobody's. */
function exampleOf(part: Part, schemas: Schemas): unknown {
  const { example, items, properties, required = [] } = resolved(part, schemas);
  if (example !== undefined) return example;
  if (items) return [exampleOf(items, schemas)];
  const fields = Object.entries(properties ?? {}).filter(([name, field]) => required.includes(name) || !isId(field));
  return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(field, schemas)]));
}

const isId = (field: Part): boolean => 'format' in field && field.format === 'uuid';

function resolved(part: Part, schemas: Schemas): Exclude<Part, { $ref: string }> {
  if ('$ref' in part) return resolved(schemas[part.$ref.split('/').at(-1)!]!, schemas);
  const [only] = part.allOf ?? [];
  return only ? { ...resolved(only, schemas), ...part } : part;
}
