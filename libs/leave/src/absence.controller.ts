import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Page } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { AbsencePage, AbsenceQuery } from './absence.dto.js';
import type { AbsenceView } from './absence.dto.js';
import { AbsenceRepository } from './absence.repository.js';

@ApiTags('Leave')
@Controller('absences')
export class AbsenceController {
  constructor(private readonly absences: AbsenceRepository) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'List who is away on which days, in the order in which they leave' })
  @ApiOkResponse({ type: AbsencePage })
  list(@Caller() caller: Principal, @Query() query: AbsenceQuery): Promise<Page<AbsenceView>> {
    return this.absences.list(caller, query);
  }
}
