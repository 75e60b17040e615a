import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, TypeOrmHealthIndicator } from '@nestjs/terminus';
import type { HealthCheckResult, HealthIndicatorFunction } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { ServiceUnavailableException } from '@nestjs/common';
import { Lifecycle, UnitOfWork } from '#core';
import { Public } from '#rbac';
import { migrationNames } from './database/migrations.js';
import { VERSION } from './version.js';

const PING_MS = 1000;

/** For load balancers and Kubernetes, in terminus' form. */
@ApiExcludeController()
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly dataSource: DataSource,
    private readonly work: UnitOfWork,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Everything, with the version. */
  @Get()
  @Public()
  async all(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return { version: VERSION, ...(await this.check(reply, this.ready())) };
  }

  /** The process answers. Never asks the database: restarting the process does not repair a database. */
  @Get('live')
  @Public()
  live(): object {
    return { status: 'ok', info: {}, error: {}, details: {} };
  }

  /** Requests may come: not going down, the database answers and is migrated. */
  @Get('ready')
  @Public()
  checkReady(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthCheckResult> {
    return this.check(reply, this.ready());
  }

  private ready(): HealthIndicatorFunction[] {
    return [
      () => (this.lifecycle.draining ? this.indicators.check('server').down('shutting down') : this.indicators.check('server').up()),
      () => this.database.pingCheck('database', { connection: this.dataSource, timeout: PING_MS }),
      () => this.migrated(),
    ];
  }

  private async migrated() {
    const migrations = this.indicators.check('migrations');
    try {
      const ran = new Set((await this.work.outside<{ name: string }>('SELECT name FROM migrations')).map((row) => row.name));
      const pending = migrationNames.filter((name) => !ran.has(name));
      return pending.length === 0 ? migrations.up() : migrations.down({ message: 'behind: run `npm run migration:run`', pending });
    } catch {
      return migrations.down('cannot be read');
    }
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
