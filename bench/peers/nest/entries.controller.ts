import { Controller, Get, Query, Request, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { EntriesQuery } from './entries.query.js';
import { EntriesService } from './entries.service.js';
import type { Entry } from './entry.entity.js';
import type { User } from './user.entity.js';

@Controller('entries')
@UseGuards(AuthGuard('jwt'))
export class EntriesController {
  constructor(private readonly entries: EntriesService) {}

  @Get()
  findAll(@Request() { user }: { user: User }, @Query() query: EntriesQuery): Promise<Entry[]> {
    return this.entries.findAll(user.companyId, query);
  }
}
