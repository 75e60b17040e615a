import { mkdir, open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isId, isInstant } from '#core';
import type { Config } from '#core';
import type { Erasure } from './erasure.entity.js';

/** One erasure of a person, by bare ids. */
export interface ErasureLine {
  companyId: string;
  userId: string;
  kind: Erasure['kind'];
  /** RFC 3339. */
  erasedAt: string;
}

/** The erasure of a whole company. */
export interface CompanyLine {
  companyId: string;
  kind: 'company';
  erasedAt: string;
}

/** Beside the backups, outside the database: one JSON line an erasure, only ever added to. */
export const ledgerFile = ({ backupDir }: Pick<Config, 'backupDir'>): string => join(backupDir, 'erasures.ndjson');

export async function appendLines(file: string, lines: readonly (ErasureLine | CompanyLine)[]): Promise<void> {
  if (lines.length === 0) return;
  await inLedger(file, async (ledger) => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await ledger.appendFile((await isCutOff(ledger)) ? `\n${text}` : text);
  });
}

/** Makes the ledger where there is none: an empty one says that nobody was erased. @throws where no line could be added */
export const makeLedger = (file: string): Promise<void> => inLedger(file, () => Promise.resolve());

async function inLedger(file: string, work: (ledger: FileHandle) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const ledger = await open(file, 'a+', 0o600);
  try {
    await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Whether the last line was not written to its end: what came right behind it would be lost with it. */
async function isCutOff(ledger: FileHandle): Promise<boolean> {
  const { size } = await ledger.stat();
  if (size === 0) return false;
  const { buffer } = await ledger.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== '\n';
}

/** What the file says; a line that was cut off is passed over. */
export async function readLines(file: string): Promise<{ people: ErasureLine[]; companies: CompanyLine[] }> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''; // nothing was ever erased
    throw error;
  });
  const lines = text.split('\n').flatMap(parsed);
  return {
    people: lines.filter((line) => line.kind !== 'company'),
    companies: lines.filter((line) => line.kind === 'company'),
  };
}

function parsed(text: string): (ErasureLine | CompanyLine)[] {
  try {
    const { companyId, userId, kind, erasedAt } = JSON.parse(text) as Record<string, string>;
    if (!isId(companyId) || !isInstant(erasedAt)) return [];
    if (kind === 'company') return [{ companyId, kind, erasedAt }];
    return isId(userId) && (kind === 'anonymized' || kind === 'purged') ? [{ companyId, userId, kind, erasedAt }] : [];
  } catch {
    return [];
  }
}
