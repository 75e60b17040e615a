import { Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { CompaniesModule } from '#companies';
import { ApproversChanged, UserCame, UserLeft } from '#core';
import { IdentityModule } from '#identity';
import { ActionCodeController } from './action-code.controller.js';
import { ActionCodeRepository } from './action-code.repository.js';
import { ActionCodeService } from './action-code.service.js';
import { ApprovalController } from './approval.controller.js';
import { ApprovalRepository } from './approval.repository.js';
import { ApprovalService } from './approval.service.js';
import { EntryPlacement } from './entry-placement.js';
import { EntryReferences } from './entry-references.js';
import { HistoryExport } from './history-export.js';
import { HistorySealRepository } from './history-seal.repository.js';
import { HistorySeals } from './history-seals.js';
import { HistorySealer } from './history-sealer.js';
import { HistoryController } from './history.controller.js';
import { HistoryRepository } from './history.repository.js';
import { TimesheetHistoryWriter } from './history.writer.js';
import { MissingController } from './missing.controller.js';
import { MissingRepository } from './missing.repository.js';
import { MissingService } from './missing.service.js';
import { OpenRounds } from './open-rounds.js';
import { PayrollController } from './payroll.controller.js';
import { PayrollRepository } from './payroll.repository.js';
import { PayrollService } from './payroll.service.js';
import { ReportController } from './report.controller.js';
import { ReportRepository } from './report.repository.js';
import { ReportService } from './report.service.js';
import { TimesheetApprovers } from './timesheet-approvers.js';
import { TimesheetEntryController } from './timesheet-entry.controller.js';
import { TimesheetEntryRepository } from './timesheet-entry.repository.js';
import { TimesheetEntryService } from './timesheet-entry.service.js';
import { TimesheetLocks } from './timesheet-locks.js';
import { TimesheetMoves } from './timesheet-moves.js';
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
    private readonly rounds: OpenRounds,
  ) {}

  onModuleInit(): void {
    this.userLeft.register((userId) => this.rounds.askAnew('left', userId));
    this.userCame.register((userId) => this.rounds.askAnew('came', userId));
    this.approversChanged.register((userId) => this.rounds.askAnew('listed', userId));
  }
}
