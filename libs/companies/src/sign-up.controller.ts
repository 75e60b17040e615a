import { Body, Controller, Header, Post, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeverKept, Problems, withHiddenVersion } from '#core';
import { Public } from '#rbac';
import { SignUpBody, SignUpView } from './company.dto.js';
import { SignUpGuard } from './sign-up.guard.js';
import { SignUp } from './sign-up.js';

@ApiTags('Company')
@Controller('companies')
export class SignUpController {
  constructor(private readonly signUp: SignUp) {}

  @Post()
  @Public()
  @Problems('signup_disabled', 'password_too_weak', 'company_name_taken', 'too_many_requests')
  @UseGuards(SignUpGuard)
  @NeverKept()
  @Header('location', '/api/v1/company')
  @ApiOperation({ summary: 'Sign up a company; its owner becomes Admin and is signed in' })
  @ApiCreatedResponse({
    type: SignUpView,
    headers: {
      Location: { description: 'Where the company is.', required: true, schema: { type: 'string', example: '/api/v1/company' } },
      ETag: { description: 'The version of the company, for `If-Match`.', required: true, schema: { type: 'string', example: '"1"' } },
    },
  })
  async create(@Body() body: SignUpBody): Promise<SignUpView> {
    const made = await this.signUp.signUp(body);
    return withHiddenVersion({ ...made, version: made.company.version });
  }
}
