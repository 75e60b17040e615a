import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Characters that are written together: a write a line cost 60 µs. */
const TOGETHER = 4096;
const WITHIN_MS = 1000;
/** Characters that may wait, besides those of the write that is under way. */
const MOST = 1024 * 1024;
/** After a write that failed. */
const AGAIN_MS = 100;
/** At the end of the process, for a reader that is behind. */
const PATIENCE_MS = 500;
const PAUSE_MS = 10;

/**
 * Lines on their way to a file descriptor. What that does not take (a full disk, a reader that stands still) waits until it does, and neither ends
 * nor stops the process; what is beyond {@link MOST} is lost, and counted. Pino's own destination retries for ever when the process ends.
 */
export class LogLines implements DestinationStream {
  /** Lines, since the start of the process. */
  lost = 0;
  private waiting = '';
  private bytes = Buffer.alloc(0);
  private state: 'idle' | 'writing' | 'stuck' = 'idle';
  private timer?: NodeJS.Timeout;

  constructor(private readonly fd: number) {}

  write(line: string): void {
    if (this.waiting.length + line.length > MOST) {
      this.lost++;
      return;
    }
    this.waiting += line;
    if (this.waiting.length >= TOGETHER) this.flush();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, WITHIN_MS).unref();
  }

  /** What can still be written, at once: the process ends. */
  end(): void {
    const rest = Buffer.from(this.waiting);
    this.waiting = '';
    this.writeNow(this.state === 'stuck' ? Buffer.concat([this.bytes, rest]) : rest);
  }

  private flush(): void {
    if (this.state !== 'idle' || this.waiting === '') return;
    this.bytes = Buffer.from(this.waiting);
    this.waiting = '';
    this.pass();
  }

  private pass(): void {
    this.state = 'writing';
    write(this.fd, this.bytes, (error, written) => {
      if (error) {
        this.state = 'stuck';
        setTimeout(() => this.pass(), AGAIN_MS).unref();
        return;
      }
      this.bytes = this.bytes.subarray(written);
      if (this.bytes.length > 0) return this.pass();
      this.state = 'idle';
      if (this.waiting.length >= TOGETHER) this.flush();
    });
  }

  private writeNow(bytes: Buffer): void {
    const deadline = performance.now() + PATIENCE_MS;
    for (let rest = bytes; rest.length > 0;) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      }
    }
  }
}
