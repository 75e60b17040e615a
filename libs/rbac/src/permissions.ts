/** The catalogue: what each permission lets its holder do, in the whole company and never beyond it. Seeded for every company. */
export const PERMISSIONS = {
  update_company: 'Rename the company, change its time zone and name its owner.',
  update_company_settings: 'Change work week, holidays, approver policy and e-mail rules.',
  read_user: 'See everything of every user.',
  create_user: 'Create and invite users.',
  update_user: 'Change users and who approves for them.',
  delete_user: 'Delete and restore users.',
  change_user_status: 'Suspend, reactivate and terminate users.',
  assign_role: 'Give users another role.',
  revoke_session: 'See and end the sessions of others.',
  read_role: 'See roles and the catalogue of permissions.',
  create_role: 'Create roles.',
  update_role: 'Change roles and their permissions.',
  delete_role: 'Delete roles that nobody has.',
  read_team: "See team members' e-mail and role.",
  create_team: 'Create teams.',
  update_team: 'Rename teams, add and remove members and leads.',
  delete_team: 'Delete teams.',
  read_leave_request: 'See the leave requests of everybody, with kind and reason.',
  create_leave_request: 'Request and change leave for others.',
  approve_leave_request: 'Decide the leave requests of others.',
  create_action_code: 'Create action codes.',
  update_action_code: 'Change action codes.',
  delete_action_code: 'Delete action codes that nothing was booked on.',
  read_timesheet: 'See the timesheets and entries of everybody.',
  create_timesheet: 'Make timesheets and entries for others.',
  update_timesheet: 'Change timesheets and entries of others.',
  delete_timesheet: 'Delete timesheets and entries of others.',
  approve_timesheet: 'Decide the timesheets of others.',
  read_timesheet_history: 'See the history of all timesheets and prove that it is whole.',
  read_report: 'Run reports over everybody.',
  create_task: 'Create tasks.',
  update_task: 'Change tasks.',
  delete_task: 'Delete tasks.',
  manage_api_key: 'Have API keys; see and revoke those of others.',
  export_personal_data: 'Export the personal data of others.',
  anonymize_user: 'Anonymise users.',
  manage_retention: 'Set retention times, run purges, see the data map.',
  manage_legal_hold: 'Set and release legal holds.',
  read_audit_log: 'See the audit log.',
  read_access_log: 'See who read whose personal data.',
} as const;

export type PermissionName = keyof typeof PERMISSIONS;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as PermissionName[];

export const faultOfPermission = (name: string): string | undefined => (isPermission(name) ? undefined : 'is no permission');

export const isPermission = (name: unknown): name is PermissionName => typeof name === 'string' && Object.hasOwn(PERMISSIONS, name);

/** The roles that come with each company; nobody can change or delete them. */
export const SYSTEM_ROLES = {
  Admin: { description: 'Everything in the company.', permissions: PERMISSION_NAMES },
  Manager: {
    description: 'Reads and decides time and leave of the whole company.',
    permissions: [
      'read_user',
      'read_team',
      'read_leave_request',
      'approve_leave_request',
      'read_timesheet',
      'approve_timesheet',
      'read_timesheet_history',
      'read_report',
      'create_action_code',
      'update_action_code',
      'create_task',
      'update_task',
    ],
  },
  Employee: { description: 'One’s own data.', permissions: [] },
} as const satisfies Record<string, { description: string; permissions: readonly PermissionName[] }>;

export type SystemRole = keyof typeof SYSTEM_ROLES;
