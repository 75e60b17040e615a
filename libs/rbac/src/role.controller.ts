import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PageQuery, PathId, Problems } from '#core';
import type { ExpectedVersion, JsonPage } from '#core';
import { RequirePermission } from './access.js';
import { Caller } from './principal.js';
import type { Principal } from './principal.js';
import { CreateRole, PermissionPage, RolePage, RolePermissions, RoleView, UpdateRole } from './role.dto.js';
import type { PermissionView } from './role.dto.js';
import { RoleRepository } from './role.repository.js';
import { RoleService } from './role.service.js';

@ApiTags('Roles')
@Controller()
export class RoleController {
  constructor(
    private readonly service: RoleService,
    private readonly roles: RoleRepository,
  ) {}

  @Get('permissions')
  @RequirePermission('read_role')
  @ApiOperation({ summary: 'List the catalogue of permissions by name' })
  @ApiOkResponse({ type: PermissionPage })
  catalogue(@Query() query: PageQuery): Promise<JsonPage<PermissionView>> {
    return this.roles.catalogue(query);
  }

  @Get('roles')
  @RequirePermission('read_role')
  @ApiOperation({ summary: 'List roles by name' })
  @ApiOkResponse({ type: RolePage })
  list(@Query() query: PageQuery): Promise<JsonPage<RoleView>> {
    return this.roles.list(query);
  }

  @Post('roles')
  @RequirePermission('create_role')
  @Problems('privilege_escalation', 'role_name_taken')
  @ApiOperation({ summary: 'Create a role' })
  @ApiCreatedResponse({ type: RoleView })
  create(@Caller() caller: Principal, @Body() body: CreateRole): Promise<RoleView> {
    return this.service.create(caller, body);
  }

  @Get('roles/:id')
  @RequirePermission('read_role')
  @ApiOperation({ summary: 'Read a role' })
  @ApiOkResponse({ type: RoleView })
  read(@PathId() id: string): Promise<RoleView> {
    return this.roles.read(id);
  }

  @Patch('roles/:id')
  @RequirePermission('update_role')
  @Problems('role_name_taken', 'system_role')
  @ApiOperation({ summary: 'Rename or describe a role' })
  @ApiOkResponse({ type: RoleView })
  change(@PathId() id: string, @Body() body: UpdateRole, @IfMatch() expected: ExpectedVersion): Promise<RoleView> {
    return this.service.change(id, body, expected);
  }

  @Put('roles/:id/permissions')
  @RequirePermission('update_role')
  @Problems('privilege_escalation', 'system_role')
  @ApiOperation({ summary: 'Set all permissions of a role' })
  @ApiOkResponse({ type: RoleView })
  setPermissions(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { permissions }: RolePermissions,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<RoleView> {
    return this.service.setPermissions(caller, id, permissions, expected);
  }

  @Delete('roles/:id')
  @RequirePermission('delete_role')
  @Problems('role_in_use', 'system_role')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a role that nobody has' })
  @ApiNoContentResponse()
  delete(@PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(id, expected);
  }
}
