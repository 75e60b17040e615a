import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeverKept, IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion } from '#core';
import { Caller, Public, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { TokensView } from '../sign-in/auth.dto.js';
import { USER_OR_COLLEAGUE } from '../users/user.dto.js';
import type { ColleagueView, UserView } from '../users/user.dto.js';
import { InvitationAcceptance } from './invitation-acceptance.js';
import { AcceptInvitationBody } from './invitation.dto.js';
import { Invitations } from './invitation.service.js';

@Controller()
export class InvitationController {
  constructor(
    private readonly invitations: Invitations,
    private readonly acceptance: InvitationAcceptance,
  ) {}

  @Post('users/:id/invitation')
  @RequirePermission('create_user')
  @Problems('privilege_escalation', 'invalid_transition', 'email_domain_not_allowed')
  @HttpCode(200)
  @ApiTags('People')
  @ApiOperation({ summary: 'Send the invitation again; the link before ends' })
  @ApiOkResponse({ schema: USER_OR_COLLEAGUE })
  sendAgain(@Caller() caller: Principal, @PathId() id: string, @IfMatch() ifMatch: ExpectedVersion): Promise<UserView | ColleagueView> {
    return this.invitations.sendAgain(caller, id, ifMatch);
  }

  @Post('auth/invitations/accept')
  @Public()
  @Problems('password_too_weak', 'invalid_token')
  @NeverKept()
  @HttpCode(200)
  @ApiTags('Sign-in')
  @ApiOperation({ summary: 'Accept an invitation: choose a password and be signed in' })
  @ApiOkResponse({ type: TokensView })
  accept(@Body() body: AcceptInvitationBody): Promise<TokensView> {
    return this.acceptance.accept(body);
  }
}
