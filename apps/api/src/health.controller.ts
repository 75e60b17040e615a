import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { HealthCheckResult, HealthIndicatorFunction } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { ServiceUnavailableException } from '@nestjs/common';
import { codeOf, Lifecycle, UnitOfWork } from '#core';
import type { Connection } from '#core';
import { Public } from '#rbac';
import { migrationNames } from './database/migrations.js';
import { ApiHealth, HealthView, VersionedHealthView } from './health.dto.js';
import { VERSION } from './version.js';

const WAIT_MS = 1000;
/** A busy database says something within this time on one connection or another: a wait for a lock ends after 5 s. */
const SPEAKS_WITHIN_MS = 6000;
const UNDEFINED_TABLE = '42P01';
const INSUFFICIENT_PRIVILEGE = '42501';
/** With its schema: without rights on that, the table would seem not to be there. */
const MIGRATIONS = `SELECT name, current_setting('transaction_read_only') = 'on' AS "readsOnly" FROM public.migrations`;
/** What it means where the statement fails with such a code, and not for want of an answer. */
const UNREADABLE = new Map<string, ReadonlySet<string> | 'may not read'>([
  [UNDEFINED_TABLE, new Set()],
  [INSUFFICIENT_PRIVILEGE, 'may not read'],
]);

/** With what the driver has no other way to. */
type ConnectionPool = Pool & { _clients: Connection[] };

type Indicator = ReturnType<HealthIndicatorService['check']>;
type Indicators = [server: Indicator, database: Indicator, migrations: Indicator];

/** For load balancers and Kubernetes, in terminus' form. */
@ApiTags('Operations')
@Controller('health')
export class HealthController {
  private lastSeen?: ReadonlySet<string>;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly dataSource: DataSource,
    private readonly work: UnitOfWork,
    private readonly lifecycle: Lifecycle,
  ) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'Tell whether all is well, and the version' })
  @ApiHealth(VersionedHealthView, { version: VERSION })
  async all(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return { version: VERSION, ...(await this.check(reply, this.looks())) };
  }

  /** Never asks the database: restarting the process does not repair a database. */
  @Get('live')
  @Public()
  @ApiOperation({ summary: 'Tell that the process answers' })
  @ApiOkResponse({ type: HealthView, description: 'It does; nothing is looked at.' })
  live(): object {
    return { status: 'ok', info: {}, error: {}, details: {} };
  }

  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'Tell whether requests may come: the server is not stopping, the database answers and is migrated' })
  @ApiHealth(HealthView)
  ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthCheckResult> {
    return this.check(reply, this.looks());
  }

  private looks(): HealthIndicatorFunction[] {
    const [server, database, migrations] = ['server', 'database', 'migrations'].map((name) => this.indicators.check(name)) as Indicators;
    const migrated = this.migrated();
    return [
      () => (this.lifecycle.draining ? server.down('shutting down') : server.up()),
      async () => {
        const ran = await migrated;
        if (ran === 'reads only') return database.down('takes no writes: it is a standby, or set to read only');
        return ran ? database.up() : database.down('does not answer');
      },
      async () => {
        const ran = await migrated;
        if (ran === 'may not read') return migrations.down('DB_USERNAME may not read them: run `npm run db:bootstrap`');
        if (!ran || ran === 'reads only') return migrations.down('cannot be read');
        const pending = migrationNames.filter((name) => !ran.has(name));
        return pending.length === 0 ? migrations.up() : migrations.down({ message: 'behind: run `npm run migration:run`', pending });
      },
    ];
  }

  /**
   * The migrations that ran where the database takes writes and lets us look, or undefined where nothing answers in time. While all connections
   * are at work, and it still speaks on one of them, those seen last count: a database that is busy is not away, and a replica that is taken out
   * for it leaves the others busier still.
   */
  private async migrated(): Promise<ReadonlySet<string> | 'reads only' | 'may not read' | undefined> {
    const asked = this.work.outside<{ name: string; readsOnly: boolean }>(MIGRATIONS).then(
      (rows) => (rows[0]?.readsOnly ? 'reads only' : (this.lastSeen = new Set(rows.map(({ name }) => name)))),
      (error: unknown) => UNREADABLE.get(codeOf(error)),
    );
    const ran = await Promise.race([asked, sleep(WAIT_MS, undefined, { ref: false })]);
    return ran ?? (this.isBusy() ? this.lastSeen : undefined);
  }

  private isBusy(): boolean {
    const { idleCount, totalCount, options, _clients: all } = (this.dataSource.driver as unknown as { master: ConnectionPool }).master;
    const lately = performance.now() - SPEAKS_WITHIN_MS;
    return idleCount === 0 && totalCount >= options.max && all.some(({ heardAt }) => heardAt > lately);
  }

  private async check(reply: FastifyReply, indicators: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    try {
      return await this.health.check(indicators);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      void reply.status(503);
      return error.getResponse() as HealthCheckResult;
    }
  }
}
