import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PageQuery, PathId } from '#core';
import type { ExpectedVersion, JsonPage } from '#core';
import { Own, RequirePermission } from '#rbac';
import { CreateTeam, TeamPage, TeamView, UpdateTeam } from './team.dto.js';
import { TeamRepository } from './team.repository.js';
import { TeamService } from './team.service.js';

@ApiTags('Teams')
@Controller('teams')
export class TeamController {
  constructor(
    private readonly service: TeamService,
    private readonly teams: TeamRepository,
  ) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'List teams by name' })
  @ApiOkResponse({ type: TeamPage })
  list(@Query() query: PageQuery): Promise<JsonPage<TeamView>> {
    return this.teams.list(query);
  }

  @Post()
  @RequirePermission('create_team')
  @ApiOperation({ summary: 'Create a team' })
  @ApiCreatedResponse({ type: TeamView })
  create(@Body() body: CreateTeam): Promise<TeamView> {
    return this.service.create(body);
  }

  @Get(':id')
  @Own()
  @ApiOperation({ summary: 'Read a team' })
  @ApiOkResponse({ type: TeamView })
  read(@PathId() id: string): Promise<TeamView> {
    return this.teams.read(id);
  }

  @Patch(':id')
  @RequirePermission('update_team')
  @ApiOperation({ summary: 'Rename a team' })
  @ApiOkResponse({ type: TeamView })
  change(@PathId() id: string, @Body() body: UpdateTeam, @IfMatch() expected: ExpectedVersion): Promise<TeamView> {
    return this.service.change(id, body, expected);
  }

  @Delete(':id')
  @RequirePermission('delete_team')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a team; its past stays' })
  @ApiNoContentResponse()
  delete(@PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(id, expected);
  }
}
