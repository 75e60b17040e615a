import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PathId } from '#core';
import type { Page } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { HistoryPage, HistoryQuery, HistoryView } from './history.dto.js';
import { HistoryRepository } from './history.repository.js';

@ApiTags('History')
@Controller('timesheet-history')
export class HistoryController {
  constructor(private readonly history: HistoryRepository) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'List what happened to timesheets, entries, approvals and action codes, newest first' })
  @ApiOkResponse({ type: HistoryPage })
  list(@Caller() caller: Principal, @Query() query: HistoryQuery): Promise<Page<HistoryView>> {
    return this.history.list(caller, query);
  }

  @Get(':id')
  @Own()
  @ApiOperation({ summary: 'Read one line of the history' })
  @ApiOkResponse({ type: HistoryView })
  read(@Caller() caller: Principal, @PathId() id: string): Promise<HistoryView> {
    return this.history.read(caller, id);
  }
}
