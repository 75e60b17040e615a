import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { AlwaysWhole, PathId } from '#core';
import type { Page } from '#core';
import { Caller, Own, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { HistoryExport } from './history-export.js';
import { HistorySeals } from './history-seals.js';
import { HistoryLine, HistoryPage, HistoryProof, HistoryQuery, HistoryView } from './history.dto.js';
import { HistoryRepository } from './history.repository.js';

/** No schema of OpenAPI 3.0 tells of one line, and that of a line is none of the body: clients would read one. */
const LINES: object = { type: 'string', format: 'binary', 'x-item-schema': { $ref: getSchemaPath(HistoryLine) } };

@ApiTags('History')
@Controller('timesheet-history')
export class HistoryController {
  constructor(
    private readonly history: HistoryRepository,
    private readonly seals: HistorySeals,
    private readonly exports: HistoryExport,
  ) {}

  @Get()
  @Own({ or: ['read_timesheet_history', 'approve_timesheet'] })
  @ApiOperation({ summary: 'List what happened to timesheets, entries, approvals and action codes, newest first' })
  @ApiOkResponse({ type: HistoryPage })
  list(@Caller() caller: Principal, @Query() query: HistoryQuery): Promise<Page<HistoryView>> {
    return this.history.list(caller, query);
  }

  @Get('verify')
  @RequirePermission('read_timesheet_history')
  @ApiOperation({ summary: 'Prove that the history is whole', description: 'One that is not is told by `valid: false`, not refused.' })
  @ApiOkResponse({ type: HistoryProof })
  verify(): Promise<HistoryProof> {
    return this.seals.verify();
  }

  @Get('export')
  @RequirePermission('read_timesheet_history')
  @ApiOperation({
    summary: 'Export the sealed history with its seals, a JSON object a line',
    description:
      'Each line is a `HistoryLine`. `npm run history:verify` checks the file without the server against an answer of `/timesheet-history/verify` that was kept.',
  })
  @ApiExtraModels(HistoryLine)
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: LINES } } })
  async export(): Promise<StreamableFile> {
    return new StreamableFile(await this.exports.stream(), {
      type: 'application/x-ndjson; charset=utf-8',
      disposition: 'attachment; filename="timesheet-history.ndjson"',
    });
  }

  @Get(':id')
  @AlwaysWhole() // erasure takes text from a line, and leaves its version
  @Own({ or: ['read_timesheet_history', 'approve_timesheet'] })
  @ApiOperation({ summary: 'Read one line of the history' })
  @ApiOkResponse({ type: HistoryView })
  read(@Caller() caller: Principal, @PathId() id: string): Promise<HistoryView> {
    return this.history.read(caller, id);
  }
}
