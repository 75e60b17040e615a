import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { behindRequest, clock, codeOf, InjectLog, Problem, UnitOfWork } from '#core';
import type { Tenant } from '#core';
import { PurgeAges, ROWS } from './purge-ages.js';
import { FROM_THE_START, PurgePeople, sum } from './purge-people.js';
import type { Counts } from './purge-people.js';
import { cutOffsAt } from './purge-policy.js';
import type { CutOffs } from './purge-policy.js';
import type { PurgeRunView } from './purge.dto.js';
import { PurgeRepository } from './purge.repository.js';

/** People a transaction: at first, and at most; between them as many as are done in about {@link AIM_MS}. */
const [AT_FIRST, AT_MOST] = [50, 500];
/** Rows of others are locked for the last third of it. */
const AIM_MS = 400;

/** `left`: it went through, but somebody could not go; `early`: there is more to do, or another run is at it, whose end nobody knows yet. */
export type PurgeEnd = 'through' | 'left' | 'early';

/** A run that was begun: what is left of it is done in the background, batch by batch. */
interface Begun {
  run: PurgeRunView;
  cutOffs: CutOffs;
}

/** Purges of a company: counted, started, carried out. Of real ones one at a time. */
@Injectable()
export class Purges implements BeforeApplicationShutdown {
  private readonly working = new Set<Promise<PurgeEnd>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly work: UnitOfWork,
    private readonly runs: PurgeRepository,
    private readonly people: PurgePeople,
    private readonly ages: PurgeAges,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** @returns the run: finished when dry, else under way once this is committed. @throws 409 `conflict` while another one is under way */
  async start(dryRun: boolean): Promise<PurgeRunView> {
    if (dryRun) return this.rehearse();
    const begun = await this.begin();
    const { tenant } = this.work;
    await this.work.afterCommit(() => void behindRequest(() => this.tracked(() => this.carryOut(tenant, begun, this.stopping.signal))));
    return begun.run;
  }

  /** For the job: all of it, unless there is nothing to do or another run is at it. */
  async run(companyId: string, stopping: AbortSignal): Promise<PurgeEnd> {
    const tenant = { companyId, userId: null };
    return this.tracked(async () => {
      const begun = await this.work.within(tenant, async (): Promise<Begun | PurgeEnd> => {
        const policy = await this.runs.policy();
        if (!(await this.ages.isAnythingDue(cutOffsAt(this.work.now, policy)))) return 'through';
        return (await this.runs.underWay()) ? 'early' : this.begin();
      });
      if (typeof begun === 'string') return begun;
      return this.carryOut(tenant, begun, AbortSignal.any([stopping, this.stopping.signal]));
    });
  }

