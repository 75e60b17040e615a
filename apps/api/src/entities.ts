import { CompanySettings, Task, Team, TeamMember } from '#companies';
import { AccessLog, AuditLog, BackupSnapshot, Company, IdempotencyKey, QueuedMail, ScheduledJob } from '#core';
import { ErasedCompany, Erasure, LegalHold, PurgeRun } from '#gdpr';
import { ActiveSession, ApiKey, OneTimeToken, SignInAttempt, User, UserApprover, UserStatus } from '#identity';
import { CalendarToken, LeaveRequest } from '#leave';
import { Permission, Role, RolePermission } from '#rbac';
import {
  ActionCode,
  Timesheet,
  TimesheetApproval,
  TimesheetEntry,
  TimesheetHistory,
  TimesheetHistoryErasure,
  TimesheetHistorySeal,
} from '#timesheets';

/** Every table; a spec holds them against what the migrations make. */
export const entities = [
  Company,
  AuditLog,
  AccessLog,
  BackupSnapshot,
  IdempotencyKey,
  QueuedMail,
  ScheduledJob,
  Role,
  Permission,
  RolePermission,
  UserStatus,
  User,
  UserApprover,
  ActiveSession,
  ApiKey,
  OneTimeToken,
  SignInAttempt,
  CompanySettings,
  Team,
  TeamMember,
  Task,
  LeaveRequest,
  CalendarToken,
  ActionCode,
  Timesheet,
  TimesheetApproval,
  TimesheetEntry,
  TimesheetHistory,
  TimesheetHistorySeal,
  TimesheetHistoryErasure,
  LegalHold,
  PurgeRun,
  Erasure,
  ErasedCompany,
];
