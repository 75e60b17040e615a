import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Config } from '../config.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Cursors } from './page.js';
import { requestScope } from './request-scope.js';

const SECRET = 'a secret of 32 bytes and more that only specs know';
const company = randomUUID();

const cursorsWith = (...secrets: string[]) =>
  new Cursors(
    new Config({ DB_HOST: 'none', DB_DATABASE: 'none', DB_USERNAME: 'none', JWT_SECRET: secrets.join(',') }),
    new UnitOfWork(new DataSource({ type: 'postgres' })),
  );

const inside = <T>(companyId: string, work: () => T): T =>
  requestScope.run({ requestId: 'x', ip: null, userAgent: null, tenant: { companyId, userId: null } }, work);

const cursors = cursorsWith(SECRET);
const query = { limit: 2, from: '2024-01-01' };
const first = inside(company, () => cursors.page('entries', query, ['a', 'b', 'c'], (item) => [item, 7, null]));
const cursor = first.nextCursor!;

/** Of a list by names. */
const ofNames = () =>
  inside(company, () => cursors.page('people', query, ['Deleted', 'Lovelace', 'c'], (name) => [name, 'Ada', null])).nextCursor!;

const after = (list: string, given: object, companyId = company, using = cursors) =>
  inside(companyId, () => using.after(list, { ...query, cursor, ...given }));

describe('a page', () => {
  it('has its limit, and a cursor when there is more', () => {
    expect(first.items).toEqual(['a', 'b']);
    expect(inside(company, () => cursors.page('entries', query, ['a', 'b'], (item) => [item]))).toEqual({
      items: ['a', 'b'],
      nextCursor: null,
    });
  });
});

describe('a cursor', () => {
  it('goes on after the last item, with another limit too', () => {
    expect(after('entries', {})).toEqual(['b', 7, null]);
    expect(after('entries', { limit: 50 })).toEqual(['b', 7, null]);
    expect(inside(company, () => cursors.after('entries', query))).toBeUndefined();
  });

  it('tells nothing of the row it stands for, and is the same for the same page', () => {
    const bytes = Buffer.concat(
      ofNames()
        .split('.')
        .map((part) => Buffer.from(part, 'base64url')),
    ).toString();
    expect(bytes).not.toMatch(/Lovelace|Ada|null/);
    expect(ofNames()).toBe(ofNames());
    expect(after('people', { cursor: ofNames() })).toEqual(['Lovelace', 'Ada', null]);
  });

  it('of a version that did not encrypt is taken, where it fits', () => {
    const made = '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10';
    expect(after('entries', { cursor: 'WyJiIiw3LG51bGxd.juRZ_4QesCxKsGIiUf6zpw' }, made)).toEqual(['b', 7, null]);
    expect(() => after('entries', { cursor: 'WyJiIiw3LG51bGxd.juRZ_4QesCxKsGIiUf6zpw' })).toThrow('not valid');
  });

  it('outlives a rotation of the secret, but not its end', () => {
    expect(after('entries', {}, company, cursorsWith(`new ${SECRET}`, SECRET))).toEqual(['b', 7, null]);
    expect(() => after('entries', {}, company, cursorsWith(`new ${SECRET}`))).toThrow('not valid');
  });

  it.each<[string, () => unknown]>([
    ['list', () => after('sheets', {})],
    ['filter', () => after('entries', { from: '2024-01-02' })],
    ['set of filters', () => after('entries', { to: '2024-01-02' })],
    ['company', () => after('entries', {}, randomUUID())],
  ])('does not fit another %s', (_, attempt) => {
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'validation_failed', more: { errors: [expect.objectContaining({ pointer: '/cursor' })] } }),
    );
  });

  const [payload = '', mac = ''] = cursor.split('.');
  const forgedPayload = Buffer.from(JSON.stringify(['z', 7, null])).toString('base64url');
  it.each([
    `${forgedPayload}.${mac}`,
    `${payload}.${'A'.repeat(22)}`,
    `${payload.slice(0, -2)}.${mac}`,
    `.${mac}`,
    payload,
    `${payload}.`,
    '.',
    '',
    'x',
    `${payload}.${mac.slice(0, 8)}`,
    'é.é',
  ])('cannot be forged: %j', (forged) => {
    expect(() => after('entries', { cursor: forged })).toThrow('not valid');
  });
});
