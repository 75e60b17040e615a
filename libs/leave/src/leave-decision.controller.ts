import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId, Problems } from '#core';
import type { ExpectedVersion } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { LeaveDecisionService } from './leave-decision.service.js';
import { ApproveLeave, CancelLeave, LeaveRequestView, RejectLeave } from './leave-request.dto.js';

const BY_WHOM = 'By leads of its owner and holders of `approve_leave_request`. Nobody decides their own.';

@ApiTags('Leave')
@Controller('leave-requests/:id')
export class LeaveDecisionController {
  constructor(private readonly service: LeaveDecisionService) {}

  @Post('approve')
  @Own({ or: ['approve_leave_request'] })
  @Problems('forbidden', 'self_approval', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({ summary: 'Approve a leave request', description: BY_WHOM })
  @ApiOkResponse({ type: LeaveRequestView })
  approve(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { reason = null }: ApproveLeave,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<LeaveRequestView> {
    return this.service.approve(caller, id, reason, expected);
  }

  @Post('reject')
  @Own({ or: ['approve_leave_request'] })
  @Problems('forbidden', 'self_approval', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({ summary: 'Reject a leave request', description: BY_WHOM })
  @ApiOkResponse({ type: LeaveRequestView })
  reject(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { rejectionReason }: RejectLeave,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<LeaveRequestView> {
    return this.service.reject(caller, id, rejectionReason, expected);
  }

  @Post('cancel')
  @Own({ or: ['approve_leave_request'] })
  @Problems('forbidden', 'invalid_transition')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel a leave request: its owner until it starts, afterwards who decides' })
  @ApiOkResponse({ type: LeaveRequestView })
  cancel(
    @Caller() caller: Principal,
    @PathId() id: string,
    @Body() { reason = null }: CancelLeave,
    @IfMatch() expected: ExpectedVersion,
  ): Promise<LeaveRequestView> {
    return this.service.cancel(caller, id, reason, expected);
  }
}
