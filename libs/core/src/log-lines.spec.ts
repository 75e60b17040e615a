import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../test/until.js';
import { LogLines } from './log-lines.js';

const built = join(import.meta.dirname, '../../../dist/libs/core/src/log.js');
const folder = mkdtempSync(join(tmpdir(), 'ncy8-log-'));
const open = new Set<number>();

function opened(file: string, flags: string | number): number {
  const fd = openSync(file, flags);
  open.add(fd);
  return fd;
}

/** A pipe that nobody reads until somebody reads here. */
function pipe(): number {
  const name = join(mkdtempSync(join(folder, 'pipe-')), 'pipe');
  execFileSync('mkfifo', [name]);
  return opened(name, constants.O_RDWR | constants.O_NONBLOCK);
}

function readAll(fd: number): string {
  const piece = Buffer.alloc(65_536);
  let read = '';
  try {
    for (;;) read += piece.toString('utf8', 0, readSync(fd, piece));
  } catch {
    return read; // nothing more at present
  }
}

afterEach(() => {
  for (const fd of open) closeSync(fd);
  open.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** 20,000 lines over 200 turns of the event loop, some 2 MiB of them; what it says of itself goes to stderr. */
const LOGGING = `
  import { createLog, stdoutLines } from '${built}';
  const log = createLog('info');
  for (let turn = 0; turn < 200; turn++) {
    for (let n = 0; n < 100; n++) log.info({ line: turn * 100 + n }, 'a request');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  process.stderr.write('lost ' + stdoutLines.lost);`;

/** @returns what it said, and the code that it ended with; null if it had to be killed */
async function logged(stdout: number) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', LOGGING], {
    stdio: ['ignore', stdout, 'pipe'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  const [said] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  return { code: child.exitCode, lost: Number(/lost (\d+)/.exec(said)?.[1]) };
}

describe('a process that logs', () => {
  it('writes every line in its order, the last ones at its end', async () => {
    const file = join(folder, 'file');
    expect(await logged(opened(file, 'w'))).toEqual({ code: 0, lost: 0 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  it.each([
    ['on a full disk', () => opened('/dev/full', 'w')],
    ['to a reader that stands still', pipe],
  ])('%s goes on, counts what is lost, and ends when it is told to', async (_, stdout) => {
    const { code, lost } = await logged(stdout());
    expect(code).toBe(0);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(20_000);
  });
});

it('lines that waited come whole and in order once they are read, and new ones behind them', async () => {
  const fd = pipe();
  const lines = new LogLines(fd);
  const write = (count: number, from: number) => {
    for (let n = from; n < from + count; n++) lines.write(`${n} ${'x'.repeat(1000)}\n`);
  };
  write(500, 0);
  expect(lines.lost).toBe(0);
  let read = '';
  await until(async () => (read += readAll(fd)).split('\n').length > 500);
  write(4, 500);
  await until(async () => (read += readAll(fd)).split('\n').length > 504);
  expect(
    read
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split(' ')[0])),
  ).toEqual(Array.from({ length: 504 }, (_, n) => n));
});
