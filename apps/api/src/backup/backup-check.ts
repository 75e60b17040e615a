import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock, Config, InjectLog, Jobs, UnitOfWork } from '#core';
import { sha256 } from './backup.js';

const AGE_AT_MOST_MS = 26 * 3_600_000;
const NEWEST = 'SELECT path, checksum, "createdAt" FROM backup_snapshots WHERE verified ORDER BY "createdAt" DESC LIMIT 1';

interface Snapshot {
  path: string;
  checksum: string;
  createdAt: string;
}

/** Looks each day whether the newest verified backup is young, unchanged, and not missing from this server's `BACKUP_DIR`. */
@Injectable()
export class BackupCheck implements OnModuleInit {
  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly jobs: Jobs,
    @InjectLog() private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'backup-check',
      about: 'Looks whether the newest verified backup is younger than 26 hours and still the bytes that were verified.',
      everySeconds: 86_400,
      run: (stopping) => this.run(stopping),
    });
  }

  /** @throws when the newest backup is old, missing or damaged; an installation that never made one is only told so */
  async run(stopping: AbortSignal): Promise<void> {
    const newest = await this.newest();
    if (!newest) return this.log.warn('there is no verified backup yet: npm run backup');
    const age = clock.now().getTime() - Date.parse(newest.createdAt);
    if (age > AGE_AT_MOST_MS) throw new BackupFault('BACKUP_OLD');
    if (!existsSync(newest.path)) {
      if (dirname(newest.path) === this.config.backupDir) throw new BackupFault('BACKUP_MISSING');
      return; // it was made on another machine
    }
    const checksum = await sha256(newest.path, stopping).catch((error: unknown) => {
      if (!stopping.aborted) throw error;
    });
    if (stopping.aborted) return; // how a dump ends that was not read to its end, nobody knows
    if (checksum !== newest.checksum) throw new BackupFault('BACKUP_DAMAGED');
  }

  /** The newest verified backup, by the database. */
  async newest(): Promise<Snapshot | undefined> {
    return (await this.work.outside<Snapshot>(NEWEST))[0];
  }
}

const FAULTS = {
  BACKUP_OLD: 'is older than 26 hours',
  BACKUP_MISSING: 'is not in BACKUP_DIR any more',
  BACKUP_DAMAGED: 'is not the bytes that were verified',
};

class BackupFault extends Error {
  constructor(readonly code: keyof typeof FAULTS) {
    super(`${code}: the newest verified backup ${FAULTS[code]}`);
  }
}
