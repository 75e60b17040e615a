type Actions = Record<string, readonly string[]>;

/** Everything that the audit log tells, by what it happens to. The one list, told in the documents: nothing else can be recorded. */
export const AUDIT_ACTIONS = {
  ApiKey: ['api_key_created', 'api_key_revoked', 'privilege_escalation_refused'],
  CalendarToken: ['calendar_token_created', 'calendar_token_revoked'],
  Company: ['company_created', 'company_updated', 'company_owner_changed'],
  CompanySettings: ['company_settings_updated', 'retention_updated'],
  LeaveRequest: [
    'leave_request_created',
    'leave_request_updated',
    'leave_request_deleted',
    'leave_request_approved',
    'leave_request_rejected',
    'leave_request_cancelled',
  ],
  LegalHold: ['legal_hold_set', 'legal_hold_updated', 'legal_hold_released'],
  PurgeRun: ['purge_started'],
  Role: ['role_created', 'role_updated', 'role_permissions_changed', 'role_deleted', 'privilege_escalation_refused'],
  Session: ['signed_out', 'session_revoked', 'refresh_token_reused'],
  Task: ['task_created', 'task_updated', 'task_deleted'],
  Team: [
    'team_created',
    'team_updated',
    'team_deleted',
    'team_member_added',
    'team_member_changed',
    'team_member_removed',
    'privilege_escalation_refused',
  ],
  TimesheetHistory: ['history_exported'],
  User: [
    'user_created',
    'user_invited',
    'user_updated',
    'user_status_changed',
    'user_approvers_changed',
    'user_deleted',
    'user_restored',
    'user_anonymized',
    'invitation_sent',
    'invitation_accepted',
    'signed_in',
    'sign_in_failed',
    'account_locked',
    'signed_out_everywhere',
    'sessions_revoked',
    'password_changed',
    'password_change_failed',
    'password_reset_requested',
    'password_reset',
    'personal_data_exported',
    'privilege_escalation_refused',
  ],
} as const satisfies Actions;

/** The same of the access log: who read whose. */
export const ACCESS_ACTIONS = {
  LeaveRequest: ['leave_read'],
  Timesheet: ['leave_read', 'history_read'],
  TimesheetHistory: ['history_read'],
  User: ['profile_read', 'leave_read', 'personal_data_exported'],
} as const satisfies Actions;

/** What a log tells: something that can happen to a target of this type. */
export type Told<Log extends Actions> = { [Target in keyof Log]: { targetType: Target; action: Log[Target][number] } }[keyof Log];

export type AuditActionOn<Target extends keyof typeof AUDIT_ACTIONS> = (typeof AUDIT_ACTIONS)[Target][number];
