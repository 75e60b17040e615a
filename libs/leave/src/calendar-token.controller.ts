import { Controller, Delete, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeverKept, Problems } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { CalendarTokens } from './calendar-tokens.js';
import { CalendarTokenView } from './calendar.dto.js';

@ApiTags('Leave')
@Controller('me/calendar-token')
export class CalendarTokenController {
  constructor(private readonly tokens: CalendarTokens) {}

  @Post()
  @Own({ sessionOnly: true })
  @NeverKept()
  @ApiOperation({ summary: 'Get an address for my calendar program; the one before ends' })
  @ApiCreatedResponse({ type: CalendarTokenView })
  create(@Caller() caller: Principal): Promise<CalendarTokenView> {
    return this.tokens.make(caller);
  }

  @Delete()
  @Own({ sessionOnly: true })
  @Problems('not_found')
  @HttpCode(204)
  @ApiOperation({ summary: 'End the address for my calendar program' })
  @ApiNoContentResponse()
  delete(@Caller() { userId }: Principal): Promise<void> {
    return this.tokens.revoke(userId);
  }
}
