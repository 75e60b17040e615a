import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
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

const check = () => server.app.get(BackupCheck, { strict: false }).run();

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

  it('passes one that is kept elsewhere, and fails for one that is missing from its own folder', async () => {
    await record('/kept/elsewhere/ncy8_20260302_081500.dump');
    await expect(check()).resolves.toBeUndefined();
    await record(file);
    await rm(file);
    await expect(check()).rejects.toMatchObject({ code: 'BACKUP_MISSING' });
  });
});
