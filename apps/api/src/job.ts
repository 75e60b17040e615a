import { Config, ConfigError, Jobs } from '#core';
import { createApp } from './app.js';
import { startEmbedded } from './database/embedded.js';

/** `npm run job -- <name>`: runs a job once, now, as the server would. */
async function main(name: string): Promise<void> {
  const config = new Config().with({ JOBS: 'off', LOG_LEVEL: 'warn' });
  const embedded = config.databaseHost ? undefined : await startEmbedded(config);
  try {
    const app = await createApp(embedded?.config ?? config);
    try {
      const jobs = app.get(Jobs);
      if (!jobs.all.some((job) => job.name === name)) {
        throw new ConfigError([
          name ? `There is no job "${name}". There are:` : 'Say which job:',
          ...jobs.all.map((job) => `  ${job.name.padEnd(18)} ${job.about}`),
        ]);
      }
      await jobs.runNow(name);
      console.log(`${name} is done`);
    } finally {
      await app.close();
    }
  } finally {
    await embedded?.stop();
  }
}

try {
  await main(process.argv[2] ?? '');
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}
