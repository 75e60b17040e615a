import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram } from 'prom-client';
import { Jobs, UnitOfWork } from '#core';
import { BackupCheck } from '../backup/backup-check.js';

/** Runs of the jobs here; their last success, on whatever replica unless they run on each, and that of the backup. */
@Injectable()
export class JobMetrics implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly work: UnitOfWork,
    private readonly backups: BackupCheck,
    @InjectMetric('job_runs_total') private readonly runs: Counter,
    @InjectMetric('job_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('job_last_success_timestamp_seconds') private readonly success: Gauge,
    @InjectMetric('backup_last_verified_timestamp_seconds') private readonly backup: Gauge,
  ) {}

  onModuleInit(): void {
    this.jobs.listen(({ job, outcome, seconds }) => {
      this.runs.inc({ job, outcome });
      this.duration.observe({ job }, seconds);
      if (outcome === 'success') this.success.set({ job }, Date.now() / 1000);
    });
    Object.assign(this.success, { collect: () => this.readSuccess().catch(() => undefined) }); // away: the last values stand
    Object.assign(this.backup, { collect: () => this.readBackup().catch(() => undefined) });
  }

  private async readSuccess(): Promise<void> {
    const rows = await this.work.outside<{ name: string; at: string }>(
      'SELECT name, "succeededAt" AS at FROM scheduled_jobs WHERE "succeededAt" IS NOT NULL',
    );
    for (const { name, at } of rows) this.success.set({ job: name }, Date.parse(at) / 1000);
  }

  private async readBackup(): Promise<void> {
    const newest = await this.backups.newest();
    if (newest) this.backup.set(Date.parse(newest.createdAt) / 1000);
  }
}

export const jobMetrics = [
  JobMetrics,
  makeCounterProvider({ name: 'job_runs_total', help: 'Runs of scheduled jobs on this replica', labelNames: ['job', 'outcome'] }),
  makeHistogramProvider({
    name: 'job_duration_seconds',
    help: 'Duration of scheduled jobs on this replica',
    labelNames: ['job'],
    buckets: [0.01, 0.1, 1, 10, 60, 600, 3600],
  }),
  makeGaugeProvider({
    name: 'job_last_success_timestamp_seconds',
    help: 'When a job last succeeded: on any replica, or on this one if it runs on each',
    labelNames: ['job'],
  }),
  makeGaugeProvider({ name: 'backup_last_verified_timestamp_seconds', help: 'When the newest verified backup was made' }),
];