  /** Resolves when no purge is under way on this replica. */
  async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
  }

  /** A run that is under way ends behind its present batch; the next one does the rest. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.idle();
  }

  private async rehearse(): Promise<PurgeRunView> {
    const policy = await this.runs.policy();
    const cutOffs = cutOffsAt(this.work.now, policy);
    const counts = await this.ages.count(cutOffs);
    const { held } = await this.ages.people(cutOffs);
    const { id } = await this.runs.begin(true, policy, cutOffs);
    await this.runs.note(id, { counts, held, finishedAt: this.work.now });
    return this.runs.get(id);
  }

  private async begin(): Promise<Begun> {
    const other = await this.runs.underWay();
    if (other) throw new Problem('conflict', { detail: `The purge ${other} is under way` });
    await this.runs.endDead();
    const policy = await this.runs.policy();
    const cutOffs = cutOffsAt(this.work.now, policy);
    return { run: await this.runs.begin(false, policy, cutOffs), cutOffs };
  }

  private async carryOut(tenant: Tenant, begun: Begun, stopping: AbortSignal): Promise<PurgeEnd> {
    const { run, cutOffs } = begun;
    const progress = new PurgeProgress(this.work, this.runs, tenant, run.id, stopping);
    const finish = () => progress.finish((busy) => this.ages.people(cutOffs, busy));
    try {
      await this.removeAll(progress, cutOffs);
    } catch (error) {
      await finish().catch(() => undefined); // else it is taken for alive for two minutes more
      throw error;
    }
    return finish();
  }

  private async removeAll(progress: PurgeProgress, cutOffs: CutOffs): Promise<void> {
    await progress.step(async () => ({ counts: Object.fromEntries(this.ages.tables.map((table) => [table, 0])), isLast: true }));
    await this.removePeople(progress, cutOffs.deletedUserYears);
    await this.forgetAnswers(progress);
    for (const aged of this.ages.aged(cutOffs)) {
      await progress.repeat(async () => {
        const count = await this.ages.remove(aged);
        return { counts: { [aged.table]: count }, isLast: count < ROWS };
      });
    }
  }

  private async removePeople(progress: PurgeProgress, before: Date): Promise<void> {
    let place = FROM_THE_START;
    let size = AT_FIRST;
    let alone = 0; // so many could not go together: one by one only who cannot go stays, and in transactions of their own nobody waits for the others
    for (;;) {
      const began = performance.now();
      const done = await progress.step(async () => {
        const batch = await this.people.next(before, place, alone > 0 ? 1 : size);
        return { counts: batch?.counts ?? {}, isLast: !batch, batch };
      });
      if (!done?.batch) return;
      const { people, last, hasFailed, busy } = done.batch;
      if (hasFailed && people > 1) {
        alone = people;
        continue;
      }
      progress.busy.push(...busy);
      place = last;
      if (alone > 0) alone--;
      else size = paced(size, performance.now() - began);
    }
  }

  private async forgetAnswers(progress: PurgeProgress): Promise<void> {
    let place: string | undefined = FROM_THE_START.id;
    while (place) {
      const after: string = place;
      place = undefined;
      await progress.step(async () => {
        place = await this.people.forgetAnswers(after, ROWS);
        return { counts: {}, isLast: !place };
      });
    }
  }

  private async tracked(work: () => Promise<PurgeEnd>): Promise<PurgeEnd> {
    const running = work().catch((error: unknown): PurgeEnd => {
      this.log.error({ code: codeOf(error) }, 'a purge ended early; the next one goes on');
      return 'early';
    });
    this.working.add(running);
    try {
      return await running;
    } finally {
      this.working.delete(running);
    }
  }
}

/** How many next, where so many took so long. */
const paced = (size: number, tookMs: number): number => Math.min(AT_MOST, Math.max(1, Math.round(size * Math.min(2, AIM_MS / tookMs))));

/** What was done. */
interface Step {
  counts: Counts;
  isLast: boolean;
}

/** How far a run is: written in the transaction of each of its steps. */
class PurgeProgress {
  /** Who was passed over because others were just writing their time. */
  readonly busy: string[] = [];
  private counts: Counts = {};

  constructor(
    private readonly work: UnitOfWork,
    private readonly runs: PurgeRepository,
    private readonly tenant: Tenant,
    private readonly id: string,
    private readonly stopping: AbortSignal,
  ) {}

  /** One step after another, up to the last one or until it is time to stop. */
  async repeat(work: () => Promise<Step>): Promise<void> {
    let done: Step | undefined;
    do done = await this.step(work);
    while (done && !done.isLast);
  }

  /** One step. @returns what was done; undefined when it is time to stop */
  async step<T extends Step>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.stopping.aborted) return undefined;
    const { done, counts } = await this.work.within(this.tenant, async () => {
      const step = await work();
      const total = sum([this.counts, step.counts]);
      await this.runs.note(this.id, { counts: total });
      return { done: step, counts: total };
    });
    this.counts = counts;
    return done;
  }

  /** @param left who is still there: under hold, or because they could not go; not who was busy */
  async finish(left: (busy: string[]) => Promise<{ free: number; held: number }>): Promise<PurgeEnd> {
    const failed = await this.work.within(this.tenant, async () => {
      const { free, held } = await left(this.busy);
      await this.runs.note(this.id, { held, failed: free, finishedAt: clock.now() });
      return free;
    });
    if (this.stopping.aborted) return 'early';
    if (failed > 0) return 'left';
    return this.busy.length > 0 ? 'early' : 'through';
  }
}
