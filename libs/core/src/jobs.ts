import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { clock } from './clock.js';
import { Config, ConfigError } from './config.js';
import { UnitOfWork } from './database/unit-of-work.js';
import { codeOf, InjectLog } from './log.js';

/** Work that is done by the clock; a lib registers its jobs when its module starts. */
export interface Job {
  /** As `npm run job -- <name>` knows it. */
  name: string;
  /** One sentence for the list of jobs. */
  about: string;
  /** Its slots begin at whole multiples since 1970, in UTC: 86,400 is at midnight. */
  everySeconds: number;
  /** Every replica runs it at each tick: what it works on carries leases of its own, or is the replica's. */
  everywhere?: boolean;
  /** @param stopping asks to end at the next safe point; the next run goes on from there, and this one counts neither as success nor as failure */
  run(stopping: AbortSignal): Promise<void>;
}

export interface JobRun {
  job: string;
  outcome: 'success' | 'failure';
  seconds: number;
}

/** How often is asked whether a slot is due. */
const LOOK_EVERY_MS = 15_000;
/** How often whoever is at a job makes its lease last longer: several tries before it would run out. */
const EXTEND_EVERY_MS = 30_000;

// A lease lasts two minutes: after them a dead replica's job goes on elsewhere. A failed job keeps it for one, then it is tried again.
// Citus takes now() among the VALUES only. A slot that is done, or a lease that holds, leaves nothing to return. A slot far ahead was left by a
// replica whose clock was wrong: without $5 the job would rest until then.
const LEASE = `
  INSERT INTO scheduled_jobs (name, "leasedBy", "leasedUntil", "startedAt") VALUES ($1, $2, now() + interval '2 minutes', $3)
  ON CONFLICT (name) DO UPDATE SET "leasedBy" = EXCLUDED."leasedBy", "leasedUntil" = EXCLUDED."leasedUntil", "startedAt" = EXCLUDED."startedAt"
  WHERE (scheduled_jobs."leasedUntil" IS NULL OR scheduled_jobs."leasedUntil" <= EXCLUDED."leasedUntil" - interval '2 minutes')
    AND (scheduled_jobs.slot IS NULL OR scheduled_jobs.slot < $4 OR scheduled_jobs.slot > $5)
  RETURNING name`;
const EXTEND = `UPDATE scheduled_jobs SET "leasedUntil" = now() + interval '2 minutes' WHERE name = $1 AND "leasedBy" = $2 RETURNING name`;
const SUCCEED = `
  UPDATE scheduled_jobs SET slot = $3, "leasedBy" = NULL, "leasedUntil" = NULL, "finishedAt" = $4, "succeededAt" = $4
  WHERE name = $1 AND "leasedBy" = $2 RETURNING name`;
const FAIL = `
  UPDATE scheduled_jobs SET "leasedUntil" = now() + interval '1 minute', "finishedAt" = $3 WHERE name = $1 AND "leasedBy" = $2 RETURNING name`;
const RELEASE = 'UPDATE scheduled_jobs SET "leasedBy" = NULL, "leasedUntil" = NULL WHERE name = $1 AND "leasedBy" = $2 RETURNING name';

/** Runs the jobs: on any number of replicas one of them at a time, and each slot once. */
@Injectable()
export class Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly jobs = new Map<string, Job>();
  private readonly listeners: ((run: JobRun) => void)[] = [];
  private readonly working = new Map<string, Promise<unknown>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly schedule: SchedulerRegistry,
    @InjectLog() private readonly log: Logger,
  ) {}

  register(job: Job): void {
    this.jobs.set(job.name, job);
  }

  /** Hears of the end of each run that was not stopped. */
  listen(listener: (run: JobRun) => void): void {
    this.listeners.push(listener);
  }

  get all(): Job[] {
    return [...this.jobs.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  onApplicationBootstrap(): void {
    if (!this.config.jobs) return;
    for (const job of this.all) {
      const tick = () => void (job.everywhere ? this.runHere(job) : this.runDue(job)).catch(() => undefined); // it is logged
      this.schedule.addInterval(job.name, setInterval(tick, Math.min(job.everySeconds * 1000, job.everywhere ? Infinity : LOOK_EVERY_MS)));
    }
  }

  /** A job that is under way ends at its next safe point. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const name of this.schedule.getIntervals()) if (this.jobs.has(name)) this.schedule.deleteInterval(name);
    this.stopping.abort();
    await Promise.allSettled(this.working.values());
  }

  /** Runs a job once, now, whatever its schedule says. @throws when it is unknown, fails, or runs elsewhere */
  async runNow(name: string): Promise<void> {
    const job = this.jobs.get(name);
    if (!job) throw new Error(`There is no job "${name}". There are: ${this.all.map((known) => known.name).join(', ')}`);
    if (job.everywhere) return this.runHere(job);
    if (await this.runLeased(job, FAR)) return;
    throw new ConfigError([`The job "${name}" runs on another replica, or failed less than a minute ago: try again when that is over`]);
  }

  /** Runs a job if its present slot is not done and nobody is at it. @returns whether it ran here */
  async runDue(job: Job): Promise<boolean> {
    return this.runLeased(job, slotOf(job));
  }

  /** @param before only if the newest slot that is done is older */
  private async runLeased(job: Job, before: Date): Promise<boolean> {
    if (this.stopping.signal.aborted || this.working.has(job.name)) return false;
    const lease = randomUUID();
    const slot = slotOf(job);
    const next = new Date(slot.getTime() + job.everySeconds * 1000);
    const [leased] = await this.work.outside(LEASE, [job.name, lease, clock.now(), before, next]);
    if (!leased) return false;
    await this.tracked(job, () => this.hold(job, lease, slot));
    return true;
  }

  /** @returns whether it went through */
  private async hold(job: Job, lease: string, slot: Date): Promise<boolean> {
    const lost = new AbortController();
    const stopping = AbortSignal.any([this.stopping.signal, lost.signal]);
    const extend = async () => {
      const [kept] = await this.work.outside(EXTEND, [job.name, lease]).catch(() => [true]); // the lease itself bounds how long nobody answers
      if (!kept) lost.abort();
    };
    const timer = setInterval(() => void extend(), EXTEND_EVERY_MS);
    try {
      await job.run(stopping);
      const isWhole = !stopping.aborted;
      await this.work.outside(isWhole ? SUCCEED : RELEASE, isWhole ? [job.name, lease, slot, clock.now()] : [job.name, lease]);
      return isWhole;
    } catch (error) {
      await this.work.outside(FAIL, [job.name, lease, clock.now()]).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  private async runHere(job: Job): Promise<void> {
    const present = this.working.get(job.name);
    if (present) await present;
    else await this.tracked(job, () => job.run(this.stopping.signal).then(() => !this.stopping.signal.aborted));
  }

  /** @param run says whether it went through */
  private async tracked(job: Job, run: () => Promise<boolean>): Promise<void> {
    const began = performance.now();
    const tell = (outcome: JobRun['outcome']) => {
      for (const listener of this.listeners) listener({ job: job.name, outcome, seconds: (performance.now() - began) / 1000 });
    };
    const running = run();
    this.working.set(job.name, running);
    try {
      if (await running) tell('success');
    } catch (error) {
      this.log.error({ job: job.name, code: codeOf(error) }, 'a job failed');
      tell('failure');
      throw error;
    } finally {
      this.working.delete(job.name);
    }
  }
}

const FAR = new Date('9999-12-31T00:00:00Z');

function slotOf({ everySeconds }: Job): Date {
  const step = everySeconds * 1000;
  return new Date(Math.floor(clock.now().getTime() / step) * step);
}
