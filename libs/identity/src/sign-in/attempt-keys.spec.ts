import { expect, it } from '@jest/globals';
import { Config } from '#core';
import { attemptKeys, networkOf } from './attempt-keys.js';

const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)];
const name = (...secrets: string[]) => attemptKeys(new Config({ JWT_SECRET: secrets.join(',') }))('account ada@example.com');

it('names of counters change once in a rotation: when the new secret begins to sign', () => {
  expect(name(OLD, NEW)).toBe(name(OLD));
  expect(name(NEW, OLD)).not.toBe(name(OLD));
  expect(name(NEW, OLD)).toBe(name(NEW));
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::ffff', '2001:db8:1:2'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0'],
  [null, 'unknown'],
])('failures from %s count for %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});
