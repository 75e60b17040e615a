import { describe, expect, it } from '@jest/globals';
import { Problem } from '#core';
import { requireStrongPassword } from './password-strength.js';

const ABOUT = { email: 'ada.lovelace@example.com', names: ['Ada', 'Lovelace'] };

const PUBLISHED = [
  'q1w2e3r4t5y6', '123qweasdzxc', 'qazwsxedcrfv', '1qazxsw23edc', 'zaq12wsxcde3', '147258369147', '111222333444', 'manchesterunited',
  'unbelievable', 'christopher1', 'alexander123', 'liverpool123', 'basketball12', 'chocolate123', 'correcthorsebatterystaple',
  'thisismypassword', 'iloveyouforever',
]; // prettier-ignore

async function faultsOf(password: string): Promise<string[]> {
  try {
    await requireStrongPassword(password, ABOUT);
    return [];
  } catch (error) {
    return (error as Problem).more.errors!.map(({ detail }) => detail);
  }
}

describe('a password', () => {
  it.each([
    'correct horse battery staple',
    'a long walk by the sea',
    '839201748392', // digits only: nothing is asked of the composition
    'abc 7351 9264 8807 1123', // a common part does not spoil the rest
    'ada 7351 9264 8807 1123',
    '🌊🐚🦀🐟🐙🦑🐬🐳🦈🪸🐠🦭',
    'Überfällige Mähdrescher',
    '海辺を長く歩くのが好きです。',
    'jennifer 7351 9264 8807 1123', // nor does a common word
    'unbelievable walk, by the sea',
    'thunderwalrusmonkey',
    'x9#'.repeat(4).slice(0, 11) + 'kLmQ vTz',
  ])('%s is taken', async (password) => {
    expect(await faultsOf(password)).toEqual([]);
  });

  it.each([
    'password1234',
    'P@ssw0rd1234',
    'Password2024!!',
    'qwertyuiop123',
    '123456789012',
    '1q2w3e4r5t6y',
    'aaaaaaaaaaaa',
    '121212121212',
    'michaelmichael',
    'letmeinletmein',
    'Welcome-2026!',
    'summer2026summer',
    ...PUBLISHED,
    'UnbelievAble', // in any case
    'unb3l1evabl3', // with digits for letters
  ])('%s is common', async (password) => {
    expect(await faultsOf(password)).toContain('is a common password');
  });

  it.each(['AdaLovelace123', 'ada.lovelace@example.com', 'lovelace-2026!', 'Lovelace 839201', 'ada.lovelace1'])(
    '%s is made of the person',
    async (password) => {
      expect(await faultsOf(password)).toContain('must not be made of the e-mail or the name');
    },
  );

  it.each(['GraceHopper1906', 'hopper.grace.06', 'maryann-2026!!', 'OBrien#123456'])(
    '%s is made of the words of the person',
    async (password) => {
      const about = { email: 'grace.hopper@example.com', names: ['Mary Ann', 'O’Brien'] };
      await expect(requireStrongPassword(password, about)).rejects.toThrow(expect.objectContaining({ code: 'password_too_weak' }));
    },
  );

  it('has 12 to 256 characters, counted as people count them', async () => {
    expect(await faultsOf('walk by sea')).toEqual(['must have at least 12 characters']);
    expect(await faultsOf('🌊🐚🦀🐟🐙🦑🐬🐳🦈🪸🐠')).toEqual(['must have at least 12 characters']);
    const long = 'A walk by the sea is never wasted, '.repeat(8).slice(0, 256);
    expect(await faultsOf(long)).toEqual([]);
    expect(await faultsOf(`${long}!`)).toEqual(['must have at most 256 characters']);
  });

  it('tells all reasons at once', async () => {
    expect(await faultsOf('lovelace')).toEqual(['must have at least 12 characters', 'must not be made of the e-mail or the name']);
  });
});
