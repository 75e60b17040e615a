import type { UnitOfWork } from '#core';

/** Data that a database needs before anyone uses it. Every seed can be run again: it makes only what is missing. */
export abstract class BaseSeed {
  constructor(protected readonly work: UnitOfWork) {}

  abstract run(): Promise<void>;
}
