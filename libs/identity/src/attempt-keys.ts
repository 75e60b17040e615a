import { createHmac } from 'node:crypto';
import { deriveKeys } from '#core';
import type { Config } from '#core';

/** Names rows of `sign_in_attempts`, which tell no address: HMACs by the oldest secret, so that a rotation opens nothing that is shut. */
export function attemptKeys({ jwtSecrets }: Config): (text: string) => string {
  const key = deriveKeys(jwtSecrets, 'attempts').at(-1)!;
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

/** At least as coarse as the database's comparison of e-mails: what finds the same account counts as the same. */
export const plainEmail = (email: string): string =>
  email
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
