import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What a mail needs and the queue must not show. */
export interface Secrets {
  /** Of the link. */
  token?: string;
  /** In place of the user's present one. */
  address?: string;
}

/** Encrypts with the newest key. @param mailId the mail that it belongs to: in another one it cannot be opened */
export function seal(secrets: Secrets, mailId: string, [key]: KeyObject[]): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key!, iv).setAAD(Buffer.from(mailId));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets)), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Undefined when none of the keys fits: the secret that it was sealed under is not configured any more. */
export function unseal(sealed: string, mailId: string, keys: KeyObject[]): Secrets | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  for (const key of keys) {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(mailId))
      .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      return JSON.parse(plain.toString()) as Secrets;
    } catch {
      continue;
    }
  }
  return undefined;
}
