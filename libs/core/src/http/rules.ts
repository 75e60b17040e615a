import { getMetadataStorage, ValidationError } from 'class-validator';

interface FieldRule {
  field: string;
  others: readonly string[];
  faultOf: (object: never) => string | undefined;
}

const declared = new Map<object, FieldRule[]>();
const known = new Map<object, FieldRule[]>();

/**
 * A rule between a field and others, for a body, a query or one of its `Parts`: told at this field, together with the faults of form, unless
 * the field or one of the others has such a fault itself.
 * @param faultOf what is wrong, if anything is; fields that are optional may be absent, or not sound where they are not among `others`
 */
export const Rule =
  <T>(others: (keyof T & string)[], faultOf: (object: T) => string | undefined): PropertyDecorator =>
  (target, field) =>
    void declared.set(target, [...(declared.get(target) ?? []), { field: String(field), others, faultOf }]);

/** What is wrong with an object all in all, in the order of its fields. @param form what is wrong with the form of each */
export function withBrokenRules(object: object, form: ValidationError[]): ValidationError[] {
  const broken: ValidationError[] = [];
  for (const { field, others, faultOf } of rulesOf(Object.getPrototypeOf(object) as object | null)) {
    if (form.some(({ property }) => property === field || others.includes(property))) continue;
    const detail = faultOf(object as never);
    if (detail) broken.push(Object.assign(new ValidationError(), { property: field, constraints: { rule: detail } }));
  }
  if (broken.length === 0) return form;
  const fields = getMetadataStorage()
    .getTargetValidationMetadatas(object.constructor, '', false, false)
    .map(({ propertyName }) => propertyName);
  return [...form, ...broken].toSorted((a, b) => fields.indexOf(a.property) - fields.indexOf(b.property));
}

function rulesOf(prototype: object | null): FieldRule[] {
  if (!prototype) return [];
  let rules = known.get(prototype);
  if (!rules) {
    rules = [...rulesOf(Object.getPrototypeOf(prototype) as object | null), ...(declared.get(prototype) ?? [])];
    known.set(prototype, rules);
  }
  return rules;
}
