import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { TestDatabase } from '../../../../test/database.js';
import { ConfigError } from '../config.js';
import { dataSourceOptions } from './database.js';

/** What PostgreSQL says when an administrator ends a session: one message of its protocol. */
function farewell(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const message = Buffer.concat([Buffer.from('E....'), fields]);
  message.writeInt32BE(4 + fields.length, 1);
  return message;
}

const READY = Buffer.from([0x5a, 0, 0, 0, 5]); // and one byte, at the end of what it sends

let database: TestDatabase;
let dataSource: DataSource;
/** Ends each session in the same breath in which it is ready. */
let isEnding = false;
const between = createServer((socket: Socket) => {
  const address = database.address('application');
  const upstream = connect(address.port, address.host);
  for (const end of [socket, upstream]) end.on('error', () => undefined);
  socket.pipe(upstream);
  upstream.on('data', (chunk) => {
    const isReady = chunk.subarray(-6, -1).equals(READY);
    socket.write(isEnding && isReady ? Buffer.concat([chunk, farewell()]) : chunk);
  });
  upstream.on('close', () => socket.destroy());
});

beforeAll(async () => {
  database = await TestDatabase.clone();
  await once(between.listen(0, '127.0.0.1'), 'listening');
  const address = { ...database.address('application'), host: '127.0.0.1', port: (between.address() as AddressInfo).port };
  dataSource = await new DataSource(dataSourceOptions(address, { poolSize: 2 })).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  between.close();
  await database.drop();
});

const withSetting = (setting: string) => {
  const { extra, ...options } = dataSourceOptions(database.address('application'), { poolSize: 1 });
  return new DataSource({ ...options, extra: { ...extra, options: `-c TimeZone=UTC -c ${setting}` } });
};

it.each(['TimeZone=Europe/Berlin', 'TimeZone=UTC+3', 'DateStyle=German'])(
  'a session with %s is refused in a line: its instants would be others',
  async (setting) => {
    const refused = await withSetting(setting)
      .initialize()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as Error).message).toContain(setting.split('=', 1)[0]);
  },
);

it.each(['Etc/UTC', 'zulu', 'Universal'])('a session with TimeZone=%s is one of UTC', async (zone) => {
  const other = await withSetting(`TimeZone=${zone}`).initialize();
  expect(await other.query(`SELECT '2026-07-01 12:00:00+02'::timestamptz::text AS instant`)).toEqual([
    { instant: '2026-07-01 10:00:00+00' },
  ]);
  await other.destroy();
});

it('a session that is ended in the moment in which it begins does not end the process', async () => {
  const first = dataSource.createQueryRunner();
  await first.connect(); // so that the next one needs a new connection
  isEnding = true;
  const second = dataSource.createQueryRunner();
  // thrown out of the socket's event where nobody listens, which Jest reports as a failure of this test
  await expect(second.query('SELECT 1')).rejects.toThrow('not queryable');
  isEnding = false;
  await second.release();
  const third = dataSource.createQueryRunner();
  await expect(third.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
  await Promise.all([first.release(), third.release()]);
});
