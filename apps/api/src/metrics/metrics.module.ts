import { Controller, Get, Module, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PrometheusController, PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Public } from '#rbac';
import { BackupCheck } from '../backup/backup-check.js';
import { companyMetrics } from './company-metrics.js';
import { databaseMetrics } from './database-metrics.js';
import { httpMetrics } from './http-metrics.js';
import { jobMetrics } from './job-metrics.js';
import { logMetrics } from './log-metrics.js';

const EXAMPLE = '# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1772438400\n';

@ApiTags('Operations')
@Controller('metrics')
class MetricsController extends PrometheusController {
  @Get()
  @Public()
  @ApiOperation({ summary: 'Read the metrics, in the text form of Prometheus' })
  @ApiOkResponse({ description: 'All of this process.', content: { 'text/plain': { schema: { type: 'string', example: EXAMPLE } } } })
  override index(@Res({ passthrough: true }) response: unknown): Promise<string> {
    return super.index(response);
  }
}

@Module({
  imports: [PrometheusModule.register({ controller: MetricsController })],
  providers: [BackupCheck, ...httpMetrics, ...databaseMetrics, ...jobMetrics, ...companyMetrics, ...logMetrics],
})
export class MetricsModule {}
