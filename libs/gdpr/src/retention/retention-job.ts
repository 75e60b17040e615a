import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { clock, Jobs, UnitOfWork } from '#core';
import { LateWrites } from '../erasure/late-writes.js';
import { Purges } from './purge.service.js';

/** A failed job is tried again each minute; who cannot go then would only fill the list of runs and the audit log. */
const AGAIN_MS = 3_600_000;

/** Purges every company once a day, and finishes its anonymisations. */
@Injectable()
export class RetentionJob implements OnModuleInit {
  /** Companies where somebody could not go, and when that was. */
  private readonly left = new Map<string, number>();

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

  /** @throws when it did not go through in one of them, or somebody could not go, after the others */
  async run(stopping = new AbortController().signal): Promise<void> {
    const done: boolean[] = [];
    for (const id of await this.work.companyIds()) {
      if (stopping.aborted) return;
      done.push(await this.purge(id, stopping), await this.late.take(id, stopping));
    }
    if (stopping.aborted) return;
    if (done.includes(false)) throw new Error('not every company could be purged');
  }

  /** @returns whether nobody is left who should be gone */
  private async purge(companyId: string, stopping: AbortSignal): Promise<boolean> {
    const now = clock.now().getTime();
    const passed = now - (this.left.get(companyId) ?? -Infinity);
    if (passed >= 0 && passed < AGAIN_MS) return false; // less than nothing: the clock was set back
    const end = await this.purges.run(companyId, stopping);
    if (end === 'left') this.left.set(companyId, now);
    else this.left.delete(companyId);
    return end === 'through';
  }
}
