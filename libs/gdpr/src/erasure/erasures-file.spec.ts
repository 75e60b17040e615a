import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { appendLines, makeLedger, readLines } from './erasures-file.js';
import type { ErasureLine } from './erasures-file.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ncy8-ledger-'));
  file = join(folder, 'not yet there', 'erasures.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (): ErasureLine => ({ companyId: randomUUID(), userId: randomUUID(), kind: 'purged', erasedAt: '2026-03-02T08:00:00.000Z' });

it('loses no line that comes after one that was cut off', async () => {
  const lines = [line(), line(), line()];
  await appendLines(file, lines.slice(0, 1));
  await appendFile(file, JSON.stringify(line()).slice(0, 60)); // the machine went down
  await appendLines(file, lines.slice(1));
  expect((await readLines(file)).people).toEqual(lines);
});

it('is one JSON line an erasure', async () => {
  const lines = Array.from({ length: 20 }, line);
  await Promise.all(lines.map((one) => appendLines(file, [one])));
  const text = await readFile(file, 'utf8');
  expect(text.trimEnd().split('\n').toSorted()).toEqual(lines.map((one) => JSON.stringify(one)).toSorted());
});

it('is, with its folder, for the owner alone', async () => {
  await makeLedger(file);
  expect([dirname(file), file].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
});
