import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problems } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { MissingQuery, MissingReport } from './missing.dto.js';
import { MissingService } from './missing.service.js';

@ApiTags('Reports')
@Controller('reports')
export class MissingController {
  constructor(private readonly missing: MissingService) {}

  @Get('missing')
  @Own({ or: ['read_report'] })
  @Problems('report_too_large')
  @ApiOperation({
    summary: 'List who has working days that no submitted or approved timesheet covers: oneself, those one leads, or everybody',
  })
  @ApiOkResponse({ type: MissingReport })
  read(@Caller() caller: Principal, @Query() query: MissingQuery): Promise<MissingReport> {
    return this.missing.report(caller, query);
  }
}
