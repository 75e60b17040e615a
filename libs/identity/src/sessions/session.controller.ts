import { Controller, Delete, Get, HttpCode, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PageQuery, PathId } from '#core';
import type { JsonPage } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { SignOut } from '../sign-in/sign-out.js';
import { SessionPage } from './session.dto.js';
import type { SessionView } from './session.dto.js';
import { SessionRepository } from './session.repository.js';

@ApiTags('Sign-in')
@Controller('auth/sessions')
export class SessionController {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly signOut: SignOut,
  ) {}

  @Get()
  @Own({ sessionOnly: true })
  @ApiOperation({ summary: 'List my active sessions, newest first' })
  @ApiOkResponse({ type: SessionPage })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<JsonPage<SessionView>> {
    return this.sessions.active(caller, caller.userId, query);
  }

  @Delete(':id')
  @Own({ sessionOnly: true })
  @HttpCode(204)
  @ApiOperation({ summary: 'End one of my sessions' })
  @ApiNoContentResponse()
  end(@Caller() caller: Principal, @PathId() id: string): Promise<void> {
    return this.signOut.elsewhere(caller, id);
  }
}
