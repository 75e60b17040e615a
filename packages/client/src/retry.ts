import { ProblemError } from './problem.js';

export interface RetryOptions {
  /** How often a call is sent at most (default 5). */
  attempts?: number;
  /** How long one call waits between attempts altogether, in ms (default 30,000); a longer `Retry-After` is an error at once. */
  patienceMs?: number;
  /** The first wait, in ms (default 200); each later one is twice as long, and all are spread by chance. */
  firstWaitMs?: number;
}

/** Which failures a call may be repeated after, and how late. */
export interface Repeats {
  /** After an answer that says "later". */
  afterRefusal: boolean;
  /** After no answer: the server may have acted. */
  afterSilence: boolean;
  /** How long after the first attempt the last one may begin. */
  withinMs: number;
}

const LATER = new Set([429, 502, 503, 504]);

const isLater = (error: ProblemError): boolean => LATER.has(error.status) || error.code === 'idempotency_in_progress';

/** @param attempt is told whether an attempt before it ended without an answer */
export async function withRetries<T>(
  attempt: (afterSilence: boolean) => Promise<T>,
  repeats: Repeats,
  { attempts = 5, patienceMs = 30_000, firstWaitMs = 200 }: RetryOptions,
  signal?: AbortSignal,
): Promise<T> {
  const until = Date.now() + repeats.withinMs;
  let patience = patienceMs;
  let wasSilent = false;
  for (let sent = 1; ; sent++) {
    try {
      return await attempt(wasSilent);
    } catch (error) {
      const isSilence = error instanceof NoAnswer;
      const isRepeatable = isSilence ? repeats.afterSilence : error instanceof ProblemError && repeats.afterRefusal && isLater(error);
      wasSilent ||= isSilence;
      const wait = waitMs(sent, firstWaitMs, error);
      const isOver = sent >= attempts || wait > patience || Date.now() + wait > until;
      if (!isRepeatable || isOver) throw isSilence ? error.cause : error;
      patience -= wait;
      await pause(wait, signal);
    }
  }
}

/** `fetch` rejected, or the answer broke off; the cause says why. */
class NoAnswer extends Error {}

/** For `catch`: aborting is the caller's will, everything else is no answer. */
export const broken =
  (signal?: AbortSignal) =>
  (cause: unknown): never => {
    if (signal?.aborted) throw cause;
    throw new NoAnswer('no answer', { cause });
  };

/** Doubling, by chance between half and whole; never sooner than the server asks, and then not all clients at the same moment. */
function waitMs(sent: number, firstWaitMs: number, error: unknown): number {
  const own = firstWaitMs * 2 ** (sent - 1) * (0.5 + Math.random() / 2);
  const asked = error instanceof ProblemError ? error.retryAfterMs : undefined;
  return asked === undefined ? own : asked + Math.random() * Math.max(own, 500);
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
