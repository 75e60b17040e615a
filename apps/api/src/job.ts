import { Config, ConfigError, Jobs } from '#core';
import { createApp } from './app.js';
import { startEmbedded } from './database/embedded.js';
import { told } from './database/reason.js';
import { refusePowerfulRole } from './database/refuse-powerful-role.js';
import { refuseUnwritable } from './refuse-unwritable.js';

/** Ctrl+C arrives twice, from the terminal and from npm: signals within this time of the first are one. */
const ONE_STOP_MS = 1000;

const stopping = new AbortController();

/** The first asks the job to end at its next safe point, one that comes later ends it at once. */
function stopOnSignal(): void {
  let asked: number | undefined;
  const stop = () => {
    const now = performance.now();
    asked ??= now;
    stopping.abort();
    if (now - asked < ONE_STOP_MS) return;
    console.error(`${name} was ended at once: it can run again when its lease is over, in two minutes at most`);
    process.exit(1);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
}

/** `npm run job -- <name>`: runs a job once, now, as the server would. */
async function main(name: string): Promise<void> {
  const config = new Config().with({ JOBS: 'off', LOG_LEVEL: 'warn' });
  await refuseUnwritable(config);
  const embedded = config.databaseHost ? undefined : await startEmbedded(config, stopping.signal);
  try {
    const { database } = embedded?.config ?? config;
    if (database) await refusePowerfulRole(database);
    const app = await createApp(embedded?.config ?? config);
    let closing: Promise<void> | undefined;
    const close = () => (closing ??= app.close()); // a job that is under way ends at its next safe point, and gives its lease back
    stopping.signal.addEventListener('abort', () => void close().catch(() => undefined));
    try {
      stopping.signal.throwIfAborted();
      await run(app.get(Jobs), name);
      stopping.signal.throwIfAborted();
    } finally {
      await close();
    }
  } finally {
    await embedded?.stop();
  }
}

async function run(jobs: Jobs, name: string): Promise<void> {
  if (!jobs.all.some((job) => job.name === name)) {
    throw new ConfigError([
      name ? `There is no job "${name}". There are:` : 'Say which job:',
      ...jobs.all.map((job) => `  ${job.name.padEnd(18)} ${job.about}`),
    ]);
  }
  await jobs.runNow(name);
}

const [, , name = ''] = process.argv;
stopOnSignal();
try {
  await main(name);
  console.log(`${name} is done`);
} catch (error) {
  console.error(stopping.signal.aborted ? `${name} was stopped before it was done` : told(error));
  process.exitCode = 1;
}
