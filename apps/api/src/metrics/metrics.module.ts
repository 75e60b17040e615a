import { Controller, Get, Module, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PrometheusController, PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Public } from '#rbac';
import { BackupCheck } from '../backup/backup-check.js';
import { companyMetrics } from './company-metrics.js';
import { databaseMetrics } from './database-metrics.js';
import { httpMetrics } from './http-metrics.js';
import { jobMetrics } from './job-metrics.js';
import { logMetrics } from './log-metrics.js';

/** `GET /metrics`, in Prometheus' text form. */
@ApiExcludeController()
@Controller('metrics')
class MetricsController extends PrometheusController {
  @Get()
  @Public()
  override index(@Res({ passthrough: true }) response: unknown): Promise<string> {
    return super.index(response);
  }
}

@Module({
  imports: [PrometheusModule.register({ controller: MetricsController })],
  providers: [BackupCheck, ...httpMetrics, ...databaseMetrics, ...jobMetrics, ...companyMetrics, ...logMetrics],
})
export class MetricsModule {}
