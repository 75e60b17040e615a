import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PathId } from '#core';
import type { Page } from '#core';
import { Caller, Own, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { HistoryPage, HistoryProof, HistoryQuery, HistoryView } from './history.dto.js';
import { HistoryRepository } from './history.repository.js';
import { HistorySeals } from './history-seal.service.js';

@ApiTags('History')
@Controller('timesheet-history')
export class HistoryController {
  constructor(
    private readonly history: HistoryRepository,
    private readonly seals: HistorySeals,
  ) {}

  @Get()
  @Own({ or: ['read_timesheet_history'] })
  @ApiOperation({ summary: 'List what happened to timesheets, entries, approvals and action codes, newest first' })
  @ApiOkResponse({ type: HistoryPage })
  list(@Caller() caller: Principal, @Query() query: HistoryQuery): Promise<Page<HistoryView>> {
    return this.history.list(caller, query);
  }

  @Get('verify')
  @RequirePermission('read_timesheet_history')
  @ApiOperation({ summary: 'Prove that the history is whole' })
  @ApiOkResponse({ type: HistoryProof })
  verify(): Promise<HistoryProof> {
    return this.seals.verify();
  }

  @Get(':id')
  @Own({ or: ['read_timesheet_history'] })
  @ApiOperation({ summary: 'Read one line of the history' })
  @ApiOkResponse({ type: HistoryView })
  read(@Caller() caller: Principal, @PathId() id: string): Promise<HistoryView> {
    return this.history.read(caller, id);
  }
}
