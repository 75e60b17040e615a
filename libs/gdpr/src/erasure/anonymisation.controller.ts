import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion } from '#core';
import { USER_OR_COLLEAGUE } from '#identity';
import type { ColleagueView, UserView } from '#identity';
import { Caller, RequirePermission } from '#rbac';
import type { Principal } from '#rbac';
import { AnonymisationService } from './anonymisation.service.js';

@ApiTags('Privacy')
@Controller('users/:id/anonymize')
export class AnonymisationController {
  constructor(private readonly anonymisation: AnonymisationService) {}

  @Post()
  @RequirePermission('anonymize_user')
  @Problems('privilege_escalation', 'last_admin', 'legal_hold')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Anonymise a user, deleted or not, for good',
    description:
      'Takes what tells who it was out of every record; minutes, days and decisions stay. A repetition takes only what was being written meanwhile.',
  })
  @ApiOkResponse({ schema: USER_OR_COLLEAGUE })
  anonymise(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<UserView | ColleagueView> {
    return this.anonymisation.anonymise(caller, id, expected);
  }
}
