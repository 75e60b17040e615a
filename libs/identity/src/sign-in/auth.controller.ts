import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeverKept, Problems } from '#core';
import { Caller, Own, Public } from '#rbac';
import type { Principal } from '#rbac';
import { PasswordChange } from '../passwords/password-change.js';
import { SessionRotation } from '../sessions/session-rotation.js';
import { ChangePasswordBody, LoginBody, RefreshBody, TokensView } from './auth.dto.js';
import { SignIn } from './sign-in.js';
import { SignOut } from './sign-out.js';

@ApiTags('Sign-in')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly signIn: SignIn,
    private readonly rotation: SessionRotation,
    private readonly signOut: SignOut,
    private readonly passwordChange: PasswordChange,
  ) {}

  @Post('login')
  @Public()
  @Problems('invalid_credentials', 'account_not_active', 'company_required', 'too_many_requests')
  @NeverKept()
  @HttpCode(200)
  @ApiOperation({ summary: 'Sign in with e-mail and password' })
  @ApiOkResponse({ type: TokensView })
  login(@Body() body: LoginBody): Promise<TokensView> {
    return this.signIn.login(body);
  }

  @Post('refresh')
  @Public()
  @Problems('invalid_token', 'refresh_token_reused')
  @NeverKept()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Exchange a refresh token for new tokens; the old one is spent',
    description:
      'The token directly before, shown again within 10 s of its exchange, gets the same successor (a lost answer, a second tab). Any other spent one revokes the session: 401 `refresh_token_reused`. An exchange does not move `refreshExpiresAt`.',
  })
  @ApiOkResponse({ type: TokensView })
  refresh(@Body() { refreshToken }: RefreshBody): Promise<TokensView> {
    return this.rotation.rotate(refreshToken);
  }

  @Post('logout')
  @Own({ whileChangingPassword: true, sessionOnly: true })
  @NeverKept()
  @HttpCode(204)
  @ApiOperation({ summary: 'End this session' })
  @ApiNoContentResponse()
  logout(@Caller() caller: Principal): Promise<void> {
    return this.signOut.here(caller);
  }

  @Post('logout-all')
  @Own({ whileChangingPassword: true, sessionOnly: true })
  @NeverKept()
  @HttpCode(204)
  @ApiOperation({ summary: 'End all sessions of mine' })
  @ApiNoContentResponse()
  logoutAll(@Caller() caller: Principal): Promise<void> {
    return this.signOut.everywhere(caller);
  }

  @Post('password/change')
  @Own({ whileChangingPassword: true, sessionOnly: true })
  @Problems('password_too_weak', 'invalid_credentials')
  @NeverKept()
  @HttpCode(204)
  @ApiOperation({ summary: 'Set a new password; my other sessions end' })
  @ApiNoContentResponse()
  changePassword(@Caller() caller: Principal, @Body() body: ChangePasswordBody): Promise<void> {
    return this.passwordChange.change(caller, body);
  }
}
