/** The 16 bytes of a UUID, as tokens and keys carry it. */
export const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/** @param bytes 16 */
export const uuidOf = (bytes: Buffer): string => bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** In 22 characters of base64url. */
export const pack = (uuid: string): string => bytesOf(uuid).toString('base64url');
export const unpack = (text: string): string => uuidOf(Buffer.from(text, 'base64url'));
