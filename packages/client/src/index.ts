export { Client } from './client.js';
export type { ClientOptions } from './client.js';
export { ProblemError, SignedOut } from './problem.js';
export type { RetryOptions } from './retry.js';
export { memoryStore } from './session.js';
export type { NewTokens, Tokens, TokenStore } from './session.js';
export type { AnswerOf, CallOptions, ItemOf, ListPath, Method } from './types.js';
export type * from './schema.js';
