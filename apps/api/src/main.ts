import { Config, ConfigError } from '#core';
import { EmbeddedPostgresError } from '../../../tools/embedded-binaries.js';
import { start } from './start.js';
import type { RunningServer } from './start.js';

/** From the end of the drain on. What watches over the process should kill it no sooner than 15 s after that. */
const STOP_WITHIN_MS = 14_000;

function fail(error: unknown): never {
  const isExplained = error instanceof ConfigError || error instanceof EmbeddedPostgresError;
  console.error(isExplained ? error.message : error);
  process.exit(1);
}

const stopping = new AbortController();

/** Ctrl+C arrives twice, from the terminal and from npm, and may come before the start is through: there is one stop. */
function stopOnSignal(starting: Promise<RunningServer>, { drainMs }: Config): void {
  const stop = async () => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => fail('Not stopped in time, giving up'), drainMs + STOP_WITHIN_MS);
    const server = await starting.catch(() => undefined); // given up half-way, and cleaned up
    await server?.stop().catch(fail);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop());
}

try {
  const config = new Config();
  const starting = start(config, stopping.signal);
  stopOnSignal(starting, config);
  const { addresses } = await starting;
  console.log(['NCY_8 is ready', ...addresses].join('\n  '));
} catch (error) {
  if (!stopping.signal.aborted) fail(error);
}
