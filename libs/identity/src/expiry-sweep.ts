import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock, codeOf, Config, InjectLog, isHeld, Jobs, UnitOfWork } from '#core';
import { idleSince, sessionEnd } from './sessions/session-life.js';

const HOUR = 3_600_000;
/** Rows a statement, each in a transaction of its own: a backlog holds no lock and no connection for long. */
const BATCH = 1000;

/** An hour longer than the longest window that is counted in; places of the mail allowance are taken for an hour only. */
const ATTEMPTS_KEPT_MS = 25 * HOUR;

interface Sweep {
  text: string;
  /** From `$3` on; `$2` is the number of rows. */
  values: unknown[];
}

// Rows that somebody works on are passed over: the next run has them, and two replicas at once share the work instead of waiting for each other.
const due = (table: string, condition: string): string =>
  `WITH due AS MATERIALIZED (SELECT id FROM ${table} WHERE "companyId" = $1 AND ${condition} ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const REVOKE = `
  ${due('active_sessions', `"revokedAt" IS NULL AND ("expiresAt" <= $3 OR "lastSeenAt" <= $4)`)}
  UPDATE active_sessions x SET "revokedAt" = $3, "updatedAt" = $3, version = x.version + 1 FROM due WHERE x."companyId" = $1 AND x.id = due.id`;

const remove = (table: string, condition: string): string =>
  `${due(table, condition)} DELETE FROM ${table} x USING due WHERE x."companyId" = $1 AND x.id = due.id`;

const KEPT = `make_interval(days => (SELECT c."sessionDays" FROM company_settings c WHERE c."companyId" = $1))`;
const ended = (table: string, end: string): string =>
  remove(table, `${end} <= $3::timestamptz - ${KEPT} AND NOT ${isHeld(`${table}."userId"`)}`);
const SESSIONS = ended('active_sessions', sessionEnd('active_sessions'));
const LINKS = ended('one_time_tokens', 'least("usedAt", "deletedAt", "expiresAt")');
const REPEATS = remove('idempotency_keys', '"expiresAt" <= $3');
const ATTEMPTS = `
  WITH due AS MATERIALIZED (
    SELECT key FROM sign_in_attempts WHERE "windowStartedAt" <= $2 AND coalesce("lockedUntil" <= $3, true)
    ORDER BY key LIMIT $1 FOR UPDATE SKIP LOCKED)
  DELETE FROM sign_in_attempts x USING due WHERE x.key = due.key RETURNING x.key`;

/**
 * Revokes sessions that expired or idled out (no token opens them any more), and removes what sign-ins leave behind once nobody asks for it:
 * ended sessions, used links, kept answers, counted failures. The job keeps the name by which alerts know it.
 */
@Injectable()
export class ExpirySweep implements OnModuleInit {
  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly jobs: Jobs,
    @InjectLog() private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'session-expiry',
      about: 'Revokes sessions that expired or idled out; removes ended sessions, used links, kept answers and counted failures in time.',
      everySeconds: 3600,
      run: (stopping) => this.run(stopping),
    });
  }

  /** In every company. @throws when it failed in one of them, after the others */
  async run(stopping = new AbortController().signal): Promise<void> {
    const isDone = [await this.guarded(() => this.sweepAttempts(stopping))];
    for (const id of await this.work.companyIds()) {
      if (stopping.aborted) return;
      isDone.push(await this.guarded(() => this.sweepCompany(id, stopping)));
    }
    if (isDone.includes(false)) throw new Error('expired sessions could not be swept everywhere');
  }

  private async sweepCompany(companyId: string, stopping: AbortSignal): Promise<void> {
    const now = clock.now();
    const sweeps: Sweep[] = [
      { text: REVOKE, values: [now, idleSince(this.config, now)] },
      { text: SESSIONS, values: [now] },
      { text: LINKS, values: [now] },
      { text: REPEATS, values: [now] },
    ];
    for (const { text, values } of sweeps)
      await this.inBatches(stopping, () =>
        this.work.within({ companyId, userId: null }, () => this.work.execute(text, [BATCH, ...values])),
      );
  }

  private sweepAttempts(stopping: AbortSignal): Promise<void> {
    const now = clock.now();
    const values = [BATCH, new Date(now.getTime() - ATTEMPTS_KEPT_MS), now];
    return this.inBatches(stopping, async () => (await this.work.outside(ATTEMPTS, values)).length);
  }

  private async inBatches(stopping: AbortSignal, batch: () => Promise<number>): Promise<void> {
    while (!stopping.aborted && (await batch()) === BATCH);
  }

  /** What fails in one company must not keep the others waiting; the next run tries again. */
  private async guarded(sweep: () => Promise<void>): Promise<boolean> {
    try {
      await sweep();
      return true;
    } catch (error) {
      this.log.error({ code: codeOf(error) }, 'expired sessions could not be swept');
      return false;
    }
  }
}
