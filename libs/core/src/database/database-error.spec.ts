import { describe, expect, it } from '@jest/globals';
import { keptOut, problemOf } from './database-error.js';

const problemFor = (fields: { code?: string; routine?: string; constraint?: string; message?: string }) =>
  problemOf(Object.assign(new Error(fields.message ?? 'as the database says it'), fields));

describe('the database cannot be used now: 503 with Retry-After', () => {
  it.each([
    ['08006', 'the connection failed'],
    ['25006', 'it reads only'],
    ['25P03', 'idle in a transaction'],
    ['25P04', 'a transaction for too long'],
    ['28000', 'the login may not'],
    ['28P01', 'another password'],
    ['3D000', 'another name'],
    ['40001', 'serialisation'],
    ['40P01', 'deadlock'],
    ['53000', 'too little of something'],
    ['53100', 'the disk is full'],
    ['53200', 'out of memory'],
    ['53300', 'too many connections'],
    ['53400', 'a limit that was configured'],
    ['55P03', 'a lock was not to be had'],
    ['57014', 'cancelled'],
    ['57P01', 'shut down by an administrator'],
    ['57P02', 'shut down by a crash'],
    ['57P03', 'starting up'],
    ['57P04', 'dropped'],
    ['57P05', 'idle for too long'],
    ['58030', 'a disk that does not work'],
  ])('%s, %s', (code) => {
    expect(problemFor({ code })).toMatchObject({ status: 503, code: 'service_unavailable', more: { headers: { 'retry-after': '1' } } });
  });

  it.each([
    ['55000', 'CheckMyDatabase', 'database "ncy8" is not currently accepting connections'],
    ['55000', 'InitPostgres', 'cannot connect to invalid database "ncy8"'],
    ['42501', 'CheckMyDatabase', 'permission denied for database "ncy8"'],
  ])('%s of %s, since it lets nobody in', (code, routine, message) => {
    expect(problemFor({ code, routine, message })?.code).toBe('service_unavailable');
  });

  it.each(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'])(
    '%s, of a connection that was there',
    (code) => {
      expect(problemFor({ code, message: `read ${code}` })?.code).toBe('service_unavailable');
    },
  );

  it.each(['ECONNREFUSED', 'EADDRNOTAVAIL', 'EMFILE', 'EAI_FAIL', 'CERT_HAS_EXPIRED', '22023', undefined])(
    '%s, whatever it is, that kept us from a connection',
    (code) => {
      const error = Object.assign(new Error('as whoever refused says it'), { code });
      expect(problemOf(keptOut(error))).toMatchObject({ status: 503, more: { headers: { 'retry-after': '1' }, cause: error } });
    },
  );
});

it.each([
  ['23505', 'conflict'],
  ['23P01', 'conflict'],
  ['23503', 'unknown_reference'],
  ['23001', 'unknown_reference'],
  ['22P02', 'validation_failed'],
  ['22023', 'validation_failed'],
])('%s is %s', (code, problem) => {
  expect(problemFor({ code })?.code).toBe(problem);
});

it('42501 is not found where a row violates row-level security, and else a fault of ours', () => {
  const code = '42501';
  for (const message of [
    'new row violates row-level security policy for table "users"',
    'target row violates row-level security policy (USING expression) for table "users"',
  ])
    expect(problemFor({ code, message })?.code).toBe('not_found');
  expect(
    problemFor({ code, message: 'neue Zeile verletzt Policy für Sicherheit auf Zeilenebene', routine: 'ExecWithCheckOptions' })?.code,
  ).toBe('not_found');
  // Of a role with `row_security = off`, at every read.
  expect(problemFor({ code, message: 'query would be affected by row-level security policy for table "users"' })).toBeUndefined();
});

it.each(['55000', '42501', '42P01', '23502', '23514', 'XX000', ''])('"%s" is a fault of ours', (code) => {
  expect(problemFor({ code, routine: 'ExecInsert' })).toBeUndefined();
});
