import pg from 'pg';
import { countingRelay } from './wire.mjs';

/**
 * The application inside this process, whose statements are caught on their way to the driver.
 * @returns `{ app, caught(request) }`: what a request sent, `[{ text, values, group }]`, statements of one `group` before one Sync
 */
export async function catching(environment) {
  const { createApp } = await import('../dist/apps/api/src/app.js');
  const { Config } = await import('../dist/libs/core/src/index.js');
  let sent = [];
  let group = 0;
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function query(config, ...rest) {
    group++;
    const { statements, text = String(config), values = [] } = typeof config === 'object' ? config : {};
    sent.push(...(statements ?? [{ text, values }]).map((one) => ({ text: one.text, values: one.values, group })));
    return original.call(this, config, ...rest);
  };
  const app = await createApp(new Config({ ...environment, JOBS: 'off', LOG_LEVEL: 'silent' }));
  const caught = async ({ status = 200, ...request }) => {
    sent = [];
    const answer = await app.inject(request);
    if (answer.statusCode !== status) throw new Error(`${request.url} answered ${answer.statusCode}: ${answer.body}`);
    return sent;
  };
  const close = async () => {
    pg.Client.prototype.query = original; // each connection keeps the function that it began with
    await app.close();
  };
  return { app, caught, close };
}

/** What a warm application sends for a list: the statement itself, and how many messages of which kind. */
export async function statementOfList(environment, token, path) {
  const relay = await countingRelay({ host: environment.DB_HOST, port: Number(environment.DB_PORT) });
  const { app, caught, close } = await catching({ ...environment, DB_PORT: String(relay.port) });
  const request = { method: 'GET', url: path, headers: { authorization: `Bearer ${token}` } };
  const sent = (await caught(request)).filter(({ text }) => /FROM timesheet_entries/.test(text));
  if (sent.length !== 1) throw new Error(`a list took ${sent.length} statements on entries`);
  for (let n = 0; n < 3; n++) await app.inject(request); // the connection knows its statements, the principal is kept
  const before = { ...relay.counts };
  await app.inject(request);
  const kept = difference(relay.counts, before);
  await new Promise((resolve) => setTimeout(resolve, 1100)); // the principal is not kept any more
  const between = { ...relay.counts };
  await app.inject(request);
  const read = difference(relay.counts, between);
  await close();
  relay.close();
  const [{ text, values }] = sent;
  return { text, values, kept, read };
}

const difference = (after, before) => Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - before[name]]));
