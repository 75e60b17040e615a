import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, Problems } from '#core';
import type { ExpectedVersion } from '#core';
import { Own, RequirePermission } from '#rbac';
import { HolidayQuery, HolidaysView, SettingsView, UpdateSettings } from './company-settings.dto.js';
import { CompanyView, UpdateCompany } from './company.dto.js';
import { CompanyRepository } from './company.repository.js';
import { CompanyService } from './company.service.js';

@ApiTags('Company')
@Controller('company')
export class CompanyController {
  constructor(
    private readonly service: CompanyService,
    private readonly companies: CompanyRepository,
  ) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'Read the company' })
  @ApiOkResponse({ type: CompanyView })
  read(): Promise<CompanyView> {
    return this.companies.read();
  }

  @Patch()
  @RequirePermission('update_company')
  @Problems('company_name_taken')
  @ApiOperation({ summary: 'Rename the company, change its time zone, name its owner' })
  @ApiOkResponse({ type: CompanyView })
  change(@Body() body: UpdateCompany, @IfMatch() expected: ExpectedVersion): Promise<CompanyView> {
    return this.service.change(body, expected);
  }

  @Get('settings')
  @Own()
  @ApiOperation({ summary: 'Read the settings of the company' })
  @ApiOkResponse({ type: SettingsView })
  readSettings(): Promise<SettingsView> {
    return this.companies.readSettings();
  }

  @Patch('settings')
  @RequirePermission('update_company_settings')
  @ApiOperation({ summary: 'Change the settings of the company' })
  @ApiOkResponse({ type: SettingsView })
  changeSettings(@Body() body: UpdateSettings, @IfMatch() expected: ExpectedVersion): Promise<SettingsView> {
    return this.service.changeSettings(body, expected);
  }

  @Get('holidays')
  @Own()
  @ApiOperation({ summary: 'List the holidays of a year, on the days on which they are kept' })
  @ApiOkResponse({ type: HolidaysView })
  async holidays(@Query() { year }: HolidayQuery): Promise<HolidaysView> {
    return { items: await this.service.holidays(year) };
  }
}
