import { describe, expect, it } from '@jest/globals';
import { cutOffsAt, monthsBefore } from './purge-policy.js';

const before = (now: string, months: number) => monthsBefore(new Date(now), months).toISOString();

describe('calendar months before an instant', () => {
  it.each([
    ['2026-11-24T13:00:00.500Z', 84, '2019-11-24T13:00:00.500Z'],
    ['2028-02-29T12:00:00.000Z', 84, '2021-02-28T12:00:00.000Z'], // not the 1 March, whose seven years end a day later
    ['2028-02-29T12:00:00.000Z', 48, '2024-02-29T12:00:00.000Z'],
    ['2031-02-28T23:59:59.000Z', 84, '2024-02-28T23:59:59.000Z'], // who was deleted on the 29th stays
    ['2031-03-01T00:00:00.000Z', 84, '2024-03-01T00:00:00.000Z'], // and goes now
    ['2026-03-31T00:30:00.000Z', 1, '2026-02-28T00:30:00.000Z'],
    ['2026-01-15T00:00:00.000Z', 12, '2025-01-15T00:00:00.000Z'],
    ['2026-12-31T23:00:00.000Z', 10, '2026-02-28T23:00:00.000Z'],
  ])('%s less %i is %s', (now, months, expected) => {
    expect(before(now, months)).toBe(expected);
  });
});

it('each class of rows has a clock of its own', () => {
  const policy = { deletedUserYears: 2, auditLogYears: 3, accessLogMonths: 6, sessionDays: 30 };
  expect(cutOffsAt(new Date('2026-08-31T10:00:00Z'), policy)).toEqual({
    deletedUserYears: new Date('2024-08-31T10:00:00Z'),
    auditLogYears: new Date('2023-08-31T10:00:00Z'),
    accessLogMonths: new Date('2026-02-28T10:00:00Z'),
    sessionDays: new Date('2026-08-01T10:00:00Z'),
  });
});
