import { Controller, Delete, Get, HttpCode, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Cursors, PageQuery, PathId, Problems } from '#core';
import type { JsonPage } from '#core';
import { Caller } from '#rbac';
import type { Principal } from '#rbac';
import { OwnOr } from '../own-or.js';
import { SignOut } from '../sign-in/sign-out.js';
import { UserRepository } from '../users/user.repository.js';
import { SessionPage } from './session.dto.js';
import type { SessionView } from './session.dto.js';
import { SessionRepository, sessionsOf } from './session.repository.js';

@ApiTags('People')
@Controller('users/:id/sessions')
export class UserSessionsController {
  constructor(
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly signOut: SignOut,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @OwnOr(['revoke_session'], { sessionOnly: true })
  @ApiOperation({ summary: 'List the active sessions of a user, newest first' })
  @ApiOkResponse({ type: SessionPage })
  async list(@Caller() caller: Principal, @PathId() id: string, @Query() query: PageQuery): Promise<JsonPage<SessionView>> {
    this.cursors.check(sessionsOf(id), query);
    await this.users.get(id);
    const page = await this.sessions.active(caller, id, query);
    this.users.noteRead(id);
    return page;
  }

  @Delete()
  @OwnOr(['revoke_session'], { sessionOnly: true })
  @Problems('privilege_escalation')
  @HttpCode(204)
  @ApiOperation({ summary: 'End all sessions of a user' })
  @ApiNoContentResponse()
  end(@Caller() caller: Principal, @PathId() id: string): Promise<void> {
    return this.signOut.user(caller, id);
  }
}
