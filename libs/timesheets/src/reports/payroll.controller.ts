import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Problems, WantsCsv } from '#core';
import { RequirePermission } from '#rbac';
import { PayrollQuery, PayrollReport } from './payroll.dto.js';
import { PayrollService } from './payroll.service.js';

const CSV =
  'userId,userName,externalId,workedMinutes,approvedMinutes,ptoDays,sickDays,unpaidDays\r\n' +
  '3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10,Ada Lovelace,P-0815,9600,9120,1.5,0,0\r\n';

@ApiTags('Reports')
@Controller('reports')
export class PayrollController {
  constructor(private readonly payroll: PayrollService) {}

  @Get('payroll')
  @RequirePermission(['read_report', 'read_leave_request'])
  @Problems('report_too_large')
  @ApiOperation({
    summary: 'Working time and days of approved leave of everybody, for the payroll',
    description: 'The kind of leave is health data: it needs a permission of its own, and reading it is noted.',
  })
  @ApiExtraModels(PayrollReport)
  @ApiOkResponse({
    description: 'One item a person; as CSV of any length by `Accept: text/csv` or `?format=csv`.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(PayrollReport) } },
      'text/csv': { schema: { type: 'string', example: CSV } },
    },
  })
  async read(@Query() query: PayrollQuery, @WantsCsv() wantsCsv: boolean): Promise<PayrollReport | StreamableFile> {
    if (!wantsCsv) return this.payroll.report(query);
    return new StreamableFile(await this.payroll.csv(query), {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: 'attachment; filename="payroll.csv"',
    });
  }
}
