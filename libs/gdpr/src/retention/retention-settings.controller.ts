import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch } from '#core';
import type { ExpectedVersion } from '#core';
import { RequirePermission } from '#rbac';
import { RetentionSettings } from './retention-settings.dto.js';
import { RetentionSettingsService } from './retention-settings.service.js';

@ApiTags('Privacy')
@Controller('gdpr/retention')
export class RetentionSettingsController {
  constructor(private readonly service: RetentionSettingsService) {}

  @Get()
  @RequirePermission('manage_retention')
  @ApiOperation({ summary: 'Read how long personal data is kept' })
  @ApiOkResponse({ type: RetentionSettings })
  read(): Promise<RetentionSettings> {
    return this.service.read();
  }

  @Put()
  @RequirePermission('manage_retention')
  @ApiOperation({ summary: 'Set how long personal data is kept' })
  @ApiOkResponse({ type: RetentionSettings })
  set(@Body() body: RetentionSettings, @IfMatch() expected: ExpectedVersion): Promise<RetentionSettings> {
    return this.service.set(body, expected);
  }
}
