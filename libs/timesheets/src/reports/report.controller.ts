import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Problems, WantsCsv } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { TimeReport, TimeReportQuery } from './report.dto.js';
import { ReportService } from './report.service.js';

const CSV = 'userId,userName,week,entries,totalMinutes\r\n3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10,Ada Lovelace,2026-W10,12,480\r\n';

@ApiTags('Reports')
@Controller('reports')
export class ReportController {
  constructor(private readonly reports: ReportService) {}

  @Get('time')
  @Own({ or: ['read_report'] })
  @Problems('report_too_large')
  @ApiOperation({ summary: 'Sum up working time: one’s own, of those one leads, or of everybody with read_report' })
  @ApiExtraModels(TimeReport)
  @ApiOkResponse({
    description: 'The sums; as CSV of any length by `Accept: text/csv` or `?format=csv`.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(TimeReport) } },
      'text/csv': { schema: { type: 'string', example: CSV } },
    },
  })
  async time(
    @Caller() caller: Principal,
    @Query() query: TimeReportQuery,
    @WantsCsv() wantsCsv: boolean,
  ): Promise<TimeReport | StreamableFile> {
    if (!wantsCsv) return this.reports.time(caller, query);
    return new StreamableFile(await this.reports.timeCsv(caller, query), {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: 'attachment; filename="time.csv"',
    });
  }
}
