// Made from docs/openapi.json by `npm run client`.

export interface IndicatorView {
  status: 'up' | 'down';
  /** What is wrong. */
  message?: string;
  /** Migrations to run. */
  pending?: string[];
}

export interface VersionedHealthView {
  status: HealthStatus;
  /** What is up. */
  info: Record<string, IndicatorView>;
  /** What is down. */
  error: Record<string, IndicatorView>;
  /** All of it. */
  details: Record<string, IndicatorView>;
  /** Of the server. */
  version: string;
}

export interface HealthView {
  status: HealthStatus;
  /** What is up. */
  info: Record<string, IndicatorView>;
  /** What is down. */
  error: Record<string, IndicatorView>;
  /** All of it. */
  details: Record<string, IndicatorView>;
}

export interface PermissionView {
  name: string;
  /** What it lets its holder do. */
  description: string;
}

export interface PermissionPage {
  items: PermissionView[];
  nextCursor: string | null;
}

export interface RoleView {
  id: string;
  /** Unique in the company, case included. */
  name: string;
  description: string | null;
  /** One of those that come with the company: it can neither be changed nor deleted. */
  system: boolean;
  /** In alphabetical order. Each once. */
  permissions: PermissionName[];
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface RolePage {
  items: RoleView[];
  nextCursor: string | null;
}

export interface CreateRole {
  /** Unique in the company, case included. */
  name: string;
  description?: string | null;
  /** At most those that you hold yourself. Each once. */
  permissions?: PermissionName[];
}

export interface UpdateRole {
  /** Unique in the company, case included. */
  name?: string;
  description?: string | null;
}

export interface RolePermissions {
  /** All that the role has from now on. What is new among them you must hold yourself. Each once. */
  permissions: PermissionName[];
}

export interface ApiKeyView {
  id: string;
  /** Its owner. */
  userId: string;
  name: string;
  /** What it may do at most; null: all that its owner may. An empty list: the owner’s own data only. Each once. */
  permissions: string[] | null;
  expiresAt: string | null;
  /** Noted at most once a minute. */
  lastUsedAt: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface ApiKeyPage {
  items: ApiKeyView[];
  nextCursor: string | null;
}

export interface CreateApiKey {
  name: string;
  /** What it may do at most; null: all that its owner may. An empty list: the owner’s own data only. Each once. */
  permissions?: PermissionName[] | null;
  /** Later than now. Null or absent: never. */
  expiresAt?: string | null;
}

export interface NewApiKeyView {
  id: string;
  /** Its owner. */
  userId: string;
  name: string;
  /** What it may do at most; null: all that its owner may. An empty list: the owner’s own data only. Each once. */
  permissions: string[] | null;
  expiresAt: string | null;
  /** Noted at most once a minute. */
  lastUsedAt: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** Shown this once. */
  key: string;
}

export interface LoginBody {
  email: string;
  password: string;
  /** Which company, where the password fits several. */
  companyId?: string;
  /** Its first 512 characters are kept. */
  deviceId?: string;
}

export interface RoleReference {
  id: string;
  name: string;
}

export interface UserView {
  id: string;
  firstName: string;
  lastName: string;
  email: string;
  /** In E.164 form. */
  phoneNumber: string | null;
  /** The payroll's number. */
  externalId: string | null;
  status: UserStatus;
  role: RoleReference;
  isAnonymized: boolean;
  mustChangePasswordAtNextLogin: boolean;
  /** A sign-in does not move the version. */
  lastLogin: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface TokensView {
  accessToken: string;
  tokenType: 'Bearer';
  /** Seconds that the access token lasts. */
  expiresIn: number;
  refreshToken: string;
  /** When the session ends for good; rotation does not move it. */
  refreshExpiresAt: string;
  mustChangePassword: boolean;
  user: UserView;
}

export interface RefreshBody {
  refreshToken: string;
}

export interface ChangePasswordBody {
  currentPassword: string;
  newPassword: string;
}

export interface AcceptInvitationBody {
  /** What the link in the mail has as `token`. */
  token: string;
  password: string;
  firstName?: string;
  lastName?: string;
  /** In E.164 form. */
  phoneNumber?: string;
}

export interface CompanyReference {
  id: string;
  name: string;
  timezone: string;
}

export interface MeView {
  id: string;
  firstName: string;
  lastName: string;
  email: string;
  /** In E.164 form. */
  phoneNumber: string | null;
  /** The payroll's number. */
  externalId: string | null;
  status: UserStatus;
  role: RoleReference;
  isAnonymized: boolean;
  mustChangePasswordAtNextLogin: boolean;
  /** A sign-in does not move the version. */
  lastLogin: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** Each once. */
  permissions: string[];
  company: CompanyReference;
}

export interface UpdateProfile {
  firstName?: string;
  lastName?: string;
  /** In E.164 form. */
  phoneNumber?: string | null;
}

export interface ForgotPasswordBody {
  email: string;
  /** Only the account in this company; without it each one that has the address gets a mail. */
  companyId?: string;
}

export interface ResetPasswordBody {
  /** What the link in the mail has as `token`. */
  token: string;
  newPassword: string;
}

export interface SessionView {
  id: string;
  ip: string | null;
  userAgent: string | null;
  deviceId: string | null;
  createdAt: string;
  /** Noted at most once a minute. */
  lastSeenAt: string;
  /** When it ends for good, however often it is used. */
  expiresAt: string;
  /** Whether it is the session of this request. */
  current: boolean;
}

export interface SessionPage {
  items: SessionView[];
  nextCursor: string | null;
}

export interface Approvers {
  /** Who decides the timesheets of the user under the policy `explicit`: all of them. Each once. */
  approverIds: string[];
}

export interface ColleagueView {
  id: string;
  firstName: string;
  lastName: string;
}

export interface UserPage {
  items: UserOrColleague[];
  nextCursor: string | null;
}

export interface CreateUser {
  email: string;
  firstName: string;
  lastName: string;
  /** Its permissions must all be held by the caller. */
  roleId: string;
  /** In E.164 form. */
  phoneNumber?: string | null;
  /** The payroll's number. */
  externalId?: string | null;
  /** With it the user is ACTIVE and must change it; without it the user is INVITED by mail. Not with an API key. */
  password?: string;
}

export interface UpdateUser {
  firstName?: string;
  lastName?: string;
  /** In E.164 form. */
  phoneNumber?: string | null;
  /** Signs the user out everywhere; the old address is told. Needs `update_user`. */
  email?: string;
  /** The payroll's number. */
  externalId?: string | null;
  /** Needs `assign_role`. */
  roleId?: string;
}

export interface ChangeStatus {
  /** ACTIVE and SUSPENDED become one another; they and INVITED become TERMINATED, for good. INVITED becomes ACTIVE by its link only. */
  code: UserStatus;
  reason?: string | null;
}

export interface UserStatusView {
  id: string;
  code: UserStatus;
  name: string;
  description: string | null;
  /** Whether a user of this status may sign in. */
  canLogin: boolean;
  /** Whether there is no way back out of it. */
  isTerminal: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface UserStatusPage {
  items: UserStatusView[];
  nextCursor: string | null;
}

export interface CompanyOwner {
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

export interface SignUpBody {
  name: string;
  timezone?: string;
  owner: CompanyOwner;
}

export interface CompanyView {
  id: string;
  name: string;
  timezone: string;
  /** Who signed the company up, or was named since. */
  ownerUserId: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface SignUpView {
  company: CompanyView;
  user: UserView;
  tokens: TokensView;
}

export interface UpdateCompany {
  name?: string;
  /** The same value as in the settings. */
  timezone?: string;
  /** An ACTIVE Admin. */
  ownerUserId?: string;
}

export interface WorkWeekHours {
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  monday?: number[];
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  tuesday?: number[];
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  wednesday?: number[];
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  thursday?: number[];
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  friday?: number[];
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  saturday?: number[];
  /** Start and end, in hours of the day; 8:30 is 8.5. */
  sunday?: number[];
}

export interface SettingsView {
  /** Gives the company’s days. */
  timezone: string;
  /** Hours of each working day, set whole; a day that is not named is free. */
  workWeek: WorkWeekHours;
  /** `us_federal_holidays`, or a country with or without its region, such as `FR` and `DE-BY`; null for none. */
  holidayCalendar: string | null;
  /** Who decides timesheets, their owner never. `manager_of_user`: the leads of the owner’s teams and holders of `approve_timesheet`. `role_manager`: these holders alone. `explicit`: the approvers of the owner, all of them. It counts for what is submitted from now on. */
  timesheetApproverPolicy: ApproverPolicy;
  /** Of the addresses of new users: domain names, without `@`. Each once. */
  allowedEmailDomains: string[] | null;
  /** Whether new users need an address of the allowed domains. */
  requireCompanyEmail: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface UpdateSettings {
  /** The same value as the company’s. */
  timezone?: string;
  /** Hours of each working day, set whole; a day that is not named is free. */
  workWeek?: WorkWeekHours;
  /** `us_federal_holidays`, or a country with or without its region, such as `FR` and `DE-BY`; null for none. */
  holidayCalendar?: string | null;
  /** Who decides timesheets, their owner never. `manager_of_user`: the leads of the owner’s teams and holders of `approve_timesheet`. `role_manager`: these holders alone. `explicit`: the approvers of the owner, all of them. It counts for what is submitted from now on. */
  timesheetApproverPolicy?: ApproverPolicy;
  /** Of the addresses of new users: domain names, without `@`. Each once. */
  allowedEmailDomains?: string[] | null;
  /** Whether new users need an address of the allowed domains. */
  requireCompanyEmail?: boolean;
}

export interface HolidayView {
  /** The day on which it is kept. */
  date: string;
  /** In the language of the country. */
  name: string;
}

export interface HolidaysView {
  items: HolidayView[];
}

export interface TeamView {
  id: string;
  name: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface TeamPage {
  items: TeamView[];
  nextCursor: string | null;
}

export interface CreateTeam {
  name: string;
}

export interface UpdateTeam {
  name?: string;
}

export interface MemberView {
  userId: string;
  firstName: string;
  lastName: string;
  /** With `read_team`. */
  email?: string;
  /** In this team; with `read_team`. */
  role?: TeamRole;
}

export interface MemberPage {
  items: MemberView[];
  nextCursor: string | null;
}

export interface PutMember {
  /** A lead may read the time and leave of the members, and decide their leave. */
  role: TeamRole;
}

export interface PutMemberView {
  userId: string;
  firstName: string;
  lastName: string;
  /** With `read_team`. */
  email?: string;
  /** In this team; with `read_team`. */
  role?: TeamRole;
  /** Of the team, also as ETag: it moves with the members. */
  version: number;
}

export interface TaskView {
  id: string;
  title: string;
  description: string | null;
  /** Who does it. */
  assigneeId: string | null;
  status: TaskStatus;
  dueDate: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface TaskPage {
  items: TaskView[];
  nextCursor: string | null;
}

export interface CreateTask {
  title: string;
  description?: string | null;
  /** Who does it. */
  assigneeId?: string | null;
  status?: TaskStatus;
  dueDate?: string | null;
}

export interface UpdateTask {
  title?: string;
  description?: string | null;
  /** Who does it. */
  assigneeId?: string | null;
  status?: TaskStatus;
  dueDate?: string | null;
}

export interface LeaveRequestView {
  id: string;
  userId: string;
  startDate: string;
  /** The last day; at most 366 in all. */
  endDate: string;
  startPortion: DayPortion;
  endPortion: DayPortion;
  leaveType: LeaveType;
  status: LeaveStatus;
  reason: string | null;
  rejectionReason: string | null;
  /** Given with the approval or the cancellation. */
  decisionReason: string | null;
  /** What it costs: as of now while it is PENDING, fixed from then on. */
  workingDays: number;
  /** Of its last move: approved, rejected or cancelled. */
  decidedAt: string | null;
  decidedByUserId: string | null;
  /** What the caller may do now. */
  allowedActions: LeaveAction[];
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface LeaveRequestPage {
  items: LeaveRequestView[];
  nextCursor: string | null;
}

export interface CountedDayView {
  day: string;
  /** 0, 0.5 or 1. */
  counted: number;
  /** `working_day`, `not_in_work_week` or the name of the holiday. */
  reason: string;
}

export interface LeavePreview {
  /** What it would cost. */
  workingDays: number;
  days: CountedDayView[];
  /** The requests that it would overlap. */
  conflictsWith: string[];
}

export interface CreateLeaveRequest {
  startDate: string;
  /** The last day; at most 366 in all. */
  endDate: string;
  leaveType: LeaveType;
  reason?: string | null;
  /** Of the first day; a half of one day is named in both. Over several days `full` or `afternoon`. */
  startPortion?: DayPortion;
  /** Of the last day. Over several days `full` or `morning`. */
  endPortion?: DayPortion;
  /** Whose leave; of another with `create_leave_request`. */
  userId?: string;
}

export interface UpdateLeaveRequest {
  startDate?: string;
  /** The last day; at most 366 in all. */
  endDate?: string;
  leaveType?: LeaveType;
  reason?: string | null;
  /** Of the first day; a half of one day is named in both. Over several days `full` or `afternoon`. */
  startPortion?: DayPortion;
  /** Of the last day. Over several days `full` or `morning`. */
  endPortion?: DayPortion;
}

export interface CountedDaysView {
  items: CountedDayView[];
}

export interface ApproveLeave {
  reason?: string | null;
}

export interface RejectLeave {
  rejectionReason: string;
}

export interface CancelLeave {
  /** Required of all but its owner. */
  reason?: string | null;
}

export interface AbsenceView {
  userId: string;
  firstName: string;
  lastName: string;
  /** Within the range. */
  startDate: string;
  /** Within the range. */
  endDate: string;
  /** Of the first of these days. */
  startPortion: DayPortion;
  /** Of the last of these days. */
  endPortion: DayPortion;
}

export interface AbsencePage {
  items: AbsenceView[];
  nextCursor: string | null;
}

export interface CalendarTokenView {
  /** Shown this once. */
  token: string;
  /** The feed, for a calendar program. */
  url: string;
}

export interface ActionCodeView {
  id: string;
  /** Unique in the company, case included. */
  code: string;
  name: string;
  type: ActionCodeType;
  active: boolean;
  externalId: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface ActionCodePage {
  items: ActionCodeView[];
  nextCursor: string | null;
}

export interface CreateActionCode {
  /** Unique in the company, case included. */
  code: string;
  name: string;
  type?: ActionCodeType;
  /** An inactive one takes no new entries. */
  active?: boolean;
  /** The number that payroll or invoicing knows it by. */
  externalId?: string | null;
}

export interface UpdateActionCode {
  /** Unique in the company, case included. */
  code?: string;
  name?: string;
  type?: ActionCodeType;
  /** An inactive one takes no new entries. */
  active?: boolean;
  /** The number that payroll or invoicing knows it by. */
  externalId?: string | null;
}

export interface TimesheetView {
  id: string;
  userId: string;
  periodStart: string;
  /** The last day; at most 31 days in all. */
  periodEnd: string;
  status: TimesheetStatus;
  submittedAt: string | null;
  submittedByUserId: string | null;
  approvedAt: string | null;
  /** Whose approval settled it. */
  approverId: string | null;
  totalMinutes: number;
  notes: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface TimesheetPage {
  items: TimesheetView[];
  nextCursor: string | null;
}

export interface CreateTimesheet {
  periodStart: string;
  /** The last day; at most 31 days in all. */
  periodEnd: string;
  notes?: string | null;
  /** Whose timesheet; of another with `create_timesheet`. */
  userId?: string;
}

export interface ApprovalView {
  id: string;
  timesheetId: string;
  /** Null once that person’s record was purged. */
  approverId: string | null;
  status: ApprovalStatus;
  reason: string | null;
  decidedAt: string | null;
  /** SHA-256 in hex over the canonical entries decided on; null before. */
  digest: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface LeaveDay {
  day: string;
  portion: DayPortion;
  /** For who may read that leave request. */
  leaveType?: LeaveType;
}

export interface TimesheetRecord {
  id: string;
  userId: string;
  periodStart: string;
  /** The last day; at most 31 days in all. */
  periodEnd: string;
  status: TimesheetStatus;
  submittedAt: string | null;
  submittedByUserId: string | null;
  approvedAt: string | null;
  /** Whose approval settled it. */
  approverId: string | null;
  totalMinutes: number;
  notes: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** Of all rounds, the oldest first. */
  approvals: ApprovalView[];
  /** Days of approved leave in its period. */
  leaveDays: LeaveDay[];
  /** What the caller may do now. */
  allowedActions: TimesheetAction[];
}

export interface UpdateTimesheet {
  periodStart?: string;
  /** The last day; at most 31 days in all. */
  periodEnd?: string;
  notes?: string | null;
}

export interface NamedCode {
  id: string;
  code: string;
  name: string;
}

export interface ListedTimesheetEntry {
  id: string;
  userId: string;
  timesheetId: string | null;
  actionCodeId: string;
  taskId: string | null;
  workMode: WorkMode;
  /** ISO 3166-1 alpha-2. */
  country: string;
  startedAt: string | null;
  endedAt: string | null;
  timezone: string;
  durationMin: number;
  day: string;
  note: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
  /** With `expand=actionCode`. */
  actionCode?: NamedCode;
}

export interface TimesheetEntryPage {
  items: ListedTimesheetEntry[];
  nextCursor: string | null;
}

export interface HistoryView {
  id: string;
  /** Whose timesheet or entry; of an action code, who changed it. */
  userId: string;
  targetType: HistoryTarget;
  targetId: string;
  action: HistoryAction;
  /** Who acted; null for the system. */
  actorUserId: string | null;
  reason: string | null;
  /** `{ field: { before, after } }` of what changed. */
  diff: Record<string, unknown> | null;
  metadata: Record<string, unknown> | null;
  occurredAt: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface HistoryPage {
  items: HistoryView[];
  nextCursor: string | null;
}

export interface CreateTimesheetEntry {
  /** The day it belongs to. Of a span the local day of its start; it must agree when sent. */
  day?: string;
  actionCodeId: string;
  taskId?: string | null;
  workMode?: WorkMode;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** Cut to the minute. With endedAt instead of durationMin and day. */
  startedAt?: string | null;
  /** Cut to the minute; at most 24 hours later. */
  endedAt?: string | null;
  /** Gives the day of a span; the company’s when absent. */
  timezone?: string;
  /** Minutes worked. Of a span they are computed, and must agree when sent. */
  durationMin?: number;
  note?: string | null;
  /** Without it the entry joins the timesheet of its day, if there is one. */
  timesheetId?: string | null;
  /** Whose entry; of another with `create_timesheet`. */
  userId?: string;
}

export interface TimesheetEntryView {
  id: string;
  userId: string;
  timesheetId: string | null;
  actionCodeId: string;
  taskId: string | null;
  workMode: WorkMode;
  /** ISO 3166-1 alpha-2. */
  country: string;
  startedAt: string | null;
  endedAt: string | null;
  timezone: string;
  durationMin: number;
  day: string;
  note: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface CreateTimesheetEntries {
  /** All of them are made, or none. */
  entries: CreateTimesheetEntry[];
}

export interface TimesheetEntryBatch {
  /** In the order given. */
  items: TimesheetEntryView[];
}

export interface UpdateTimesheetEntry {
  /** The day it belongs to. Of a span the local day of its start; it must agree when sent. */
  day?: string;
  actionCodeId?: string;
  taskId?: string | null;
  workMode?: WorkMode;
  /** ISO 3166-1 alpha-2. */
  country?: string;
  /** Null, with endedAt null, makes a span an entry of minutes. */
  startedAt?: string | null;
  /** Cut to the minute; at most 24 hours later. */
  endedAt?: string | null;
  timezone?: string;
  /** Minutes worked. Of a span they are computed, and must agree when sent. */
  durationMin?: number;
  note?: string | null;
  /** Without it the entry joins the timesheet of its day, if there is one. */
  timesheetId?: string | null;
}

export interface ApprovalPage {
  items: ApprovalView[];
  nextCursor: string | null;
}

export interface ApproveTimesheet {
  reason?: string | null;
}

export interface RejectTimesheet {
  reason: string;
}

export interface ReopenTimesheet {
  reason: string;
}

export interface HistoryProof {
  /** The history is what was written, but for what was lawfully erased. */
  valid: boolean;
  /** How many sealed lines were looked at. */
  checked: number;
  /** The first line that is missing, changed or out of its place. */
  firstBroken: string | null;
  /** The last seal, SHA-256 in hex. Keep it elsewhere: a cut-off tail shows only by it. */
  head: string | null;
  /** Lines that wait for their seal. */
  unsealed: number;
}

export interface HistoryLine {
  /** Its place in the chain, from 1 without a gap. */
  sequence: number;
  /** Of the line, also where it was erased. */
  historyId: string;
  /** Salted SHA-256 of the facts, in hex. */
  facts: string;
  /** Null where the line was lawfully erased. */
  factsSalt: string | null;
  /** Salted SHA-256 of the free text, in hex. */
  freeText: string;
  /** Null where the text or the line was lawfully erased. */
  freeTextSalt: string | null;
  /** The `hash` of the line before; empty in the first. */
  previous: string;
  /** SHA-256 of the seal, in hex. */
  hash: string;
  /** Its free text was lawfully erased. */
  textErased: boolean;
  /** The line was lawfully erased. */
  rowErased: boolean;
  /** As `historyId`. Null where the line was lawfully erased. So are all that follow. */
  id: string | null;
  /** Whose timesheet or entry; of an action code, who changed it. */
  userId: string | null;
  targetType: HistoryTarget | null;
  targetId: string | null;
  action: HistoryAction | null;
  /** Who acted; null for the system. */
  actorUserId: string | null;
  reason: string | null;
  diff: Record<string, unknown> | null;
  metadata: Record<string, unknown> | null;
  occurredAt: string | null;
}

export interface NamedReference {
  id: string;
  name: string;
}

export interface TimeReportItem {
  user?: NamedReference;
  team?: NamedReference | null;
  actionCode?: NamedCode;
  actionCodeType?: ActionCodeType;
  task?: NamedReference | null;
  day?: string;
  /** ISO 8601 week. */
  week?: string;
  month?: string;
  workMode?: WorkMode;
  /** ISO 3166-1 alpha-2. */
  country?: string;
  /** Of the timesheet; null for entries without one. */
  status?: TimesheetStatus | null;
  entries: number;
  totalMinutes: number;
}

export interface TimeReport {
  from: string | null;
  to: string | null;
  groupBy: TimeGrouping[];
  items: TimeReportItem[];
  /** Counts each entry once, also when it is in several items. */
  totalMinutes: number;
}

export interface PayrollPerson {
  id: string;
  name: string;
  /** The payroll’s own number. */
  externalId: string | null;
}

export interface PayrollItem {
  user: PayrollPerson;
  /** Of all entries. */
  workedMinutes: number;
  /** Of entries in approved timesheets. */
  approvedMinutes: number;
  /** Working days of approved leave; a half counts 0.5. */
  ptoDays: number;
  /** As `ptoDays`. */
  sickDays: number;
  /** As `ptoDays`. */
  unpaidDays: number;
}

export interface PayrollReport {
  from: string;
  to: string;
  /** By last and first name. */
  items: PayrollItem[];
}

export interface MissingItem {
  user: NamedReference;
  days: string[];
}

export interface MissingReport {
  from: string;
  to: string;
  /** Whom something is missing of, by last and first name. */
  items: MissingItem[];
}

export interface MappedColumnView {
  table: string;
  column: string;
  /** What it tells about a person; `none`: nothing. */
  kind: 'none' | 'identity' | 'contact' | 'credential' | 'employment' | 'activity' | 'health' | 'free_text' | 'network';
  /** The column of the same table that names the person, or the record of theirs that the value is about. */
  whose: string | null;
  purpose: string | null;
  /** What anonymisation does to the value: `keep`, `clear` (null), `empty` (an empty text), `delete_row`, `replace:<text>`, or, of a JSON object, `remove:<member>,<member>`. */
  erasure: string | null;
  /** The clock that ends the row: a name of the retention settings, `employment` (as long as its person), `record` (an id that a purge of its person leaves, naming nobody any more, as long as the record is there), or `hours`. */
  retention: 'employment' | 'record' | 'auditLogYears' | 'accessLogMonths' | 'sessionDays' | 'hours' | null;
}

export interface DataMapView {
  items: MappedColumnView[];
}

export interface LegalHoldView {
  id: string;
  /** Whose data must be kept. */
  userId: string;
  reason: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface SetLegalHold {
  /** None when it is left out. */
  reason?: string | null;
}

export interface AuditLogView {
  id: string;
  occurredAt: string;
  action: string;
  targetType: string;
  targetId: string | null;
  /** Whose data. */
  userId: string | null;
  /** Who acted; null for the system, and for somebody who was not signed in. */
  actorUserId: string | null;
  requestId: string | null;
  ip: string | null;
  /** What changed, before; personal values only as "changed". */
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface AuditLogPage {
  items: AuditLogView[];
  nextCursor: string | null;
}

export interface AccessLogView {
  id: string;
  occurredAt: string;
  action: string;
  targetType: string;
  targetId: string | null;
  /** Whose data. */
  userId: string | null;
  /** Who acted; null for the system, and for somebody who was not signed in. */
  actorUserId: string | null;
  requestId: string | null;
  ip: string | null;
}

export interface AccessLogPage {
  items: AccessLogView[];
  nextCursor: string | null;
}

export interface LeftOutColumn {
  table: string;
  column: string;
  /** `short-lived`: copies and letters that go within hours. */
  reason: 'credential' | 'short-lived';
}

export interface PersonalDataManifest {
  companyId: string;
  /** Whose data. */
  userId: string;
  exportedAt: string;
  tables: Record<string, ExportedTable>;
  /** Columns that are stored of people, and never told. */
  leftOut: LeftOutColumn[];
}

export interface PersonalDataView {
  /** The rows of each table, with the columns that are the person’s or nobody’s. */
  data: Record<string, Record<string, unknown>[]>;
  manifest: PersonalDataManifest;
}

export interface ExportedTable {
  rows: number;
  /** SHA-256 in hex over the JSON text of the array, byte for byte, from `[` to `]`; in a ZIP the file. */
  sha256: string;
  /** SHA-256 in hex over the CSV file; in a ZIP only. */
  csvSha256?: string;
}

export interface StartPurge {
  /** Only counts what would go. */
  dryRun: boolean;
}

export interface RetentionSettings {
  /** Calendar years from a user’s deletion, or the anonymisation of one who is not deleted, to the end of all that is theirs. */
  deletedUserYears: number;
  /** Calendar years of the audit log. */
  auditLogYears: number;
  /** Calendar months of the access log. */
  accessLogMonths: number;
  /** Days that an ended session or link is kept. */
  sessionDays: number;
}

export interface PurgeRunView {
  id: string;
  dryRun: boolean;
  /** Who started it; null for the job. */
  actorUserId: string | null;
  /** Users go who were deleted before it, or anonymised before it and never deleted. */
  cutOff: string;
  /** The retention settings of that moment. */
  policy: RetentionSettings;
  /** Rows that went, by table. */
  counts: Record<string, number>;
  /** Users passed over for a legal hold. */
  held: number;
  /** Users that could not go; the next run tries again. */
  failed: number;
  startedAt: string;
  /** Null while it runs. */
  finishedAt: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface PurgeRunPage {
  items: PurgeRunView[];
  nextCursor: string | null;
}

/** RFC 9457. Every `code` is explained at /docs/problems. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  requestId: string;
  /** What is wrong in the path, the query, a header or the body, one line a fault. */
  errors?: FieldFault[];
  /** The records in the way. */
  conflictsWith?: string[];
  /** With `company_required`: the companies to choose from. */
  companies?: CompanyChoice[];
}

export type UserOrColleague = UserView | ColleagueView;

export type UserStatus = 'INVITED' | 'ACTIVE' | 'SUSPENDED' | 'TERMINATED';

export type TaskStatus = 'OPEN' | 'IN_PROGRESS' | 'DONE' | 'CANCELLED';

export type LeaveStatus = 'PENDING' | 'APPROVED' | 'REJECTED' | 'CANCELLED';

export type LeaveType = 'PTO' | 'SICK' | 'UNPAID';

export type LeaveRequestOrPreview = LeaveRequestView | LeavePreview;

export type ActionCodeType = 'billable' | 'non-billable';

export type TimesheetStatus = 'DRAFT' | 'SUBMITTED' | 'APPROVED' | 'REJECTED';

export type ApprovalStatus = 'PENDING' | 'APPROVED' | 'REJECTED';

export type HistoryTarget = 'Timesheet' | 'TimesheetEntry' | 'TimesheetApproval' | 'ActionCode';

export type HistoryAction = 'created' | 'updated' | 'deleted' | 'submitted' | 'withdrawn' | 'approved' | 'rejected' | 'reopened';

export type TimeGrouping = 'user' | 'team' | 'actionCode' | 'actionCodeType' | 'task' | 'day' | 'week' | 'month' | 'workMode' | 'country' | 'status';

export type HealthStatus = 'ok' | 'error' | 'shutting_down';

export type PermissionName = 'update_company' | 'update_company_settings' | 'read_user' | 'create_user' | 'update_user' | 'delete_user' | 'change_user_status' | 'assign_role' | 'revoke_session' | 'read_role' | 'create_role' | 'update_role' | 'delete_role' | 'read_team' | 'create_team' | 'update_team' | 'delete_team' | 'read_leave_request' | 'create_leave_request' | 'approve_leave_request' | 'create_action_code' | 'update_action_code' | 'delete_action_code' | 'read_timesheet' | 'create_timesheet' | 'update_timesheet' | 'delete_timesheet' | 'approve_timesheet' | 'read_timesheet_history' | 'read_report' | 'create_task' | 'update_task' | 'delete_task' | 'manage_api_key' | 'export_personal_data' | 'anonymize_user' | 'manage_retention' | 'manage_legal_hold' | 'read_audit_log' | 'read_access_log';

export type ApproverPolicy = 'manager_of_user' | 'role_manager' | 'explicit';

export type TeamRole = 'member' | 'lead';

export type DayPortion = 'full' | 'morning' | 'afternoon';

export type LeaveAction = 'edit' | 'delete' | 'approve' | 'reject' | 'cancel';

export type TimesheetAction = 'edit' | 'delete' | 'submit' | 'withdraw' | 'approve' | 'reject' | 'reopen';

export type WorkMode = 'office' | 'remote' | 'hybrid';

export type ProblemCode = 'validation_failed' | 'malformed_body' | 'unknown_reference' | 'password_too_weak' | 'report_too_large' | 'not_signed_in' | 'invalid_credentials' | 'invalid_token' | 'refresh_token_reused' | 'forbidden' | 'password_change_required' | 'account_not_active' | 'signup_disabled' | 'self_approval' | 'privilege_escalation' | 'not_found' | 'company_name_taken' | 'company_required' | 'email_taken' | 'external_id_taken' | 'email_domain_not_allowed' | 'role_name_taken' | 'role_in_use' | 'system_role' | 'last_admin' | 'invalid_transition' | 'leave_overlap' | 'leave_locked' | 'action_code_taken' | 'action_code_in_use' | 'action_code_inactive' | 'timesheet_period_overlap' | 'timesheet_empty' | 'timesheet_locked' | 'outside_period' | 'no_approver' | 'entry_overlap' | 'day_full' | 'legal_hold' | 'conflict' | 'idempotency_in_progress' | 'version_mismatch' | 'payload_too_large' | 'unsupported_media_type' | 'idempotency_key_reused' | 'too_many_requests' | 'internal_error' | 'service_unavailable';

/** What is wrong with one field or parameter. */
export interface FieldFault {
  /** A JSON pointer; `/<name>` of a parameter. */
  pointer: string;
  detail: string;
  /** What this fault alone would be refused with, where there can be some of several kinds. */
  code?: ProblemCode;
  conflictsWith?: string[];
}

export interface CompanyChoice {
  id: string;
  name: string;
}

/** By method and path: what a route takes, and what it answers. */
export interface Routes {
  get: {
    /** Tell whether all is well, and the version */
    '/health': {
      answer: VersionedHealthView;
    };
    /** Tell that the process answers */
    '/health/live': {
      answer: HealthView;
    };
    /** Tell whether requests may come: the server is not stopping, the database answers and is migrated */
    '/health/ready': {
      answer: HealthView;
    };
    /** List the catalogue of permissions by name. Needs the permission `read_role`. */
    '/api/v1/permissions': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: PermissionPage;
    };
    /** List roles by name. Needs the permission `read_role`. */
    '/api/v1/roles': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: RolePage;
    };
    /** Read a role. Needs the permission `read_role`. */
    '/api/v1/roles/{id}': {
      path: {
        id: string;
      };
      answer: RoleView;
    };
    /** List the keys of everybody, newest first. Needs the permission `manage_api_key`. Not with an API key. */
    '/api/v1/api-keys': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Those of this user. */
        userId?: string;
      };
      answer: ApiKeyPage;
    };
    /** Read what is known of a key. Needs the permission `manage_api_key`. Not with an API key. */
    '/api/v1/api-keys/{id}': {
      path: {
        id: string;
      };
      answer: ApiKeyView;
    };
    /** Who I am and what I may do. Every signed-in user. */
    '/api/v1/me': {
      answer: MeView;
    };
    /** List my active sessions, newest first. Every signed-in user. Not with an API key. */
    '/api/v1/auth/sessions': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: SessionPage;
    };
    /** Who is listed to decide the timesheets of a user. The ETag is that of the user. Every signed-in user for oneself; for others it needs `update_user`. */
    '/api/v1/users/{id}/approvers': {
      path: {
        id: string;
      };
      answer: Approvers;
    };
    /** List people by last and first name. Without `read_user` the names of others only. Every signed-in user; more with `read_user`. */
    '/api/v1/users': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Needs `read_user`. */
        status?: UserStatus;
        /** Id or name of a role. Needs `read_user`. */
        role?: string;
        /** Members of this team. */
        teamId?: string;
        /** Any part of a name or, with `read_user`, of the e-mail, in any case. */
        q?: string;
        /** Finds only oneself without `read_user`. */
        externalId?: string;
      };
      answer: UserPage;
    };
    /** Read a user. Without `read_user` the name only, unless it is oneself. Every signed-in user; more with `read_user`. */
    '/api/v1/users/{id}': {
      path: {
        id: string;
      };
      answer: UserOrColleague;
    };
    /** List the active sessions of a user, newest first. Every signed-in user for oneself; for others it needs `revoke_session`. Not with an API key. */
    '/api/v1/users/{id}/sessions': {
      path: {
        id: string;
      };
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: SessionPage;
    };
    /** List the statuses that a user may have. Every signed-in user. */
    '/api/v1/user-statuses': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: UserStatusPage;
    };
    /** Read the company. Every signed-in user. */
    '/api/v1/company': {
      answer: CompanyView;
    };
    /** Read the settings of the company. Every signed-in user. */
    '/api/v1/company/settings': {
      answer: SettingsView;
    };
    /** List the holidays of a year, on the days on which they are kept. Every signed-in user. */
    '/api/v1/company/holidays': {
      query?: {
        /** The present one of the company’s zone by default. */
        year?: number;
      };
      answer: HolidaysView;
    };
    /** List teams by name. Every signed-in user. */
    '/api/v1/teams': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: TeamPage;
    };
    /** Read a team. Every signed-in user. */
    '/api/v1/teams/{id}': {
      path: {
        id: string;
      };
      answer: TeamView;
    };
    /** List the members of a team by name. Every signed-in user; more with `read_team`. */
    '/api/v1/teams/{id}/members': {
      path: {
        id: string;
      };
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: MemberPage;
    };
    /** List tasks by title. Every signed-in user. */
    '/api/v1/tasks': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Who does it. */
        assigneeId?: string;
        status?: TaskStatus;
      };
      answer: TaskPage;
    };
    /** Read a task. Every signed-in user. */
    '/api/v1/tasks/{id}': {
      path: {
        id: string;
      };
      answer: TaskView;
    };
    /** List leave requests, the newest period first. Every signed-in user; more with `read_leave_request` or `approve_leave_request`. */
    '/api/v1/leave-requests': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        userId?: string;
        /** Leave of those who are in this team now. */
        teamId?: string;
        status?: LeaveStatus;
        leaveType?: LeaveType;
        /** Leave that ends on this day or later. */
        from?: string;
        /** Leave that starts on this day or earlier. */
        to?: string;
      };
      answer: LeaveRequestPage;
    };
    /** Read a leave request. Every signed-in user; more with `read_leave_request` or `approve_leave_request`. */
    '/api/v1/leave-requests/{id}': {
      path: {
        id: string;
      };
      answer: LeaveRequestView;
    };
    /** List the days of a leave request, what each costs and why. Every signed-in user; more with `read_leave_request` or `approve_leave_request`. */
    '/api/v1/leave-requests/{id}/days': {
      path: {
        id: string;
      };
      answer: CountedDaysView;
    };
    /** List who is away on which days, in the order in which they leave. Every signed-in user. */
    '/api/v1/absences': {
      query: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        from: string;
        /** At most 366 days in all. */
        to: string;
        /** Of those who are in this team now. */
        teamId?: string;
      };
      answer: AbsencePage;
    };
    /** Absences as a calendar (RFC 5545), from the past year to the next two */
    '/api/v1/leave-calendar.ics': {
      query: {
        token: string;
      };
      answer: undefined;
    };
    /** List action codes by code. Every signed-in user. */
    '/api/v1/action-codes': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Only active ones, or only inactive ones. */
        active?: boolean;
        type?: ActionCodeType;
        /** Any part of the code or the name, in any case. */
        q?: string;
      };
      answer: ActionCodePage;
    };
    /** Read an action code. Every signed-in user. */
    '/api/v1/action-codes/{id}': {
      path: {
        id: string;
      };
      answer: ActionCodeView;
    };
    /** List timesheets, the newest period first. Every signed-in user; more with `read_timesheet` or `approve_timesheet`. */
    '/api/v1/timesheets': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        userId?: string;
        /** Timesheets of those who are in this team now. */
        teamId?: string;
        status?: TimesheetStatus;
        /** Periods that end on this day or later. */
        from?: string;
        /** Periods that begin on this day or earlier. */
        to?: string;
      };
      answer: TimesheetPage;
    };
    /** Read a timesheet. Who may read the leave of its owner is told the kind of `leaveDays`. Every signed-in user; more with `read_timesheet` or `approve_timesheet` or `read_leave_request` or `approve_leave_request`. */
    '/api/v1/timesheets/{id}': {
      path: {
        id: string;
      };
      query?: {
        /** As it stood then; 404 before it was made. */
        asOf?: string;
      };
      answer: TimesheetRecord;
    };
    /** List the entries of a timesheet. Every signed-in user; more with `read_timesheet` or `approve_timesheet`. */
    '/api/v1/timesheets/{id}/entries': {
      path: {
        id: string;
      };
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** As they stood then. */
        asOf?: string;
      };
      answer: TimesheetEntryPage;
    };
    /** List what happened to a timesheet, its entries and its approvals, newest first. Every signed-in user; more with `read_timesheet_history` or `approve_timesheet`. */
    '/api/v1/timesheets/{id}/history': {
      path: {
        id: string;
      };
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: HistoryPage;
    };
    /** List entries by day and start. Every signed-in user; more with `read_timesheet` or `approve_timesheet`. */
    '/api/v1/timesheet-entries': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        userId?: string;
        /** Entries of those who are in this team now. */
        teamId?: string;
        timesheetId?: string;
        actionCodeId?: string;
        taskId?: string;
        /** The first day. */
        from?: string;
        /** The last day; it counts too. */
        to?: string;
        /** Also tells the code and the name of each entry’s action code. */
        expand?: 'actionCode';
      };
      answer: TimesheetEntryPage;
    };
    /** Read an entry. Every signed-in user; more with `read_timesheet` or `approve_timesheet`. */
    '/api/v1/timesheet-entries/{id}': {
      path: {
        id: string;
      };
      answer: TimesheetEntryView;
    };
    /** List approvals, the newest period first; with no filter those that wait for the caller. Every signed-in user; more with `read_timesheet` or `approve_timesheet`. */
    '/api/v1/timesheet-approvals': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        status?: ApprovalStatus;
        /** Whose decision. With neither filter: what waits for the caller. */
        approverId?: string;
      };
      answer: ApprovalPage;
    };
    /** List what happened to timesheets, entries, approvals and action codes, newest first. Every signed-in user; more with `read_timesheet_history` or `approve_timesheet`. */
    '/api/v1/timesheet-history': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Whose timesheet or entry. */
        userId?: string;
        targetType?: HistoryTarget;
        targetId?: string;
        action?: HistoryAction;
        /** Who acted. */
        actorUserId?: string;
        /** From this day of the company’s zone, or this instant, on. `YYYY-MM-DD`, or RFC 3339 with an offset. */
        from?: string;
        /** Up to this day of the company’s zone, or this instant; it counts too. `YYYY-MM-DD`, or RFC 3339 with an offset. */
        to?: string;
      };
      answer: HistoryPage;
    };
    /** Prove that the history is whole. One that is not is told by `valid: false`, not refused. Needs the permission `read_timesheet_history`. */
    '/api/v1/timesheet-history/verify': {
      answer: HistoryProof;
    };
    /** Export the sealed history with its seals, a JSON object a line. Each line is a `HistoryLine`. `npm run history:verify` checks the file without the server against an answer of `/timesheet-history/verify` that was kept. Needs the permission `read_timesheet_history`. */
    '/api/v1/timesheet-history/export': {
      answer: undefined;
    };
    /** Read one line of the history. Every signed-in user; more with `read_timesheet_history` or `approve_timesheet`. */
    '/api/v1/timesheet-history/{id}': {
      path: {
        id: string;
      };
      answer: HistoryView;
    };
    /** Sum up working time: one’s own, of those one leads, or of everybody with read_report. Every signed-in user; more with `read_report`. */
    '/api/v1/reports/time': {
      query: {
        /** The first day that counts. */
        from?: string;
        /** The last day that counts. */
        to?: string;
        /** What to sum by, by comma, each once, in the order of the answer. */
        groupBy: TimeGrouping[];
        userId?: string;
        /** Whose people count; grouped by team, only this one is told. */
        teamId?: string;
        timesheetId?: string;
        actionCodeId?: string;
        taskId?: string;
        /** Goes before the Accept header. */
        format?: 'json' | 'csv';
      };
      answer: TimeReport;
    };
    /** Working time and days of approved leave of everybody, for the payroll. The kind of leave is health data: it needs a permission of its own, and reading it is noted. Needs the permissions `read_report` and `read_leave_request`. */
    '/api/v1/reports/payroll': {
      query: {
        /** The first day that counts. */
        from: string;
        /** The last day that counts. */
        to: string;
        /** Goes before the Accept header. */
        format?: 'json' | 'csv';
      };
      answer: PayrollReport;
    };
    /** List who has working days that no submitted or approved timesheet covers: oneself, those one leads, or everybody. Every signed-in user; more with `read_report`. */
    '/api/v1/reports/missing': {
      query: {
        /** The first day that is looked at. */
        from: string;
        /** The last day that is looked at; at most 366 days in all. */
        to: string;
      };
      answer: MissingReport;
    };
    /** List every column of the database: what it tells about whom, why, and when it ends. Needs the permission `manage_retention`. */
    '/api/v1/gdpr/data-map': {
      answer: DataMapView;
    };
    /** Read the legal hold of a user. Needs the permission `manage_legal_hold`. */
    '/api/v1/users/{id}/legal-hold': {
      path: {
        id: string;
      };
      answer: LegalHoldView;
    };
    /** List who changed what outside timesheets, signed in, or was refused, newest first. Needs the permission `read_audit_log`. */
    '/api/v1/audit-logs': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Whose data. */
        userId?: string;
        /** Who acted. */
        actorUserId?: string;
        targetId?: string;
        /** From this day of the company’s zone, or this instant, on. `YYYY-MM-DD`, or RFC 3339 with an offset. */
        from?: string;
        /** Up to this day of the company’s zone, or this instant; it counts too. `YYYY-MM-DD`, or RFC 3339 with an offset. */
        to?: string;
        /** One of `ApiKey`, `CalendarToken`, `Company`, `CompanySettings`, `LeaveRequest`, `LegalHold`, `PurgeRun`, `Role`, `Session`, `Task`, `Team`, `TimesheetHistory`, `User`. */
        targetType?: string;
        /** Of `ApiKey`: `api_key_created`, `api_key_revoked`, `privilege_escalation_refused`. Of `CalendarToken`: `calendar_token_created`, `calendar_token_revoked`. Of `Company`: `company_created`, `company_updated`, `company_owner_changed`. Of `CompanySettings`: `company_settings_updated`, `retention_updated`. Of `LeaveRequest`: `leave_request_created`, `leave_request_updated`, `leave_request_deleted`, `leave_request_approved`, `leave_request_rejected`, `leave_request_cancelled`. Of `LegalHold`: `legal_hold_set`, `legal_hold_updated`, `legal_hold_released`. Of `PurgeRun`: `purge_started`. Of `Role`: `role_created`, `role_updated`, `role_permissions_changed`, `role_deleted`, `privilege_escalation_refused`. Of `Session`: `signed_out`, `session_revoked`, `refresh_token_reused`. Of `Task`: `task_created`, `task_updated`, `task_deleted`. Of `Team`: `team_created`, `team_updated`, `team_deleted`, `team_member_added`, `team_member_changed`, `team_member_removed`, `privilege_escalation_refused`. Of `TimesheetHistory`: `history_exported`. Of `User`: `user_created`, `user_invited`, `user_updated`, `user_status_changed`, `user_approvers_changed`, `user_deleted`, `user_restored`, `user_anonymized`, `invitation_sent`, `invitation_accepted`, `signed_in`, `sign_in_failed`, `account_locked`, `signed_out_everywhere`, `sessions_revoked`, `password_changed`, `password_change_failed`, `password_reset_requested`, `password_reset`, `personal_data_exported`, `privilege_escalation_refused`. */
        action?: string;
      };
      answer: AuditLogPage;
    };
    /** Read one line of the audit log. Needs the permission `read_audit_log`. */
    '/api/v1/audit-logs/{id}': {
      path: {
        id: string;
      };
      answer: AuditLogView;
    };
    /** List who read whose personal data, newest first. Needs the permission `read_access_log`. */
    '/api/v1/access-logs': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
        /** Whose data. */
        userId?: string;
        /** Who acted. */
        actorUserId?: string;
        targetId?: string;
        /** From this day of the company’s zone, or this instant, on. `YYYY-MM-DD`, or RFC 3339 with an offset. */
        from?: string;
        /** Up to this day of the company’s zone, or this instant; it counts too. `YYYY-MM-DD`, or RFC 3339 with an offset. */
        to?: string;
        /** One of `LeaveRequest`, `Timesheet`, `TimesheetHistory`, `User`. */
        targetType?: string;
        /** Of `LeaveRequest`: `leave_read`. Of `Timesheet`: `leave_read`, `history_read`. Of `TimesheetHistory`: `history_read`. Of `User`: `profile_read`, `leave_read`, `personal_data_exported`. */
        action?: string;
      };
      answer: AccessLogPage;
    };
    /** Read one line of the access log. Needs the permission `read_access_log`. */
    '/api/v1/access-logs/{id}': {
      path: {
        id: string;
      };
      answer: AccessLogView;
    };
    /** Export everything that is stored about me. Every signed-in user. */
    '/api/v1/me/personal-data': {
      query?: {
        /** Goes before the Accept header. */
        format?: 'json' | 'zip';
      };
      answer: PersonalDataView;
    };
    /** Export everything that is stored about a user. Also about a deleted one; not of colleagues. Every signed-in user for oneself; for others it needs `export_personal_data`. */
    '/api/v1/users/{id}/personal-data': {
      path: {
        id: string;
      };
      query?: {
        /** Goes before the Accept header. */
        format?: 'json' | 'zip';
      };
      answer: PersonalDataView;
    };
    /** List purges and dry runs, newest first. Needs the permission `manage_retention`. */
    '/api/v1/gdpr/purges': {
      query?: {
        /** How many items at most. */
        limit?: number;
        /** Where to go on: the `nextCursor` of the page before, with the same filters. */
        cursor?: string;
      };
      answer: PurgeRunPage;
    };
    /** Read a purge. Needs the permission `manage_retention`. */
    '/api/v1/gdpr/purges/{id}': {
      path: {
        id: string;
      };
      answer: PurgeRunView;
    };
    /** Read how long personal data is kept. Needs the permission `manage_retention`. */
    '/api/v1/gdpr/retention': {
      answer: RetentionSettings;
    };
    /** Read the metrics, in the text form of Prometheus */
    '/metrics': {
      answer: undefined;
    };
  };
  post: {
    /** Create a role. Needs the permission `create_role`. */
    '/api/v1/roles': {
      body: CreateRole;
      answer: RoleView;
    };
    /** Make a key of mine; it is shown this once. Needs the permission `manage_api_key`. Not with an API key. */
    '/api/v1/api-keys': {
      body: CreateApiKey;
      answer: NewApiKeyView;
    };
    /** Sign in with e-mail and password */
    '/api/v1/auth/login': {
      body: LoginBody;
      answer: TokensView;
    };
    /** Exchange a refresh token for new tokens; the old one is spent. The token directly before, shown again within 10 s of its exchange, gets the same successor (a lost answer, a second tab). Any other spent one revokes the session: 401 `refresh_token_reused`. An exchange does not move `refreshExpiresAt`. */
    '/api/v1/auth/refresh': {
      body: RefreshBody;
      answer: TokensView;
    };
    /** End this session. Every signed-in user. Not with an API key. */
    '/api/v1/auth/logout': {
      answer: undefined;
    };
    /** End all sessions of mine. Every signed-in user. Not with an API key. */
    '/api/v1/auth/logout-all': {
      answer: undefined;
    };
    /** Set a new password; my other sessions end. Every signed-in user. Not with an API key. */
    '/api/v1/auth/password/change': {
      body: ChangePasswordBody;
      answer: undefined;
    };
    /** Send the invitation again; the link before ends. Needs the permission `create_user`. */
    '/api/v1/users/{id}/invitation': {
      path: {
        id: string;
      };
      answer: UserOrColleague;
    };
    /** Accept an invitation: choose a password and be signed in */
    '/api/v1/auth/invitations/accept': {
      body: AcceptInvitationBody;
      answer: TokensView;
    };
    /** Ask for a link to set a new password; the answer is the same whether there is an account or not */
    '/api/v1/auth/password/forgot': {
      body: ForgotPasswordBody;
      answer: undefined;
    };
    /** Set a new password with the token of the link; all sessions end */
    '/api/v1/auth/password/reset': {
      body: ResetPasswordBody;
      answer: undefined;
    };
    /** Create a user with a password, or invite one by mail. Needs the permission `create_user`. */
    '/api/v1/users': {
      body: CreateUser;
      answer: UserView;
    };
    /** Undo a deletion. Status and role are as before; no session or key comes back. Needs the permission `delete_user`. */
    '/api/v1/users/{id}/restore': {
      path: {
        id: string;
      };
      answer: UserOrColleague;
    };
    /** Suspend, reactivate or terminate a user. Needs the permission `change_user_status`. */
    '/api/v1/users/{id}/status': {
      path: {
        id: string;
      };
      body: ChangeStatus;
      answer: UserOrColleague;
    };
    /** Sign up a company; its owner becomes Admin and is signed in */
    '/api/v1/companies': {
      body: SignUpBody;
      answer: SignUpView;
    };
    /** Create a team. Needs the permission `create_team`. */
    '/api/v1/teams': {
      body: CreateTeam;
      answer: TeamView;
    };
    /** Create a task. Needs the permission `create_task`. */
    '/api/v1/tasks': {
      body: CreateTask;
      answer: TaskView;
    };
    /** Request leave, or with `dryRun` only learn what it would cost. Every signed-in user; more with `create_leave_request`. */
    '/api/v1/leave-requests': {
      query?: {
        /** Only tells what would come of it; an `Idempotency-Key` has no effect then. */
        dryRun?: boolean;
      };
      body: CreateLeaveRequest;
      answer: LeaveRequestOrPreview | LeaveRequestView;
    };
    /** Approve a leave request. By leads of its owner and holders of `approve_leave_request`. Nobody decides their own. Every signed-in user; more with `approve_leave_request`. */
    '/api/v1/leave-requests/{id}/approve': {
      path: {
        id: string;
      };
      body?: ApproveLeave;
      answer: LeaveRequestView;
    };
    /** Reject a leave request. By leads of its owner and holders of `approve_leave_request`. Nobody decides their own. Every signed-in user; more with `approve_leave_request`. */
    '/api/v1/leave-requests/{id}/reject': {
      path: {
        id: string;
      };
      body: RejectLeave;
      answer: LeaveRequestView;
    };
    /** Cancel a leave request: its owner until it starts, afterwards who decides. Every signed-in user; more with `approve_leave_request`. */
    '/api/v1/leave-requests/{id}/cancel': {
      path: {
        id: string;
      };
      body?: CancelLeave;
      answer: LeaveRequestView;
    };
    /** Get an address for my calendar program; the one before ends. Every signed-in user. Not with an API key. */
    '/api/v1/me/calendar-token': {
      answer: CalendarTokenView;
    };
    /** Create an action code. Needs the permission `create_action_code`. */
    '/api/v1/action-codes': {
      body: CreateActionCode;
      answer: ActionCodeView;
    };
    /** Make a timesheet for a period of at most 31 days. Every signed-in user; more with `create_timesheet`. */
    '/api/v1/timesheets': {
      body: CreateTimesheet;
      answer: TimesheetRecord;
    };
    /** Record time worked. Every signed-in user; more with `create_timesheet`. */
    '/api/v1/timesheet-entries': {
      body: CreateTimesheetEntry;
      answer: TimesheetEntryView;
    };
    /** Record up to 500 entries, all or none. Every signed-in user; more with `create_timesheet`. */
    '/api/v1/timesheet-entries/batch': {
      body: CreateTimesheetEntries;
      answer: TimesheetEntryBatch;
    };
    /** Hand a timesheet in. DRAFT or REJECTED becomes SUBMITTED. Who may decide it under `timesheetApproverPolicy` is asked; that policy stays with this submission. Every signed-in user; more with `update_timesheet`. */
    '/api/v1/timesheets/{id}/submit': {
      path: {
        id: string;
      };
      answer: TimesheetRecord;
    };
    /** Take one’s own submitted timesheet back. SUBMITTED becomes DRAFT. Its owner alone may, whatever they hold. Every signed-in user. */
    '/api/v1/timesheets/{id}/withdraw': {
      path: {
        id: string;
      };
      answer: TimesheetRecord;
    };
    /** Approve a submitted timesheet. One approval makes it APPROVED; under `explicit` it stays SUBMITTED until all approvers of its owner have approved. The version moves with every entry, so `If-Match` approves what was looked at. Nobody decides their own. Every signed-in user; more with `approve_timesheet`. */
    '/api/v1/timesheets/{id}/approve': {
      path: {
        id: string;
      };
      body?: ApproveTimesheet;
      answer: TimesheetRecord;
    };
    /** Reject a submitted timesheet. The first rejection makes it REJECTED under every policy. Its owner may then change it and hand it in again. Every signed-in user; more with `approve_timesheet`. */
    '/api/v1/timesheets/{id}/reject': {
      path: {
        id: string;
      };
      body: RejectTimesheet;
      answer: TimesheetRecord;
    };
    /** Make a rejected or approved timesheet a draft again. A REJECTED one by its owner, an APPROVED one by who may decide it. Every signed-in user; more with `approve_timesheet`. */
    '/api/v1/timesheets/{id}/reopen': {
      path: {
        id: string;
      };
      body: ReopenTimesheet;
      answer: TimesheetRecord;
    };
    /** Anonymise a user, deleted or not, for good. Takes what tells who it was out of every record; minutes, days and decisions stay. A repetition takes only what was being written meanwhile. Needs the permission `anonymize_user`. */
    '/api/v1/users/{id}/anonymize': {
      path: {
        id: string;
      };
      answer: UserOrColleague;
    };
    /** Remove what has outlived its retention time, or count it. A real run goes on in the background: read it again by its id. One at a time in a company (409 `conflict`). Needs the permission `manage_retention`. */
    '/api/v1/gdpr/purges': {
      body: StartPurge;
      answer: PurgeRunView;
    };
  };
  put: {
    /** Set all permissions of a role. Needs the permission `update_role`. */
    '/api/v1/roles/{id}/permissions': {
      path: {
        id: string;
      };
      body: RolePermissions;
      answer: RoleView;
    };
    /** List who decides the timesheets of a user under the policy `explicit`. Needs the permission `update_user`. */
    '/api/v1/users/{id}/approvers': {
      path: {
        id: string;
      };
      body: Approvers;
      answer: Approvers;
    };
    /** Make somebody a member or a lead of a team. Needs the permission `update_team`. */
    '/api/v1/teams/{id}/members/{userId}': {
      path: {
        id: string;
        userId: string;
      };
      body: PutMember;
      answer: PutMemberView;
    };
    /** Keep the data of a user, deleted or not, from anonymisation and purges. Needs the permission `manage_legal_hold`. */
    '/api/v1/users/{id}/legal-hold': {
      path: {
        id: string;
      };
      body?: SetLegalHold;
      answer: LegalHoldView;
    };
    /** Set how long personal data is kept. Needs the permission `manage_retention`. */
    '/api/v1/gdpr/retention': {
      body: RetentionSettings;
      answer: RetentionSettings;
    };
  };
  patch: {
    /** Rename or describe a role. Needs the permission `update_role`. */
    '/api/v1/roles/{id}': {
      path: {
        id: string;
      };
      body?: UpdateRole;
      answer: RoleView;
    };
    /** Change my name or phone number. Every signed-in user. */
    '/api/v1/me': {
      body?: UpdateProfile;
      answer: MeView;
    };
    /** Change a user. One’s own name and phone number need no permission, `roleId` needs `assign_role` alone, all else `update_user`. Every signed-in user for oneself; for others it needs `update_user` or `assign_role`. */
    '/api/v1/users/{id}': {
      path: {
        id: string;
      };
      body?: UpdateUser;
      answer: UserOrColleague;
    };
    /** Rename the company, change its time zone, name its owner. Needs the permission `update_company`. */
    '/api/v1/company': {
      body?: UpdateCompany;
      answer: CompanyView;
    };
    /** Change the settings of the company. Needs the permission `update_company_settings`. */
    '/api/v1/company/settings': {
      body?: UpdateSettings;
      answer: SettingsView;
    };
    /** Rename a team. Needs the permission `update_team`. */
    '/api/v1/teams/{id}': {
      path: {
        id: string;
      };
      body?: UpdateTeam;
      answer: TeamView;
    };
    /** Change a task. Needs the permission `update_task`. */
    '/api/v1/tasks/{id}': {
      path: {
        id: string;
      };
      body?: UpdateTask;
      answer: TaskView;
    };
    /** Change a pending leave request. One of another with `create_leave_request`, for who may read it. Every signed-in user; more with `create_leave_request`. */
    '/api/v1/leave-requests/{id}': {
      path: {
        id: string;
      };
      body?: UpdateLeaveRequest;
      answer: LeaveRequestView;
    };
    /** Change an action code. Needs the permission `update_action_code`. */
    '/api/v1/action-codes/{id}': {
      path: {
        id: string;
      };
      body?: UpdateActionCode;
      answer: ActionCodeView;
    };
    /** Change period or notes of a timesheet. Every signed-in user; more with `update_timesheet`. */
    '/api/v1/timesheets/{id}': {
      path: {
        id: string;
      };
      body?: UpdateTimesheet;
      answer: TimesheetRecord;
    };
    /** Change an entry. Every signed-in user; more with `update_timesheet`. */
    '/api/v1/timesheet-entries/{id}': {
      path: {
        id: string;
      };
      body?: UpdateTimesheetEntry;
      answer: TimesheetEntryView;
    };
  };
  delete: {
    /** Delete a role that nobody has. Needs the permission `delete_role`. */
    '/api/v1/roles/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Revoke a key, at once. Needs the permission `manage_api_key`. Not with an API key. */
    '/api/v1/api-keys/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** End one of my sessions. Every signed-in user. Not with an API key. */
    '/api/v1/auth/sessions/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Delete a user; can be undone. Needs the permission `delete_user`. */
    '/api/v1/users/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** End all sessions of a user. Every signed-in user for oneself; for others it needs `revoke_session`. Not with an API key. */
    '/api/v1/users/{id}/sessions': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Delete a team; its past stays. Needs the permission `delete_team`. */
    '/api/v1/teams/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Take somebody out of a team. Needs the permission `update_team`. */
    '/api/v1/teams/{id}/members/{userId}': {
      path: {
        id: string;
        userId: string;
      };
      answer: undefined;
    };
    /** Delete a task; what was booked on it stays. Needs the permission `delete_task`. */
    '/api/v1/tasks/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Delete a pending leave request. One of another with `create_leave_request`, for who may read it. Every signed-in user; more with `create_leave_request`. */
    '/api/v1/leave-requests/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** End the address for my calendar program. Every signed-in user. Not with an API key. */
    '/api/v1/me/calendar-token': {
      answer: undefined;
    };
    /** Delete an action code that nothing is booked on. Needs the permission `delete_action_code`. */
    '/api/v1/action-codes/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Delete a timesheet; its entries stay. Every signed-in user; more with `delete_timesheet`. */
    '/api/v1/timesheets/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Delete an entry. Every signed-in user; more with `delete_timesheet`. */
    '/api/v1/timesheet-entries/{id}': {
      path: {
        id: string;
      };
      answer: undefined;
    };
    /** Release the legal hold of a user. Needs the permission `manage_legal_hold`. */
    '/api/v1/users/{id}/legal-hold': {
      path: {
        id: string;
      };
      answer: undefined;
    };
  };
}

/** POST routes whose answer is never kept, so that a repeat would act twice: they carry secrets. */
export const UNKEPT: readonly string[] = [
  '/api/v1/api-keys',
  '/api/v1/auth/login',
  '/api/v1/auth/refresh',
  '/api/v1/auth/logout',
  '/api/v1/auth/logout-all',
  '/api/v1/auth/password/change',
  '/api/v1/auth/invitations/accept',
  '/api/v1/auth/password/forgot',
  '/api/v1/auth/password/reset',
  '/api/v1/companies',
  '/api/v1/me/calendar-token',
];
