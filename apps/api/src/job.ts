import { Config, ConfigError, Jobs } from '#core';
import { createApp } from './app.js';
import { startEmbedded } from './database/embedded.js';

const stopping = new AbortController();

/** `npm run job -- <name>`: runs a job once, now, as the server would. */
async function main(name: string): Promise<void> {
  const config = new Config().with({ JOBS: 'off', LOG_LEVEL: 'warn' });
  const embedded = config.databaseHost ? undefined : await startEmbedded(config, stopping.signal);
  try {
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
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => (stopping.signal.aborted ? process.exit(1) : stopping.abort())); // a second one does not wait
try {
  await main(name);
  console.log(`${name} is done`);
} catch (error) {
  const explained = error instanceof ConfigError ? error.message : error;
  console.error(stopping.signal.aborted ? `${name} was stopped before it was done` : explained);
  process.exitCode = 1;
}
