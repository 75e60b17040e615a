import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems, withHiddenVersion } from '#core';
import type { ExpectedVersion } from '#core';
import { Caller, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { OwnOr } from '../own-or.js';
import { UserApprovers } from './user-approvers.js';
import { Approvers } from './user.dto.js';

@ApiTags('People')
@Controller('users/:id/approvers')
export class UserApproversController {
  constructor(private readonly approvers: UserApprovers) {}

  @Get()
  @OwnOr(['update_user'])
  @ApiOperation({ summary: 'Who is listed to decide the timesheets of a user', description: 'The ETag is that of the user.' })
  @ApiOkResponse({ type: Approvers })
  async read(@PathId() id: string): Promise<Approvers> {
    return withHiddenVersion(await this.approvers.read(id));
  }

  @Put()
  @RequirePermission('update_user')
  @Problems('privilege_escalation')
  @ApiOperation({ summary: 'List who decides the timesheets of a user under the policy `explicit`' })
  @ApiOkResponse({ type: Approvers })
  async set(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { approverIds }: Approvers,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<Approvers> {
    return withHiddenVersion(await this.approvers.set(caller, id, approverIds, expected));
  }
}
