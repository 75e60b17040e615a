import { expect, it } from '@jest/globals';
import { Config } from '#core';
import { attemptKeys } from './attempt-keys.js';

const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)];
const name = (...secrets: string[]) => attemptKeys(new Config({ JWT_SECRET: secrets.join(',') }))('account ada@example.com');

it('names of counters change once in a rotation: when the new secret begins to sign', () => {
  expect(name(OLD, NEW)).toBe(name(OLD));
  expect(name(NEW, OLD)).not.toBe(name(OLD));
  expect(name(NEW, OLD)).toBe(name(NEW));
});
