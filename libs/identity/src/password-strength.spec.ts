import { describe, expect, it } from '@jest/globals';
import { Problem } from '#core';
import { requireStrongPassword } from './password-strength.js';

const ABOUT = { email: 'ada.lovelace@example.com', names: ['Ada', 'Lovelace'] };

function faultsOf(password: string): string[] {
  try {
    requireStrongPassword(password, ABOUT);
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
    'x9#'.repeat(4).slice(0, 11) + 'kLmQ vTz',
  ])('%s is taken', (password) => {
    expect(faultsOf(password)).toEqual([]);
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
  ])('%s is common', (password) => {
    expect(faultsOf(password)).toContain('is a common password');
  });

  it.each(['AdaLovelace123', 'ada.lovelace@example.com', 'lovelace-2026!', 'Lovelace 839201', 'ada.lovelace1'])(
    '%s is made of the person',
    (password) => {
      expect(faultsOf(password)).toContain('must not be made of the e-mail or the name');
    },
  );

  it.each(['GraceHopper1906', 'hopper.grace.06', 'maryann-2026!!', 'OBrien#123456'])(
    '%s is made of the words of the person',
    (password) => {
      const about = { email: 'grace.hopper@example.com', names: ['Mary Ann', 'O’Brien'] };
      expect(() => requireStrongPassword(password, about)).toThrow(expect.objectContaining({ code: 'password_too_weak' }));
    },
  );

  it('has 12 to 256 characters, counted as people count them', () => {
    expect(faultsOf('walk by sea')).toEqual(['must have at least 12 characters']);
    expect(faultsOf('🌊🐚🦀🐟🐙🦑🐬🐳🦈🪸🐠')).toEqual(['must have at least 12 characters']);
    const long = 'A walk by the sea is never wasted, '.repeat(8).slice(0, 256);
    expect(faultsOf(long)).toEqual([]);
    expect(faultsOf(`${long}!`)).toEqual(['must have at most 256 characters']);
  });

  it('tells all reasons at once', () => {
    expect(faultsOf('lovelace')).toEqual(['must have at least 12 characters', 'must not be made of the e-mail or the name']);
  });
});
