import { createReadStream, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { headIn, verifyExport } from '#timesheets';
import type { Verdict } from '#timesheets';

const USAGE = 'npm run history:verify -- --head <an answer of /timesheet-history/verify> --export <file of /timesheet-history/export>';

/** `npm run history:verify`: needs neither server nor database. Ends with 0 for a history that is whole, else with 1, and one line for each. */
async function verify(): Promise<Verdict> {
  const { head, export: path } = parseArgs({ options: { head: { type: 'string' }, export: { type: 'string' } } }).values;
  if (!head || !path) return { valid: false, told: `Say both files: ${USAGE}` };
  const known = headIn(readFileSync(head, 'utf8'));
  if (!known) return { valid: false, told: `${head} is not the answer for a valid history of /timesheet-history/verify` };
  return verifyExport(linesOf(path), known);
}

/** Ended by line feeds alone: node:readline ends a line at U+2028 and U+2029 too, which JSON leaves as they are in what people wrote. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const text of createReadStream(path, 'utf8')) {
    const lines = (rest + (text as string)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest) yield rest;
}

const { valid, told } = await verify().catch((error: Error) => ({ valid: false, told: error.message }));
console[valid ? 'log' : 'error'](told);
process.exitCode = valid ? 0 : 1;
