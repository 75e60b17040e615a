import { Body, Controller, Delete, Get, HttpCode, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PageQuery, PathId, Problems } from '#core';
import type { ExpectedVersion, Page } from '#core';
import { Caller, Own, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { TeamMemberRepository } from './team-member.repository.js';
import { TeamMemberService } from './team-member.service.js';
import { MemberPage, PutMember, PutMemberView } from './team.dto.js';
import type { MemberView } from './team.dto.js';

@ApiTags('Teams')
@Controller('teams/:id/members')
export class TeamMemberController {
  constructor(
    private readonly service: TeamMemberService,
    private readonly members: TeamMemberRepository,
  ) {}

  @Get()
  @Own({ or: ['read_team'] })
  @ApiOperation({ summary: 'List the members of a team by name' })
  @ApiOkResponse({ type: MemberPage })
  list(@Caller() caller: Principal, @PathId() id: string, @Query() query: PageQuery): Promise<Page<MemberView>> {
    return this.members.list(caller, id, query);
  }

  @Put(':userId')
  @RequirePermission('update_team')
  @Problems('privilege_escalation')
  @ApiOperation({ summary: 'Make somebody a member or a lead of a team' })
  @ApiOkResponse({ type: PutMemberView })
  put(
    @Caller() caller: Principal,
    @PathId() id: string,
    @PathId('userId') userId: string,
    @Body() { role }: PutMember,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<PutMemberView> {
    return this.service.put(caller, id, userId, role, expected);
  }

  @Delete(':userId')
  @RequirePermission('update_team')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take somebody out of a team' })
  @ApiNoContentResponse()
  delete(@PathId() id: string, @PathId('userId') userId: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(id, userId, expected);
  }
}
