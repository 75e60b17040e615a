import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AlwaysWhole, IfMatch } from '#core';
import type { ExpectedVersion } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { MeView } from './me.dto.js';
import { UserChanges } from './user-changes.js';
import { UpdateProfile } from './user.dto.js';
import { UserRepository } from './user.repository.js';

/** The signed-in user. */
@ApiTags('People')
@Controller('me')
export class MeController {
  constructor(
    private readonly users: UserRepository,
    private readonly changes: UserChanges,
  ) {}

  @Get()
  @AlwaysWhole() // role, permissions and company have versions of their own
  @Own({ whileChangingPassword: true })
  @ApiOperation({ summary: 'Who I am and what I may do' })
  @ApiOkResponse({ type: MeView })
  read(@Caller() caller: Principal): Promise<MeView> {
    return this.users.me(caller);
  }

  @Patch()
  @Own({ whileChangingPassword: true })
  @ApiOperation({ summary: 'Change my name or phone number' })
  @ApiOkResponse({ type: MeView })
  async change(@Caller() caller: Principal, @Body() body: UpdateProfile, @IfMatch() expected: ExpectedVersion): Promise<MeView> {
    await this.changes.change(caller, caller.userId, body, expected);
    return this.users.me(caller);
  }
}
