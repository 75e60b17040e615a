import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { digestOf } from '../approvals/approval-digest.js';
import type { NewEntry } from '../entries/timesheet-entry.repository.js';
import { factsOf, freeTextOf, hashOf, holds, rowOf } from './seal-hashes.js';
import type { SealAndRow, SealedRow } from './seal-hashes.js';

/** The form in which the first seals were made, told as plainly as it goes: JSON with sorted keys. It may never change. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const TEXTS = ['note', 'notes', 'reason'];

const line: SealedRow = {
  id: '3f0c7c1e-6d1b-4f0e-9a55-0d6f2f1f6c01',
  userId: '3f0c7c1e-6d1b-4f0e-9a55-0d6f2f1f6c02',
  targetType: 'TimesheetEntry',
  targetId: '3f0c7c1e-6d1b-4f0e-9a55-0d6f2f1f6c03',
  action: 'updated',
  actorUserId: null,
  reason: 'Forgot the „Übergabe"\n',
  diff: {
    note: { before: null, after: 'with Ada' },
    workMode: { before: 'office', after: 'remote' },
    durationMin: { before: 60, after: 90 },
  },
  metadata: { timesheetId: '3f0c7c1e-6d1b-4f0e-9a55-0d6f2f1f6c04', round: 2 },
  occurredAt: '2026-03-02T08:00:00.123456Z',
};

describe('a seal', () => {
  it('is what it was when the first ones were made', () => {
    const salt = '00112233445566778899aabbccddeeff';
    expect([factsOf(salt, line), freeTextOf(salt, line)]).toEqual([
      '92438cbf992d309472ff006f2987f7752b6663790859027c8ef283958eb3d296',
      'f1cfcd589856a76ca1846626c468fd5401a176eb8acfd8efd7636af49e85a564',
    ]);
    expect(hashOf({ sequence: 7, historyId: line.id, facts: 'ab', freeText: 'cd', previous: '' })).toBe(
      'e3839e244bcf8e5722bb025d92c3cbeada2080726e2bdb293cd93b6774e5a079',
    );
  });

  it('is of sorted JSON, whatever stands in it', () => {
    const key = fc.oneof(fc.constantFrom('__proto__', 'toJSON', 'constructor', '10', '9', 'after', 'before', ...TEXTS), fc.string());
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('parts')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      parts: fc.dictionary(key, tie('any'), { maxKeys: 5 }),
    }));
    const json: fc.Arbitrary<SealedRow['diff']> = value.any.map((made) => JSON.parse(JSON.stringify(made)));
    const row = fc.record({ reason: fc.option(fc.string()), diff: json, metadata: json }).map((some) => ({ ...line, ...some }));
    fc.assert(
      fc.property(row, (made) => {
        const { reason, diff, ...facts } = made;
        const kept = diff && Object.fromEntries(Object.entries(diff).filter(([field]) => !TEXTS.includes(field)));
        const texts = TEXTS.flatMap((field) => (diff && Object.hasOwn(diff, field) ? [[field, diff[field]]] : []));
        expect(factsOf('ab', made)).toBe(sha256(`ab${canonical({ ...facts, diff: kept })}`));
        expect(freeTextOf('cd', made)).toBe(sha256(`cd${canonical([reason, texts])}`));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the form that docs/API.md tells', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/API.md'), 'utf8');
  const section = page.slice(page.indexOf('## The form of a seal'));
  const [example, facts, freeText, hash, entries] = [...section.matchAll(/```text\n(.*?)```/gs)].map(([, block]) => block!);

  it('is that of a seal', () => {
    const told = JSON.parse(example!) as SealAndRow & SealedRow;
    expect(holds(told, { sequence: 0, hash: '' }, rowOf(told), told)).toBe(true);
    expect([facts!, freeText!, hash!].map((text) => sha256(text.trimEnd()))).toEqual([told.facts, told.freeText, told.hash]);
  });

  it('is that of a digest', () => {
    const fields = /`\[(id, day, .*?)\]`/.exec(section)![1]!.split(', ');
    const made = entries!
      .trimEnd()
      .split('\n')
      .map((text) => Object.fromEntries((JSON.parse(text) as unknown[]).map((value, at) => [fields[at], value])));
    expect(section).toContain(sha256(entries!));
    expect(digestOf(made.toReversed() as unknown as NewEntry[])).toBe(sha256(entries!));
  });
});
