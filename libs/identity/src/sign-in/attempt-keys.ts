import { createHmac } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { deriveKeys } from '#core';
import type { Config } from '#core';

/**
 * Names rows of `sign_in_attempts`, which tell no address: HMACs by the secret that signs, so that a rotation on several replicas (`old,new`, then
 * `new,old`, then `new`) begins to count anew once, and not at each of its steps.
 */
export function attemptKeys({ jwtSecrets }: Config): (text: string) => string {
  const [key] = deriveKeys(jwtSecrets, 'attempts') as [KeyObject];
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

/**
 * Of whom an address tells: who has one of IPv6 has 2^64 of them, so its network of 64 bits counts as one.
 * @param ip as `isIP` takes it; undefined and null for none
 */
export function networkOf(ip: string | null | undefined): string {
  if (!ip || isIP(ip) !== 6) return ip ?? 'unknown';
  const { hostname } = new URL(`http://[${ip}]`); // in the one shortest form
  const [head = [], tail = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

/** At least as coarse as the database's comparison of e-mails: what finds the same account counts as the same. */
export const plainEmail = (email: string): string =>
  email
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll('ς', 'σ'); // JavaScript makes a capital one at the end of a word the former, the database always the latter
