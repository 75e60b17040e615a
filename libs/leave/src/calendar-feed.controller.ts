import { Controller, Get, Header, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Problems } from '#core';
import { Public } from '#rbac';
import { CalendarFeed } from './calendar-feed.js';
import { CalendarFeedQuery } from './calendar.dto.js';

const EXAMPLE = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//NCY_8//Leave//EN\r\nEND:VCALENDAR\r\n';

const COUNTED = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

@ApiTags('Leave')
@Controller('leave-calendar.ics')
export class CalendarFeedController {
  constructor(private readonly feed: CalendarFeed) {}

  @Get()
  @Public()
  @Problems('not_found', 'too_many_requests')
  @Header('content-type', 'text/calendar; charset=utf-8')
  @ApiOperation({ summary: 'Absences as a calendar (RFC 5545), from the past year to the next two' })
  @ApiProduces('text/calendar')
  @ApiOkResponse({
    content: { 'text/calendar': { schema: { type: 'string', example: EXAMPLE } } },
    headers: Object.fromEntries(COUNTED.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  })
  read(@Query() { token }: CalendarFeedQuery, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.feed.read(token, reply);
  }
}
