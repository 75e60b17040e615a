import { OID } from './statement.js';

// PostgreSQL prints an instant or an id in several times the time that it takes to send its bytes: of a list, a sixth of its work.

const DASH = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const QUOTE = 0x22;
const Z_AND_QUOTE = 0x5a22;

const MICROSECONDS_OF_A_DAY = 86_400_000_000;
const MS_OF_A_DAY = 86_400_000;
/** PostgreSQL's instants count from here. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

const ascii = (text: string): number => Buffer.from(text).readUInt16BE();
/** Of each byte its two hexadecimal digits. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) => ascii(byte.toString(16).padStart(2, '0')));
/** Of each number below 100 its two digits. */
const TWO = Uint16Array.from({ length: 100 }, (_, number) => ascii(String(number).padStart(2, '0')));

/** Writes a value's bytes, which begin at `start`, as JSON to `to` from `end` on, and tells where it ended. */
export type InJson = (from: DataView, start: number, to: DataView, end: number) => number;

const digits = (first: number, second: number): number => (HEX[first]! << 16) | HEX[second]!;

function id(from: DataView, start: number, to: DataView, end: number): number {
  const [a, b, c, d] = [from.getUint32(start), from.getUint32(start + 4), from.getUint32(start + 8), from.getUint32(start + 12)];
  to.setUint8(end, QUOTE);
  to.setInt32(end + 1, digits(a >>> 24, (a >>> 16) & 255));
  to.setInt32(end + 5, digits((a >>> 8) & 255, a & 255));
  to.setUint8(end + 9, DASH);
  to.setInt32(end + 10, digits(b >>> 24, (b >>> 16) & 255));
  to.setUint8(end + 14, DASH);
  to.setInt32(end + 15, digits((b >>> 8) & 255, b & 255));
  to.setUint8(end + 19, DASH);
  to.setInt32(end + 20, digits(c >>> 24, (c >>> 16) & 255));
  to.setUint8(end + 24, DASH);
  to.setInt32(end + 25, digits((c >>> 8) & 255, c & 255));
  to.setInt32(end + 29, digits(d >>> 24, (d >>> 16) & 255));
  to.setInt32(end + 33, digits((d >>> 8) & 255, d & 255));
  to.setUint8(end + 37, QUOTE);
  return end + 38;
}

/** `"2026-03-02T08:00:00.5Z"`: no zero at the end of the seconds, as where PostgreSQL prints them. Exact up to the year 2285. */
function instant(from: DataView, start: number, to: DataView, end: number): number {
  const microseconds = from.getInt32(start) * 2 ** 32 + from.getUint32(start + 4);
  const days = Math.floor(microseconds / MICROSECONDS_OF_A_DAY);
  const ofDay = microseconds - days * MICROSECONDS_OF_A_DAY;
  const seconds = Math.floor(ofDay / 1_000_000);
  const minutes = (seconds / 60) | 0;
  const day = textOfDay(days);
  for (let at = 0; at < day.length; at++) to.setInt32(end + 4 * at, day[at]!);
  to.setUint16(end + 12, TWO[(minutes / 60) | 0]!);
  to.setUint8(end + 14, COLON);
  to.setUint16(end + 15, TWO[minutes % 60]!);
  to.setUint8(end + 17, COLON);
  to.setUint16(end + 18, TWO[seconds % 60]!);
  const behind = fraction(ofDay - seconds * 1_000_000, to, end + 20);
  to.setUint16(behind, Z_AND_QUOTE);
  return behind + 2;
}

function fraction(microseconds: number, to: DataView, end: number): number {
  if (microseconds === 0) return end;
  to.setUint8(end++, POINT);
  for (let [left, place] = [microseconds, 100_000]; left > 0; left %= place, place /= 10) to.setUint8(end++, ZERO + ((left / place) | 0));
  return end;
}

/** Of the days that were last asked for their texts, each at its place. */
const DAYS = 256;
const lastDays = new Int32Array(DAYS).fill(-1);
const lastTexts: Int32Array[] = [];

/** `"2026-03-02T`, four bytes a number. */
function textOfDay(days: number): Int32Array {
  const place = days & (DAYS - 1);
  if (lastDays[place] !== days || !lastTexts[place]) {
    const text = Buffer.from(`"${new Date(EPOCH_MS + days * MS_OF_A_DAY).toISOString().slice(0, 11)}`);
    lastTexts[place] = Int32Array.of(text.readInt32BE(0), text.readInt32BE(4), text.readInt32BE(8));
    lastDays[place] = days;
  }
  return lastTexts[place];
}

/** By the types that are asked for in binary. */
export const IN_BINARY: Partial<Record<number, InJson>> = { [OID.timestamptz]: instant, [OID.uuid]: id };
