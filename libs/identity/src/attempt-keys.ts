import { createHmac } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
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

/** At least as coarse as the database's comparison of e-mails: what finds the same account counts as the same. */
export const plainEmail = (email: string): string =>
  email
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll('ς', 'σ'); // JavaScript makes a capital one at the end of a word the former, the database always the latter
