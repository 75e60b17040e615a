import { tmpdir } from 'node:os';
import pg from 'pg';

/** What the application itself sends for a list, caught on its way to the driver. */
export async function statementOfList(database, token, path) {
  const { createApp } = await import('../dist/apps/api/src/app.js');
  const { Config } = await import('../dist/libs/core/src/index.js');
  const env = {
    DB_HOST: database.host,
    DB_PORT: String(database.port),
    DB_DATABASE: database.database,
    DB_USERNAME: database.username,
    DB_PASSWORD: database.password,
    JWT_SECRET: 'x'.repeat(48),
    DATA_DIR: tmpdir(),
    JOBS: 'off',
    LOG_LEVEL: 'silent',
  };
  const sent = [];
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function query(config, ...rest) {
    if (typeof config === 'object' && /FROM timesheet_entries/.test(config.text)) sent.push({ text: config.text, values: config.values });
    return original.call(this, config, ...rest);
  };
  const app = await createApp(new Config(env)); // each connection keeps the function that it began with
  const answer = await app.inject({ method: 'GET', url: path, headers: { authorization: `Bearer ${token}` } });
  pg.Client.prototype.query = original;
  await app.close();
  if (answer.statusCode !== 200 || sent.length !== 1)
    throw new Error(`the list took ${sent.length} statements and answered ${answer.body}`);
  return sent[0];
}
