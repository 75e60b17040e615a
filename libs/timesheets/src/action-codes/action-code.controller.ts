import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion, JsonPage } from '#core';
import { Caller, Own, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { ActionCodePage, ActionCodeQuery, ActionCodeView, CreateActionCode, UpdateActionCode } from './action-code.dto.js';
import { ActionCodeRepository } from './action-code.repository.js';
import { ActionCodeService } from './action-code.service.js';

@ApiTags('Action codes')
@Controller('action-codes')
export class ActionCodeController {
  constructor(
    private readonly service: ActionCodeService,
    private readonly codes: ActionCodeRepository,
  ) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'List action codes by code' })
  @ApiOkResponse({ type: ActionCodePage })
  list(@Query() query: ActionCodeQuery): Promise<JsonPage<ActionCodeView>> {
    return this.codes.list(query);
  }

  @Post()
  @RequirePermission('create_action_code')
  @Problems('action_code_taken')
  @ApiOperation({ summary: 'Create an action code' })
  @ApiCreatedResponse({ type: ActionCodeView })
  create(@Caller() caller: Principal, @Body() body: CreateActionCode): Promise<ActionCodeView> {
    return this.service.create(caller, body);
  }

  @Get(':id')
  @Own()
  @ApiOperation({ summary: 'Read an action code' })
  @ApiOkResponse({ type: ActionCodeView })
  read(@PathId() id: string): Promise<ActionCodeView> {
    return this.codes.read(id);
  }

  @Patch(':id')
  @RequirePermission('update_action_code')
  @Problems('action_code_taken')
  @ApiOperation({ summary: 'Change an action code' })
  @ApiOkResponse({ type: ActionCodeView })
  change(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() body: UpdateActionCode,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<ActionCodeView> {
    return this.service.change(caller, id, body, expected);
  }

  @Delete(':id')
  @RequirePermission('delete_action_code')
  @Problems('action_code_in_use')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an action code that nothing is booked on' })
  @ApiNoContentResponse()
  delete(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(caller, id, expected);
  }
}
