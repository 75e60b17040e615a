import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeverKept, IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion, JsonPage } from '#core';
import { Caller, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { ApiKeyPage, ApiKeyQuery, ApiKeyView, CreateApiKey, NewApiKeyView } from './api-key.dto.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyService } from './api-key.service.js';

@ApiTags('API keys')
@Controller('api-keys')
export class ApiKeyController {
  constructor(
    private readonly service: ApiKeyService,
    private readonly keys: ApiKeyRepository,
  ) {}

  @Get()
  @RequirePermission('manage_api_key', { sessionOnly: true })
  @ApiOperation({ summary: 'List the keys of everybody, newest first' })
  @ApiOkResponse({ type: ApiKeyPage })
  list(@Query() query: ApiKeyQuery): Promise<JsonPage<ApiKeyView>> {
    return this.keys.list(query);
  }

  @Post()
  @RequirePermission('manage_api_key', { sessionOnly: true })
  @Problems('privilege_escalation')
  @NeverKept()
  @ApiOperation({ summary: 'Make a key of mine; it is shown this once' })
  @ApiCreatedResponse({ type: NewApiKeyView })
  create(@Caller() caller: Principal, @Body() body: CreateApiKey): Promise<NewApiKeyView> {
    return this.service.create(caller, body);
  }

  @Get(':id')
  @RequirePermission('manage_api_key', { sessionOnly: true })
  @ApiOperation({ summary: 'Read what is known of a key' })
  @ApiOkResponse({ type: ApiKeyView })
  read(@PathId() id: string): Promise<ApiKeyView> {
    return this.keys.read(id);
  }

  @Delete(':id')
  @RequirePermission('manage_api_key', { sessionOnly: true })
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key, at once' })
  @ApiNoContentResponse()
  revoke(@PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.revoke(id, expected);
  }
}
