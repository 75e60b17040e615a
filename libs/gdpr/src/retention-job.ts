import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Jobs, UnitOfWork } from '#core';
import { LateWrites } from './late-writes.js';
import { Purges } from './purge.service.js';

/** Purges every company once a day, and finishes its anonymisations. */
@Injectable()
export class RetentionJob implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly jobs: Jobs,
    private readonly purges: Purges,
    private readonly late: LateWrites,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'retention',
      about: 'Removes, in every company, what has outlived its retention time, or came too late for an anonymisation.',
      everySeconds: 86_400,
      run: (stopping) => this.run(stopping),
    });
  }

  /** @throws when it did not go through in one of them, after the others */
  async run(stopping = new AbortController().signal): Promise<void> {
    const done: boolean[] = [];
    for (const id of await this.work.companyIds()) {
      if (stopping.aborted) return;
      done.push((await this.purges.run(id, stopping)) !== 'early', await this.late.take(id, stopping));
    }
    if (stopping.aborted) return;
    if (done.includes(false)) throw new Error('not every company could be purged');
  }
}
