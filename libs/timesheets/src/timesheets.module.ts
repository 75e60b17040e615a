import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { CompaniesModule } from '#companies';
import { ApproversChanged, LeadsChanged, UserCame, UserLeft } from '#core';
import { IdentityModule } from '#identity';
import { ActionCodeController } from './action-codes/action-code.controller.js';
import { ActionCodeRepository } from './action-codes/action-code.repository.js';
import { ActionCodeService } from './action-codes/action-code.service.js';
import { ApprovalController } from './approvals/approval.controller.js';
import { ApprovalRepository } from './approvals/approval.repository.js';
import { ApprovalService } from './approvals/approval.service.js';
import { OpenRounds } from './approvals/open-rounds.js';
import { TimesheetApprovers } from './approvals/timesheet-approvers.js';
import { TimesheetMoves } from './approvals/timesheet-moves.js';
import { EntryPlacement } from './entries/entry-placement.js';
import { EntryReferences } from './entries/entry-references.js';
import { TimesheetEntryController } from './entries/timesheet-entry.controller.js';
import { TimesheetEntryRepository } from './entries/timesheet-entry.repository.js';
import { TimesheetEntryService } from './entries/timesheet-entry.service.js';
import { HistoryExport } from './history/history-export.js';
import { HistorySealRepository } from './history/history-seal.repository.js';
import { HistorySealer } from './history/history-sealer.js';
import { HistorySeals } from './history/history-seals.js';
import { HistoryController } from './history/history.controller.js';
import { HistoryRepository } from './history/history.repository.js';
import { TimesheetHistoryWriter } from './history/history.writer.js';
import { MissingController } from './reports/missing.controller.js';
import { MissingRepository } from './reports/missing.repository.js';
import { MissingService } from './reports/missing.service.js';
import { PayrollController } from './reports/payroll.controller.js';
import { PayrollRepository } from './reports/payroll.repository.js';
import { PayrollService } from './reports/payroll.service.js';
import { ReportController } from './reports/report.controller.js';
import { ReportRepository } from './reports/report.repository.js';
import { ReportService } from './reports/report.service.js';
import { TimesheetLocks } from './timesheet-locks.js';
import { TimesheetPast } from './timesheet-past.js';
import { TimesheetPastRepository } from './timesheet-past.repository.js';
import { TimesheetController } from './timesheet.controller.js';
import { TimesheetRepository } from './timesheet.repository.js';
import { TimesheetService } from './timesheet.service.js';

@Module({
  imports: [IdentityModule, CompaniesModule],
  controllers: [
    ActionCodeController,
    TimesheetController,
    TimesheetEntryController,
    ApprovalController,
    HistoryController,
    ReportController,
    PayrollController,
    MissingController,
  ],
  providers: [
    ActionCodeRepository,
    ActionCodeService,
    HistoryRepository,
    TimesheetHistoryWriter,
    HistorySealRepository,
    HistorySeals,
    HistorySealer,
    HistoryExport,
    ReportRepository,
    ReportService,
    PayrollRepository,
    PayrollService,
    MissingRepository,
    MissingService,
    TimesheetRepository,
    TimesheetService,
    TimesheetApprovers,
    TimesheetLocks,
    TimesheetMoves,
    TimesheetPast,
    TimesheetPastRepository,
    TimesheetEntryRepository,
    TimesheetEntryService,
    EntryPlacement,
    EntryReferences,
    ApprovalRepository,
    ApprovalService,
    OpenRounds,
  ],
  exports: [TimesheetLocks],
})
export class TimesheetsModule implements OnModuleInit {
  constructor(
    private readonly userLeft: UserLeft,
    private readonly userCame: UserCame,
    private readonly approversChanged: ApproversChanged,
    private readonly leadsChanged: LeadsChanged,
    private readonly rounds: OpenRounds,
  ) {}

  onModuleInit(): void {
    this.userLeft.register((userId) => this.rounds.askAnew('left', userId));
    this.userCame.register((userId) => this.rounds.askAnew('came', userId));
    this.approversChanged.register((userId) => this.rounds.askAnew('listed', userId));
    this.leadsChanged.register((userIds) => this.rounds.askAnewOf(userIds));
  }
}
