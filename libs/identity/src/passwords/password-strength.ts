import { PASSWORD_LENGTH, Problem, refuseFaults } from '#core';
import type { FieldFault } from '#core';
import { isListed } from './common-passwords.js';

const { min: MIN, max: MAX } = PASSWORD_LENGTH;

/** What long passwords are commonly made of; whatever is only these, with digits and signs around, is common. */
const COMMON = [
  'password', 'passwort', 'passw0rd', 'letmein', 'welcome', 'willkommen', 'qwerty', 'qwertz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'admin',
  'administrator', 'iloveyou', 'monkey', 'dragon', 'football', 'baseball', 'superman', 'sunshine', 'princess', 'trustno', 'changeme', 'secret',
  'hallo', 'hello', 'login', 'master', 'starwars', 'whatever', 'company', 'summer', 'winter', 'spring', 'autumn', 'abc', 'azerty', 'motdepasse', 'correcthorsebatterystaple',
]; // prettier-ignore

/** Reads across a keyboard or a row of digits. */
const RUNS = [
  '01234567890123456789',
  '98765432109876543210',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb',
  '147258369', // down the columns of the number pad, up them, and its rows from either end
  '369258147',
  '741852963',
  '963852741',
  '789456123',
  '321654987',
];
const LEET: Record<string, string> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' };

/** Whose password it is to be, as far as that is known. */
interface About {
  email?: string;
  names: (string | undefined)[];
}

/** @throws 400 `password_too_weak` with every reason */
export async function requireStrongPassword(password: string, about: About, pointer = '/password'): Promise<void> {
  refuseFaults(await weaknesses(password, about, pointer));
}

/** Every reason why a password is `password_too_weak`. */
export async function weaknesses(password: string, about: About, pointer = '/password'): Promise<FieldFault[]> {
  return (await reasons(password, about)).map((detail) => ({ pointer, detail, code: 'password_too_weak' }));
}

/** What is answered to the present password in place of a new one. */
export const unchanged = (pointer: string): Problem =>
  new Problem('password_too_weak', { errors: [{ pointer, detail: 'must not be the present password' }] });

async function reasons(password: string, { email = '', names }: About): Promise<string[]> {
  const length = password.length > 2 * MAX ? password.length : Array.from(password).length; // characters, not halves of them
  const found: string[] = [];
  if (length < MIN) found.push(`must have at least ${MIN} characters`);
  if (length > MAX) return [`must have at most ${MAX} characters`];
  const plain = password.normalize('NFKC').toLowerCase();
  if (await isCommon(plain)) found.push('is a common password');
  if (isMadeOf(plain, partsOf([email, ...email.split('@'), ...names.filter((name) => name !== undefined)])))
    found.push('must not be made of the e-mail or the name');
  return found;
}

/** Whole, word by word and written together: `grace.hopper` is also `grace`, `hopper` and `gracehopper`. */
function partsOf(own: string[]): string[] {
  const plain = own.map((part) => part.normalize('NFKC').toLowerCase());
  const words = plain.flatMap((part) => part.split(/[^\p{L}\p{M}\p{N}]+/u));
  const together = plain.map((part) => part.replace(/[^\p{L}\p{M}\p{N}]/gu, ''));
  return [...plain, ...words, ...together].filter((part) => part.length >= 3);
}

async function isCommon(plain: string): Promise<boolean> {
  if (new Set(plain).size < 4) return true; // aaaaaaaaaaaa, 121212121212
  if (/^(.{1,11})\1+$/su.test(plain)) return true; // michaelmichael
  if (withoutRuns(plain).length < 4) return true; // 123456789abc
  if (isMadeOf(plain, COMMON) || isMadeOf(spelled(plain), COMMON)) return true;
  return isListed([plain, spelled(plain)]);
}

/** With letters for the digits and signs that stand for them. */
const spelled = (text: string): string => text.replace(/[013457@$!]/g, (sign) => LEET[sign]!);

/**
 * Whether hardly anything is left of a text once these parts are taken out of it: less than six letters, and less than eight characters
 * that are no run and no year. Digits and signs by themselves are as good as letters; nothing is asked of how a password is composed.
 */
function isMadeOf(text: string, parts: string[]): boolean {
  const rest = parts.toSorted((a, b) => b.length - a.length).reduce((left, part) => left.replaceAll(part, ''), text);
  if (rest.length === text.length) return false;
  const left = withoutRuns(rest.replace(/(19|20)\d\d/g, ''));
  return left.replace(/[^\p{L}]/gu, '').length < 6 && Array.from(left).length < 8;
}

/** Without stretches of four and more that are read off the keyboard, or repeat one character. */
function withoutRuns(text: string): string {
  let left = '';
  for (let start = 0; start < text.length;) {
    const length = runAt(text, start);
    if (length === 0) left += text[start];
    start += Math.max(length, 1);
  }
  return left;
}

function runAt(text: string, start: number): number {
  let length = 0;
  while (start + length < text.length && isRun(text.slice(start, start + length + 1))) length++;
  return length >= 4 ? length : 0;
}

const isRun = (stretch: string): boolean => RUNS.some((run) => (run + run).includes(stretch)) || new Set(stretch).size === 1;
