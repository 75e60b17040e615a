import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock, codeOf, InjectLog, Jobs, UnitOfWork } from '#core';
import { HistorySeals, keyAt } from './history-seals.js';

/** How often it is looked for what a replica left behind when it died: among the lines since the look before, and an hour more. */
const LOOK_MS = 600_000;
const MORE_MS = 3_600_000;
/** How often among all lines there are. */
const LOOK_AT_ALL_MS = 86_400_000;

/**
 * Seals the history: within seconds what this replica wrote; every ten minutes what another one did not get to; at the start, and then once a
 * day, what has no seal for any reason.
 */
@Injectable()
export class HistorySealer implements OnModuleInit {
  /** Companies with something to seal, and since when: looking from there on does not read their whole history each time. */
  private readonly waiting = new Map<string, Date>();
  private looked = -Infinity;
  private lookedAtAll = -Infinity;
  private working: Promise<void> | undefined;

  constructor(
    private readonly work: UnitOfWork,
    private readonly seals: HistorySeals,
    private readonly jobs: Jobs,
    @InjectLog() private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'history-seals',
      about: 'Seals what was written to the history of timesheets, so that tampering shows.',
      everySeconds: 3,
      everywhere: true,
      run: (stopping) => this.sealWaiting(stopping),
    });
  }

  /** What occurred then is committed, and waits for its seal. */
  note(companyId: string, occurredAt: Date): void {
    const since = this.waiting.get(companyId);
    if (!since || occurredAt < since) this.waiting.set(companyId, occurredAt);
  }

  /**
   * @param stopping asks to end after the present batch; the next start, or another replica, looks at all
   * @throws when it failed in a company, after the others
   */
  async sealWaiting(stopping?: AbortSignal): Promise<void> {
    await (this.working ??= this.seal(stopping).finally(() => (this.working = undefined)));
  }

  private async seal(stopping?: AbortSignal): Promise<void> {
    let hasFailed = false;
    try {
      await this.noteAll();
    } catch (error) {
      hasFailed = true;
      this.log.error({ code: codeOf(error) }, 'the companies whose history may lack seals could not be looked up');
    }
    const waiting = Array.from(this.waiting); // what is put back waits for the next time
    for (const [companyId, since] of waiting) {
      if (stopping?.aborted) return;
      this.waiting.delete(companyId); // noted again meanwhile, it is there again
      try {
        if (!(await this.sealCompany(companyId, since, stopping))) this.note(companyId, since);
      } catch (error) {
        hasFailed = true;
        this.note(companyId, since);
        this.log.error({ companyId, code: codeOf(error) }, 'the history of a company was not sealed yet');
      }
    }
    if (hasFailed) throw new Error('the history could not be sealed everywhere');
  }

  private async noteAll(): Promise<void> {
    const now = clock.now().getTime();
    const isSetBack = now < this.looked; // the clock: from when on was looked cannot be told
    if (!isSetBack && now - this.looked < LOOK_MS) return;
    const atAll = isSetBack || now - this.lookedAtAll >= LOOK_AT_ALL_MS;
    const since = new Date(atAll ? 0 : this.looked - MORE_MS);
    for (const id of await this.work.companyIds()) this.note(id, since);
    this.looked = now;
    if (atAll) this.lookedAtAll = now;
  }

  /**
   * Goes on behind each batch: what is committed meanwhile further back is noted by who wrote it, and sealed the next time.
   * @returns whether nothing since then is left without a seal
   */
  private async sealCompany(companyId: string, since: Date, stopping?: AbortSignal): Promise<boolean> {
    for (let after = keyAt(since); ;) {
      if (stopping?.aborted) return false;
      const from = after;
      const batch = await this.work.within({ companyId, userId: null }, () => this.seals.seal(from));
      if (batch === null) return false; // the other one may have begun before this was committed
      if (!batch.next) return true;
      after = batch.next;
    }
  }
}
