import { Body, Controller, Delete, Get, HttpCode, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId } from '#core';
import type { ExpectedVersion } from '#core';
import { RequirePermission } from '#rbac';
import { LegalHoldView, SetLegalHold } from './legal-hold.dto.js';
import { LegalHolds } from './legal-hold.service.js';

@ApiTags('Privacy')
@Controller('users/:id/legal-hold')
export class LegalHoldController {
  constructor(private readonly holds: LegalHolds) {}

  @Get()
  @RequirePermission('manage_legal_hold')
  @ApiOperation({ summary: 'Read the legal hold of a user' })
  @ApiOkResponse({ type: LegalHoldView })
  read(@PathId() id: string): Promise<LegalHoldView> {
    return this.holds.read(id);
  }

  @Put()
  @RequirePermission('manage_legal_hold')
  @ApiOperation({ summary: 'Keep the data of a user, deleted or not, from anonymisation and purges' })
  @ApiOkResponse({ type: LegalHoldView })
  set(@PathId() id: string, @Body() { reason = null }: SetLegalHold, @IfMatch() expected: ExpectedVersion): Promise<LegalHoldView> {
    return this.holds.set(id, reason, expected);
  }

  @Delete()
  @RequirePermission('manage_legal_hold')
  @HttpCode(204)
  @ApiOperation({ summary: 'Release the legal hold of a user' })
  @ApiNoContentResponse()
  release(@PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.holds.release(id, expected);
  }
}
