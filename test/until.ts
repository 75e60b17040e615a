import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when it is so. @throws what it waited for in vain, after a minute */
export async function until(isSo: () => boolean | Promise<boolean>, inVain = 'waited in vain'): Promise<void> {
  for (const end = performance.now() + 60_000; !(await isSo()); await sleep(10)) {
    if (performance.now() > end) throw new Error(inVain);
  }
}
