import { createHash } from 'node:crypto';

/** Read when the first password is set: 0.1 MB. */
let list: Promise<(text: string) => boolean> | undefined;

/** Whether one of these is in the published list. @param texts in lower case */
export async function isListed(texts: string[]): Promise<boolean> {
  const has = await (list ??= read());
  return texts.some(has);
}

async function read(): Promise<(text: string) => boolean> {
  const { BYTES, HASHES } = await import('./common-passwords.data.js');
  const hashes = Buffer.from(HASHES, 'base64');
  return (text) => {
    const wanted = createHash('sha256').update(text).digest().readUIntBE(0, BYTES);
    let [low, high] = [0, hashes.length / BYTES];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = hashes.readUIntBE(middle * BYTES, BYTES);
      if (found === wanted) return true;
      if (found < wanted) low = middle + 1;
      else high = middle;
    }
    return false;
  };
}
