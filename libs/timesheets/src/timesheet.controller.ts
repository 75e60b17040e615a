import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Cursors, IfMatch, PageQuery, PathId, Problems } from '#core';
import type { ExpectedVersion, JsonPage, Page } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { TimesheetEntryPage } from './entries/timesheet-entry.dto.js';
import type { TimesheetEntryView } from './entries/timesheet-entry.dto.js';
import { entriesOf, TimesheetEntryRepository } from './entries/timesheet-entry.repository.js';
import { HistoryPage } from './history/history.dto.js';
import type { HistoryView } from './history/history.dto.js';
import { historyOf, HistoryRepository } from './history/history.repository.js';
import { TimesheetPast } from './timesheet-past.js';
import { AsOf, AsOfPage, CreateTimesheet, TimesheetPage, TimesheetQuery, TimesheetRecord, UpdateTimesheet } from './timesheet.dto.js';
import type { TimesheetView } from './timesheet.dto.js';
import { TimesheetRepository } from './timesheet.repository.js';
import { TimesheetService } from './timesheet.service.js';

@ApiTags('Timesheets')
@Controller('timesheets')
export class TimesheetController {
  constructor(
    private readonly service: TimesheetService,
    private readonly timesheets: TimesheetRepository,
    private readonly entries: TimesheetEntryRepository,
    private readonly history: HistoryRepository,
    private readonly past: TimesheetPast,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @Own({ or: ['read_timesheet', 'approve_timesheet'] })
  @ApiOperation({ summary: 'List timesheets, the newest period first' })
  @ApiOkResponse({ type: TimesheetPage })
  list(@Caller() caller: Principal, @Query() query: TimesheetQuery): Promise<JsonPage<TimesheetView>> {
    return this.timesheets.list(caller, query);
  }

  @Post()
  @Own({ or: ['create_timesheet'] })
  @Problems('forbidden', 'timesheet_period_overlap')
  @ApiOperation({ summary: 'Make a timesheet for a period of at most 31 days' })
  @ApiCreatedResponse({ type: TimesheetRecord })
  create(@Caller() caller: Principal, @Body() body: CreateTimesheet): Promise<TimesheetRecord> {
    return this.service.create(caller, body);
  }

  @Get(':id')
  @Own({ or: ['read_timesheet', 'approve_timesheet', 'read_leave_request', 'approve_leave_request'] })
  @ApiOperation({ summary: 'Read a timesheet', description: 'Who may read the leave of its owner is told the kind of `leaveDays`.' })
  @ApiOkResponse({ type: TimesheetRecord })
  async read(@Caller() caller: Principal, @PathId() id: string, @Query() { asOf }: AsOf): Promise<TimesheetRecord> {
    const sheet = await this.timesheets.read(caller, id);
    return asOf ? this.past.record(caller, sheet, asOf) : this.timesheets.record(caller, sheet);
  }

  @Patch(':id')
  @Own({ or: ['update_timesheet'] })
  @Problems('forbidden', 'timesheet_period_overlap', 'timesheet_locked', 'outside_period', 'conflict')
  @ApiOperation({ summary: 'Change period or notes of a timesheet' })
  @ApiOkResponse({ type: TimesheetRecord })
  change(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() body: UpdateTimesheet,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<TimesheetRecord> {
    return this.service.change(caller, id, body, expected);
  }

  @Delete(':id')
  @Own({ or: ['delete_timesheet'] })
  @Problems('forbidden', 'timesheet_locked')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a timesheet; its entries stay' })
  @ApiNoContentResponse()
  delete(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(caller, id, expected);
  }

  @Get(':id/entries')
  @Own({ or: ['read_timesheet', 'approve_timesheet'] })
  @ApiOperation({ summary: 'List the entries of a timesheet' })
  @ApiOkResponse({ type: TimesheetEntryPage })
  async listEntries(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Query() query: AsOfPage,
  ): Promise<Page<TimesheetEntryView> | JsonPage<TimesheetEntryView>> {
    this.cursors.check(entriesOf(id), query);
    const sheet = await this.timesheets.read(caller, id);
    const { asOf } = query;
    return asOf ? this.past.listEntries(sheet, { ...query, asOf }) : this.entries.ofTimesheet(id, query);
  }

  @Get(':id/history')
  @Own({ or: ['read_timesheet_history', 'approve_timesheet'] })
  @Problems('forbidden')
  @ApiOperation({ summary: 'List what happened to a timesheet, its entries and its approvals, newest first' })
  @ApiOkResponse({ type: HistoryPage })
  async listHistory(@Caller() caller: Principal, @PathId() id: string, @Query() query: PageQuery): Promise<Page<HistoryView>> {
    this.cursors.check(historyOf(id), query);
    return this.history.ofTimesheet(await this.timesheets.withHistory(caller, id), query);
  }
}
