import { Body, Controller, Get, HttpStatus, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { locationOf, PageQuery, PathId, Problems } from '#core';
import type { JsonPage } from '#core';
import { RequirePermission } from '#rbac';
import { PurgeRunPage, PurgeRunView, StartPurge } from './purge.dto.js';
import { PurgeRepository } from './purge.repository.js';
import { Purges } from './purge.service.js';

const headers = {
  Location: {
    description: 'Where the run is.',
    required: true,
    schema: { type: 'string', format: 'uri-reference', example: '/api/v1/gdpr/purges/3f2b8c1e-6f0a-4c55-9d6e-1b2f7a9c4d10' },
  },
} as const;

@ApiTags('Privacy')
@Controller('gdpr/purges')
export class PurgeController {
  constructor(
    private readonly purges: Purges,
    private readonly runs: PurgeRepository,
  ) {}

  @Post()
  @RequirePermission('manage_retention')
  @Problems('conflict')
  @ApiOperation({
    summary: 'Remove what has outlived its retention time, or count it',
    description: 'A real run goes on in the background: read it again by its id. One at a time in a company (409 `conflict`).',
  })
  @ApiOkResponse({ type: PurgeRunView, description: 'A dry run: what would go.', headers })
  @ApiAcceptedResponse({ type: PurgeRunView, description: 'A real run, under way.', headers })
  async start(@Body() { dryRun }: StartPurge, @Res({ passthrough: true }) reply: FastifyReply): Promise<PurgeRunView> {
    const run = await this.purges.start(dryRun);
    reply.status(dryRun ? HttpStatus.OK : HttpStatus.ACCEPTED).header('location', locationOf(reply.request, run.id));
    return run;
  }

  @Get()
  @RequirePermission('manage_retention')
  @ApiOperation({ summary: 'List purges and dry runs, newest first' })
  @ApiOkResponse({ type: PurgeRunPage })
  list(@Query() query: PageQuery): Promise<JsonPage<PurgeRunView>> {
    return this.runs.list(query);
  }

  @Get(':id')
  @RequirePermission('manage_retention')
  @ApiOperation({ summary: 'Read a purge' })
  @ApiOkResponse({ type: PurgeRunView })
  read(@PathId() id: string): Promise<PurgeRunView> {
    return this.runs.read(id);
  }
}
