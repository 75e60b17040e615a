import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock, Jobs } from '#core';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { until } from '../../../../test/until.js';
import { sha256 } from './backup.js';
import { BackupCheck } from './backup-check.js';

const HOUR = 3_600_000;

let server: TestServer;
let file: string;

beforeAll(async () => {
  server = await startTestServer();
  await mkdir(server.config.backupDir, { recursive: true });
  file = join(server.config.backupDir, 'ncy8_20260302_081500.dump');
  await writeFile(file, 'a dump');
  await record(file);
});
afterEach(() => clock.reset());
afterAll(() => server.stop());

const check = () => server.app.get(BackupCheck, { strict: false }).run(new AbortController().signal);

async function record(path: string): Promise<void> {
  await server.sql('DELETE FROM backup_snapshots');
  await server.sql('INSERT INTO backup_snapshots (path, size, verified, checksum, "createdAt") VALUES ($1, 6, true, $2, now())', [
    path,
    await sha256(file),
  ]);
}

describe('the check of backups', () => {
  it('passes a young one that is as it was', async () => {
    await expect(check()).resolves.toBeUndefined();
  });

  it('fails for an old one', async () => {
    clock.travelTo(new Date(Date.now() + 27 * HOUR));
    await expect(check()).rejects.toMatchObject({ code: 'BACKUP_OLD' });
  });

  it('fails for one with other bytes', async () => {
    await writeFile(file, 'a dumb');
    await expect(check()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  it('of a dump that is read while the server stops says neither that it is sound nor that it is damaged', async () => {
    await truncate(file, 2 ** 30); // takes no room, but a while to read, and has other bytes
    const replica = await server.secondReplica();
    const jobs = replica.get(Jobs);
    const runs = () => server.sql(`SELECT slot, "leasedBy", "finishedAt", "succeededAt" FROM scheduled_jobs WHERE name = 'backup-check'`);
    const job = jobs.all.find(({ name }) => name === 'backup-check')!;
    const running = jobs.runDue(job);
    await until(async () => (await runs()).some(({ leasedBy }) => leasedBy));
    await sleep(200);
    await replica.close();
    expect(await running).toBe(true);
    expect(await runs()).toEqual([{ slot: null, leasedBy: null, finishedAt: null, succeededAt: null }]);
    expect(server.log).not.toContainEqual(expect.objectContaining({ msg: 'a job failed' }));
    await writeFile(file, 'a dump');
  });

  it('passes one that is kept elsewhere, and fails for one that is missing from its own folder', async () => {
    await record('/kept/elsewhere/ncy8_20260302_081500.dump');
    await expect(check()).resolves.toBeUndefined();
    await record(file);
    await rm(file);
    await expect(check()).rejects.toMatchObject({ code: 'BACKUP_MISSING' });
  });
});
