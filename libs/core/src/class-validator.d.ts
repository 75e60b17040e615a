declare module 'class-validator/cjs/validation/ValidationExecutor.js' {
  import type { ValidationError } from 'class-validator';

  export class ValidationExecutor {
    performValidations: (
      this: ValidationExecutor,
      object: object,
      value: unknown,
      name: string,
      defined: unknown[],
      rules: unknown[],
      errors: ValidationError[],
    ) => void;
  }
}
