import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { CompaniesModule } from '#companies';
import { UserLeft } from '#core';
import { IdentityModule } from '#identity';
import { AbsenceController } from './absence.controller.js';
import { AbsenceRepository } from './absence.repository.js';
import { CalendarFeedController } from './calendar-feed.controller.js';
import { CalendarFeed } from './calendar-feed.js';
import { CalendarTokenController } from './calendar-token.controller.js';
import { CalendarTokens } from './calendar-tokens.js';
import { LeaveDecisionController } from './leave-decision.controller.js';
import { LeaveDecisionService } from './leave-decision.service.js';
import { LeaveLocks } from './leave-locks.js';
import { LeaveMoves } from './leave-moves.js';
import { LeaveRequestController } from './leave-request.controller.js';
import { LeaveRequestRepository } from './leave-request.repository.js';
import { LeaveRequestService } from './leave-request.service.js';

const REQUESTS = [LeaveLocks, LeaveRequestRepository, LeaveRequestService, LeaveDecisionService, LeaveMoves];
const ABSENCES = [AbsenceRepository, CalendarFeed, CalendarTokens];

@Module({
  imports: [IdentityModule, CompaniesModule],
  controllers: [LeaveRequestController, LeaveDecisionController, AbsenceController, CalendarTokenController, CalendarFeedController],
  providers: [...REQUESTS, ...ABSENCES],
  exports: [LeaveLocks],
})
export class LeaveModule implements OnModuleInit {
  constructor(
    private readonly userLeft: UserLeft,
    private readonly tokens: CalendarTokens,
  ) {}

  /** Requests stay; the calendar opens no more. */
  onModuleInit(): void {
    this.userLeft.register(async (userId) => void (await this.tokens.end(userId)));
  }
}
