import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion, Page } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { TimesheetRecord } from '../timesheet.dto.js';
import { ApprovalPage, ApprovalQuery, ApprovalView, ApproveTimesheet, RejectTimesheet, ReopenTimesheet } from './approval.dto.js';
import { ApprovalRepository } from './approval.repository.js';
import { ApprovalService } from './approval.service.js';

@ApiTags('Timesheet approvals')
@Controller()
export class ApprovalController {
  constructor(
    private readonly service: ApprovalService,
    private readonly approvals: ApprovalRepository,
  ) {}

  @Get('timesheet-approvals')
  @Own({ or: ['read_timesheet', 'approve_timesheet'] })
  @ApiOperation({ summary: 'List approvals, the newest period first; with no filter those that wait for the caller' })
  @ApiOkResponse({ type: ApprovalPage })
  list(@Caller() caller: Principal, @Query() query: ApprovalQuery): Promise<Page<ApprovalView>> {
    return this.approvals.list(caller, query);
  }

  @Post('timesheets/:id/submit')
  @Own({ or: ['update_timesheet'] })
  @Problems('forbidden', 'invalid_transition', 'timesheet_empty', 'no_approver')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Hand a timesheet in',
    description:
      'DRAFT or REJECTED becomes SUBMITTED. Who may decide it under `timesheetApproverPolicy` is asked; that policy stays with this submission.',
  })
  @ApiOkResponse({ type: TimesheetRecord })
  submit(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<TimesheetRecord> {
    return this.service.submit(caller, id, expected);
  }

  @Post('timesheets/:id/withdraw')
  @Own()
  @Problems('forbidden', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take one’s own submitted timesheet back',
    description: 'SUBMITTED becomes DRAFT. Its owner alone may, whatever they hold.',
  })
  @ApiOkResponse({ type: TimesheetRecord })
  withdraw(@Caller() caller: Principal, @PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<TimesheetRecord> {
    return this.service.withdraw(caller, id, expected);
  }

  @Post('timesheets/:id/approve')
  @Own({ or: ['approve_timesheet'] })
  @Problems('forbidden', 'self_approval', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Approve a submitted timesheet',
    description:
      'One approval makes it APPROVED; under `explicit` it stays SUBMITTED until all approvers of its owner have approved. The version moves with every entry, so `If-Match` approves what was looked at. Nobody decides their own.',
  })
  @ApiOkResponse({ type: TimesheetRecord })
  approve(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { reason = null }: ApproveTimesheet,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<TimesheetRecord> {
    return this.service.approve(caller, id, reason, expected);
  }

  @Post('timesheets/:id/reject')
  @Own({ or: ['approve_timesheet'] })
  @Problems('forbidden', 'self_approval', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Reject a submitted timesheet',
    description: 'The first rejection makes it REJECTED under every policy. Its owner may then change it and hand it in again.',
  })
  @ApiOkResponse({ type: TimesheetRecord })
  reject(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { reason }: RejectTimesheet,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<TimesheetRecord> {
    return this.service.reject(caller, id, reason, expected);
  }

  @Post('timesheets/:id/reopen')
  @Own({ or: ['approve_timesheet'] })
  @Problems('forbidden', 'self_approval', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Make a rejected or approved timesheet a draft again',
    description: 'A REJECTED one by its owner, an APPROVED one by who may decide it.',
  })
  @ApiOkResponse({ type: TimesheetRecord })
  reopen(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { reason }: ReopenTimesheet,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<TimesheetRecord> {
    return this.service.reopen(caller, id, reason, expected);
  }
}
