import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { InjectMetric, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { Gauge, Histogram } from 'prom-client';
import { DataSource } from 'typeorm';
import { InjectLog, requestScope, UnitOfWork } from '#core';
import type { Connection } from '#core';

/** As the database's own log should be set, `log_min_duration_statement`. */
export const SLOW_MS = 1000;
const TYPES = new Set(['select', 'insert', 'update', 'delete', 'with']);
const ACTIVE = `SELECT count(*) AS active FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'`;

/** How long statements take, how busy the pool is; a slow statement is logged as its template, with the route, without values. */
@Injectable()
export class DatabaseMetrics implements OnModuleInit {
  private readonly types = new Map<string, string>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly work: UnitOfWork,
    @InjectLog() private readonly log: Logger,
    @InjectMetric('database_query_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('database_pool_connections') private readonly connections: Gauge,
    @InjectMetric('database_connections_active') private readonly active: Gauge,
  ) {}

  onModuleInit(): void {
    const pool = (this.dataSource.driver as unknown as { master: Pool }).master;
    const time = (client: PoolClient) => {
      (client as unknown as Connection).told = (text, ms) => this.tell(text, ms);
    };
    pool.on('connect', time);
    pool.once('acquire', time); // the connection that the start has made
    this.collect(this.connections, () => {
      this.connections.set({ state: 'total' }, pool.totalCount);
      this.connections.set({ state: 'idle' }, pool.idleCount);
      this.connections.set({ state: 'waiting' }, pool.waitingCount);
    });
    this.collect(this.active, async () => {
      const [row] = await this.work.outside<{ active: number }>(ACTIVE).catch(() => []); // away: the last value stands
      if (row) this.active.set(row.active);
    });
  }

  /** At each scrape. */
  private collect(metric: Gauge, collect: () => void | Promise<void>): void {
    Object.assign(metric, { collect });
  }

  private tell(text: string, ms: number): void {
    const type = this.typeOf(text);
    if (!type) return; // BEGIN, COMMIT and the like
    this.duration.observe({ query_type: type }, ms / 1000);
    if (ms < SLOW_MS) return;
    const scope = requestScope.getStore();
    this.log.warn({ ms: Math.round(ms), route: scope?.route, requestId: scope?.requestId, statement: text }, 'slow statement');
  }

  private typeOf(text: string): string | undefined {
    let type = this.types.get(text);
    if (type === undefined) {
      const word = /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? '';
      type = TYPES.has(word) ? word : '';
      if (this.types.size < 5000) this.types.set(text, type);
    }
    return type || undefined;
  }
}

export const databaseMetrics = [
  DatabaseMetrics,
  makeHistogramProvider({
    name: 'database_query_duration_seconds',
    help: 'Duration of statements, from sending to the last row',
    labelNames: ['query_type'],
    buckets: [0.0005, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
  }),
  makeGaugeProvider({
    name: 'database_pool_connections',
    help: 'Connections of this replica: total, idle, requests waiting for one',
    labelNames: ['state'],
  }),
  makeGaugeProvider({ name: 'database_connections_active', help: 'Active sessions on the database, of all replicas' }),
];
