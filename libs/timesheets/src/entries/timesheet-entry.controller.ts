import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion, JsonPage } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import {
  CreateTimesheetEntries,
  CreateTimesheetEntry,
  ListedTimesheetEntry,
  TimesheetEntryBatch,
  TimesheetEntryPage,
  TimesheetEntryQuery,
  TimesheetEntryView,
  UpdateTimesheetEntry,
} from './timesheet-entry.dto.js';
import { TimesheetEntryRepository } from './timesheet-entry.repository.js';
import { TimesheetEntryService } from './timesheet-entry.service.js';

@ApiTags('Timesheet entries')
@Controller('timesheet-entries')
export class TimesheetEntryController {
  constructor(
    private readonly service: TimesheetEntryService,
    private readonly entries: TimesheetEntryRepository,
  ) {}

  @Get()
  @Own({ or: ['read_timesheet', 'approve_timesheet'] })
  @ApiOperation({ summary: 'List entries by day and start' })
  @ApiOkResponse({ type: TimesheetEntryPage })
  list(@Caller() caller: Principal, @Query() query: TimesheetEntryQuery): Promise<JsonPage<ListedTimesheetEntry>> {
    return this.entries.list(caller, query);
  }

  @Post()
  @Own({ or: ['create_timesheet'] })
  @Problems('forbidden', 'action_code_inactive', 'timesheet_locked', 'outside_period', 'entry_overlap', 'day_full')
  @ApiOperation({ summary: 'Record time worked' })
  @ApiCreatedResponse({ type: TimesheetEntryView })
  create(@Caller() caller: Principal, @Body() body: CreateTimesheetEntry): Promise<TimesheetEntryView> {
    return this.service.create(caller, body);
  }

  @Post('batch')
  @Own({ or: ['create_timesheet'] })
  @Problems('forbidden', 'action_code_inactive', 'timesheet_locked', 'outside_period', 'entry_overlap', 'day_full')
  @ApiOperation({ summary: 'Record up to 500 entries, all or none' })
  @ApiCreatedResponse({ type: TimesheetEntryBatch })
  async createAll(@Caller() caller: Principal, @Body() body: CreateTimesheetEntries): Promise<TimesheetEntryBatch> {
    return { items: await this.service.createAll(caller, body) };
  }

  @Get(':id')
  @Own({ or: ['read_timesheet', 'approve_timesheet'] })
  @ApiOperation({ summary: 'Read an entry' })
  @ApiOkResponse({ type: TimesheetEntryView })
  read(@Caller() caller: Principal, @PathId() id: string): Promise<TimesheetEntryView> {
    return this.entries.read(caller, id);
  }

  @Patch(':id')
  @Own({ or: ['update_timesheet'] })
  @Problems('forbidden', 'action_code_inactive', 'timesheet_locked', 'outside_period', 'entry_overlap', 'day_full', 'conflict')
  @ApiOperation({ summary: 'Change an entry' })
  @ApiOkResponse({ type: TimesheetEntryView })
  change(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() body: UpdateTimesheetEntry,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<TimesheetEntryView> {
    return this.service.change(caller, id, body, expected);
  }

  @Delete(':id')
  @Own({ or: ['delete_timesheet'] })
  @Problems('forbidden', 'timesheet_locked')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an entry' })
  @ApiNoContentResponse()
  delete(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(caller, id, expected);
  }
}
