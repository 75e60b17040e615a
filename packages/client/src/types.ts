import type { Routes } from './schema.js';

export type Method = keyof Routes;

/** What every call takes besides what its route takes. */
export interface CallOptions {
  /** The `version` that you read (or its ETag): a record that has changed since answers 412 `version_mismatch`. */
  ifMatch?: number | string;
  /** Of a POST; made by the client where you give none. Give one to go on after a restart of your own program. */
  idempotencyKey?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export type Options<Route> = Omit<Route, 'answer'> & CallOptions;

/** Options may be left out where the route needs nothing. */
export type Arguments<Route> = object extends Omit<Route, 'answer'> ? [options?: Options<Route>] : [options: Options<Route>];

export type AnswerOf<Route> = Route extends { answer: infer Answer } ? Answer : never;

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** GET routes that answer in pages. */
export type ListPath = {
  [Path in keyof Routes['get']]: Routes['get'][Path] extends { answer: Page<unknown> } ? Path : never;
}[keyof Routes['get']];

export type ItemOf<Route> = Route extends { answer: Page<infer Item> } ? Item : never;

/** Any call, as it is sent. */
export interface Call extends CallOptions {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  body?: unknown;
}
