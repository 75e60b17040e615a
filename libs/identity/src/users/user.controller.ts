import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiExtraModels, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion, Page } from '#core';
import { Caller, Own, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { OwnOr } from '../own-or.js';
import { UserChanges } from './user-changes.js';
import { UserCreation } from './user-creation.js';
import { UserLifecycle } from './user-lifecycle.js';
import { ChangeStatus, ColleagueView, CreateUser, UpdateUser, USER_OR_COLLEAGUE, UserPage, UserQuery, UserView } from './user.dto.js';
import { UserRepository } from './user.repository.js';

@ApiTags('People')
@ApiExtraModels(UserView, ColleagueView)
@Controller('users')
export class UserController {
  constructor(
    private readonly users: UserRepository,
    private readonly creation: UserCreation,
    private readonly changes: UserChanges,
    private readonly lifecycle: UserLifecycle,
  ) {}

  @Get()
  @Own({ or: ['read_user'] })
  @Problems('forbidden')
  @ApiOperation({ summary: 'List people by last and first name', description: 'Without `read_user` the names of others only.' })
  @ApiOkResponse({ type: UserPage })
  list(@Caller() caller: Principal, @Query() query: UserQuery): Promise<Page<UserView | ColleagueView>> {
    return this.users.list(caller, query);
  }

  @Post()
  @RequirePermission('create_user')
  @Problems('password_too_weak', 'privilege_escalation', 'email_taken', 'external_id_taken', 'email_domain_not_allowed')
  @ApiOperation({ summary: 'Create a user with a password, or invite one by mail' })
  @ApiCreatedResponse({ type: UserView })
  create(@Caller() caller: Principal, @Body() body: CreateUser): Promise<UserView> {
    return this.creation.create(caller, body);
  }

  @Get(':id')
  @Own({ or: ['read_user'] })
  @ApiOperation({ summary: 'Read a user', description: 'Without `read_user` the name only, unless it is oneself.' })
  @ApiOkResponse({ schema: USER_OR_COLLEAGUE })
  read(@Caller() caller: Principal, @PathId() id: string): Promise<UserView | ColleagueView> {
    return this.users.read(caller, id);
  }

  @Patch(':id')
  @OwnOr(['update_user', 'assign_role'])
  @Problems('privilege_escalation', 'email_taken', 'external_id_taken', 'email_domain_not_allowed', 'last_admin', 'conflict')
  @ApiOperation({
    summary: 'Change a user',
    description: 'One’s own name and phone number need no permission, `roleId` needs `assign_role` alone, all else `update_user`.',
  })
  @ApiOkResponse({ schema: USER_OR_COLLEAGUE })
  change(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() body: UpdateUser,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<UserView | ColleagueView> {
    return this.changes.change(caller, id, body, expected);
  }

  @Delete(':id')
  @RequirePermission('delete_user')
  @Problems('privilege_escalation', 'last_admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a user; can be undone' })
  @ApiNoContentResponse()
  delete(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.lifecycle.delete(caller, id, expected);
  }

  @Post(':id/restore')
  @RequirePermission('delete_user')
  @Problems('privilege_escalation', 'email_taken', 'external_id_taken', 'invalid_transition', 'conflict')
  @HttpCode(200)
  @ApiOperation({ summary: 'Undo a deletion', description: 'Status and role are as before; no session or key comes back.' })
  @ApiOkResponse({ schema: USER_OR_COLLEAGUE })
  restore(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<UserView | ColleagueView> {
    return this.lifecycle.restore(caller, id, expected);
  }

  @Post(':id/status')
  @RequirePermission('change_user_status')
  @Problems('privilege_escalation', 'last_admin', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({ summary: 'Suspend, reactivate or terminate a user' })
  @ApiOkResponse({ schema: USER_OR_COLLEAGUE })
  changeStatus(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() body: ChangeStatus,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<UserView | ColleagueView> {
    return this.lifecycle.changeStatus(caller, id, body, expected);
  }
}
