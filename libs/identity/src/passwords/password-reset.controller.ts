import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeverKept, Problems } from '#core';
import { Public } from '#rbac';
import { ForgotPasswordBody, ResetPasswordBody } from './password-reset.dto.js';
import { PasswordResetRequests } from './password-reset.requests.js';
import { PasswordReset } from './password-reset.service.js';

@ApiTags('Sign-in')
@Controller('auth/password')
export class PasswordResetController {
  constructor(
    private readonly requests: PasswordResetRequests,
    private readonly passwordReset: PasswordReset,
  ) {}

  @Post('forgot')
  @Public()
  @NeverKept()
  @HttpCode(202)
  @ApiOperation({ summary: 'Ask for a link to set a new password; the answer is the same whether there is an account or not' })
  @ApiAcceptedResponse()
  forgot(@Body() body: ForgotPasswordBody): void {
    this.requests.take(body);
  }

  @Post('reset')
  @Public()
  @Problems('password_too_weak', 'invalid_token')
  @NeverKept()
  @HttpCode(204)
  @ApiOperation({ summary: 'Set a new password with the token of the link; all sessions end' })
  @ApiNoContentResponse()
  reset(@Body() body: ResetPasswordBody): Promise<void> {
    return this.passwordReset.reset(body);
  }
}
