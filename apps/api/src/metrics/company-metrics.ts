import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { InjectMetric, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import { clock, Config, UnitOfWork } from '#core';
import { aliveSession, idleSince } from '#identity';

/** Counting enters each company, so a scrape starts it at most this often, and gets what was counted last. */
const COUNT_EVERY_MS = 60_000;
const COUNT = `
  SELECT (SELECT count(*) FROM active_sessions s WHERE s."companyId" = $1 AND ${aliveSession('s', '$2', '$3')}) AS sessions,
         (SELECT count(*) FROM queued_mails m WHERE m."companyId" = $1) AS mails`;

/** What can only be counted company by company: no role of the server sees more than one. */
@Injectable()
export class CompanyMetrics implements OnModuleInit {
  private countedAt = -Infinity;
  private counting: Promise<void> | undefined;

  constructor(
    private readonly work: UnitOfWork,
    private readonly config: Config,
    @InjectMetric('sessions_active') private readonly sessions: Gauge,
    @InjectMetric('mail_queue_size') private readonly mails: Gauge,
  ) {}

  onModuleInit(): void {
    Object.assign(this.sessions, { collect: () => this.recount() });
  }

  /** Waits for the first count only. */
  private recount(): Promise<void> | undefined {
    const isFirst = this.countedAt === -Infinity;
    if (performance.now() - this.countedAt >= COUNT_EVERY_MS) {
      this.countedAt = performance.now();
      this.counting = this.count().catch(() => undefined); // away: the last values stand
    }
    return isFirst ? this.counting : undefined;
  }

  private async count(): Promise<void> {
    let [sessions, mails] = [0, 0];
    const now = clock.now();
    for (const id of await this.work.companyIds()) {
      const [row] = await this.work.within({ companyId: id, userId: null }, () =>
        this.work.last<{ sessions: number; mails: number }>(COUNT, [now, idleSince(this.config, now)]),
      );
      sessions += row?.sessions ?? 0;
      mails += row?.mails ?? 0;
    }
    this.sessions.set(sessions);
    this.mails.set(mails);
  }
}

export const companyMetrics = [
  CompanyMetrics,
  makeGaugeProvider({ name: 'sessions_active', help: 'Sessions that are signed in, counted at most each minute' }),
  makeGaugeProvider({ name: 'mail_queue_size', help: 'Mails that wait to be sent' }),
];
