import { Client, ProblemError } from '../../../../packages/client/src/index.js';
import type { ProblemCode } from '../../../../packages/client/src/index.js';

/** A refusal that the demo did not ask for, or one that did not come. */
export class Unexpected extends Error {}

/** A client of its own session, whose requests are printed, one line each. */
export function clientOf(name: string, baseUrl: string): Client {
  return new Client({
    baseUrl,
    fetch: async (address, init) => {
      const answer = await fetch(address, init);
      const { code = '' } = answer.ok ? {} : ((await answer.clone().json()) as { code?: string });
      const path = address.replace(`${baseUrl}/api/v1`, '').replace(/[\da-f]{8}-[\da-f-]{27}/g, '{id}');
      console.log(`  ${name.padEnd(8)} ${init.method?.padEnd(5)} ${path.padEnd(44)} ${answer.status} ${code}`.trimEnd());
      return answer;
    },
  });
}

/** The server is expected to refuse, and for this reason. */
export async function refused(code: ProblemCode, call: Promise<unknown>): Promise<void> {
  const outcome = await call.catch((error: unknown) => error);
  if (!(outcome instanceof ProblemError && outcome.code === code)) throw new Unexpected(`expected ${code}, and got ${String(outcome)}`);
}
