import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PageQuery } from '#core';
import type { JsonPage } from '#core';
import { Own } from '#rbac';
import { UserStatusPage } from './user.dto.js';
import type { UserStatusView } from './user.dto.js';
import { UserRepository } from './user.repository.js';

@ApiTags('People')
@Controller('user-statuses')
export class UserStatusController {
  constructor(private readonly users: UserRepository) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'List the statuses that a user may have' })
  @ApiOkResponse({ type: UserStatusPage })
  list(@Query() query: PageQuery): Promise<JsonPage<UserStatusView>> {
    return this.users.statuses(query);
  }
}
