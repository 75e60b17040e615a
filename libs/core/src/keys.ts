import { hkdfSync } from 'node:crypto';

/** Keys of their own for each purpose, derived from each secret, newest first. */
export function deriveKeys(secrets: string[], purpose: 'cursor' | 'refresh' | 'mail' | 'attempts'): Buffer[] {
  return secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `ncy8 ${purpose}`, 32)));
}
