import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Patch, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiExtraModels, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion, Page } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { DryRunGuard } from './dry-run.guard.js';
import {
  CountedDaysView,
  CreateLeaveOptions,
  CreateLeaveRequest,
  LeavePreview,
  LeaveRequestPage,
  LeaveRequestQuery,
  LeaveRequestView,
  REQUEST_OR_PREVIEW,
  UpdateLeaveRequest,
} from './leave-request.dto.js';
import { LeaveRequestRepository } from './leave-request.repository.js';
import { LeaveRequestService } from './leave-request.service.js';

const OF_ANOTHER = 'One of another with `create_leave_request`, for who may read it.';

@ApiTags('Leave')
@Controller('leave-requests')
export class LeaveRequestController {
  constructor(
    private readonly service: LeaveRequestService,
    private readonly requests: LeaveRequestRepository,
  ) {}

  @Get()
  @Own({ or: ['read_leave_request', 'approve_leave_request'] })
  @ApiOperation({ summary: 'List leave requests, the newest period first' })
  @ApiOkResponse({ type: LeaveRequestPage })
  list(@Caller() caller: Principal, @Query() query: LeaveRequestQuery): Promise<Page<LeaveRequestView>> {
    return this.requests.list(caller, query);
  }

  @Post()
  @Own({ or: ['create_leave_request'] })
  @Problems('forbidden', 'leave_overlap')
  @UseGuards(DryRunGuard)
  @ApiOperation({ summary: 'Request leave, or with `dryRun` only learn what it would cost' })
  @ApiCreatedResponse({ type: LeaveRequestView })
  @ApiExtraModels(LeavePreview)
  @ApiOkResponse({ schema: REQUEST_OR_PREVIEW, description: 'With `?dryRun=true`: always the preview, and nothing was written.' })
  create(
    @Caller() caller: Principal,
    @Body() body: CreateLeaveRequest,
    @Query() { dryRun }: CreateLeaveOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LeaveRequestView | LeavePreview> {
    if (dryRun !== 'true') return this.service.create(caller, body);
    reply.status(HttpStatus.OK);
    return this.service.preview(caller, body);
  }

  @Get(':id')
  @Own({ or: ['read_leave_request', 'approve_leave_request'] })
  @ApiOperation({ summary: 'Read a leave request' })
  @ApiOkResponse({ type: LeaveRequestView })
  async read(@Caller() caller: Principal, @PathId() id: string): Promise<LeaveRequestView> {
    return this.requests.view(caller, await this.requests.read(caller, id));
  }

  @Patch(':id')
  @Own({ or: ['create_leave_request'] })
  @Problems('forbidden', 'leave_overlap', 'leave_locked', 'conflict')
  @ApiOperation({ summary: 'Change a pending leave request', description: OF_ANOTHER })
  @ApiOkResponse({ type: LeaveRequestView })
  change(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() body: UpdateLeaveRequest,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<LeaveRequestView> {
    return this.service.change(caller, id, body, expected);
  }

  @Delete(':id')
  @Own({ or: ['create_leave_request'] })
  @Problems('forbidden', 'leave_locked')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a pending leave request', description: OF_ANOTHER })
  @ApiNoContentResponse()
  delete(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(caller, id, expected);
  }

  @Get(':id/days')
  @Own({ or: ['read_leave_request', 'approve_leave_request'] })
  @ApiOperation({ summary: 'List the days of a leave request, what each costs and why' })
  @ApiOkResponse({ type: CountedDaysView })
  async days(@Caller() caller: Principal, @PathId() id: string): Promise<CountedDaysView> {
    return { items: await this.requests.days(await this.requests.read(caller, id)) };
  }
}
