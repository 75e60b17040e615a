/** A fault of one field, found by its JSON pointer (`/entries/3/day`; a query parameter is `/<name>`). */
export interface FieldFault {
  pointer: string;
  detail: string;
  code?: string;
  conflictsWith?: string[];
}

interface Kind {
  status: number;
  title: string;
  /** What the reader can do about it; shown on /docs/problems. */
  cure: string;
}

/** Every code that a client may see: stable, snake_case. The one list; /docs/problems and the OpenAPI document come from it. */
export const PROBLEMS = {
  validation_failed: {
    status: 400,
    title: 'The request is not valid',
    cure: 'Correct what `errors` names: one line a field, each with its JSON pointer.',
  },
  malformed_body: { status: 400, title: 'The body cannot be read', cure: 'Send one JSON value in UTF-8, at most 32 levels deep.' },
  unknown_reference: { status: 400, title: 'An id names nothing here', cure: 'Use the id of a living record of your company.' },
  password_too_weak: {
    status: 400,
    title: 'The password is too weak',
    cure: 'Take 12 to 256 characters, not a common password and not made of the e-mail or the name.',
  },
  report_too_large: { status: 400, title: 'The report has too many rows', cure: 'Shorten the range, group by less, or ask for text/csv.' },

  not_signed_in: {
    status: 401,
    title: 'Not signed in',
    cure: 'Send `Authorization: Bearer <access token or API key>`; refresh the token when it has expired.',
  },
  invalid_credentials: { status: 401, title: 'E-mail or password is wrong', cure: 'Check both, or ask for a reset link.' },
  invalid_token: { status: 401, title: 'The token is not valid', cure: 'Sign in again, or ask for a new link.' },
  refresh_token_reused: {
    status: 401,
    title: 'The refresh token was used before',
    cure: 'The session was revoked for safety. Sign in again.',
  },

  forbidden: { status: 403, title: 'Not allowed', cure: 'Ask an administrator of your company for the permission.' },
  password_change_required: { status: 403, title: 'The password must be changed first', cure: 'POST /api/v1/auth/password/change.' },
  account_not_active: { status: 403, title: 'The account may not sign in', cure: 'Ask an administrator of your company.' },
  signup_disabled: { status: 403, title: 'Sign-up is switched off', cure: 'Ask the operator of this server.' },
  self_approval: { status: 403, title: 'Nobody decides their own', cure: 'Let somebody else decide.' },
  privilege_escalation: { status: 403, title: 'Beyond your own permissions', cure: 'Hand out, and act upon, only what you hold yourself.' },

  not_found: { status: 404, title: 'Not found', cure: 'Check the address and the id.' },

  company_name_taken: { status: 409, title: 'The company name is taken', cure: 'Choose another name.' },
  company_required: { status: 409, title: 'Which company?', cure: 'Send `companyId` with one of `companies`.' },
  email_taken: { status: 409, title: 'The e-mail is taken', cure: 'Use another address, or the existing user.' },
  external_id_taken: { status: 409, title: 'The external id is taken', cure: 'Use another external id.' },
  email_domain_not_allowed: {
    status: 409,
    title: 'The e-mail domain is not allowed',
    cure: 'Use an address of one of the allowed domains of the company.',
  },
  role_name_taken: { status: 409, title: 'The role name is taken', cure: 'Choose another name.' },
  role_in_use: { status: 409, title: 'The role is in use', cure: 'Give its users another role first.' },
  system_role: { status: 409, title: 'System roles cannot be changed', cure: 'Make a role of your own.' },
  last_admin: { status: 409, title: 'The last administrator', cure: 'Make somebody else Admin first.' },
  invalid_transition: {
    status: 409,
    title: 'Not possible in the present state',
    cure: 'Read the record again; `allowedActions` tells what is possible.',
  },
  leave_overlap: { status: 409, title: 'Overlaps another leave request', cure: 'Change the dates, or the requests in `conflictsWith`.' },
  leave_locked: { status: 409, title: 'The leave request is decided', cure: 'Cancel it and make a new one.' },
  action_code_taken: { status: 409, title: 'The action code is taken', cure: 'Choose another code.' },
  action_code_in_use: { status: 409, title: 'The action code is in use', cure: 'Set it inactive instead.' },
  action_code_inactive: { status: 409, title: 'The action code is inactive', cure: 'Choose an active one.' },
  timesheet_period_overlap: {
    status: 409,
    title: 'Overlaps another timesheet',
    cure: 'Change the period; `conflictsWith` names the timesheets.',
  },
  timesheet_empty: { status: 409, title: 'The timesheet has no entries', cure: 'Add an entry first.' },
  timesheet_locked: { status: 409, title: 'The timesheet is locked', cure: 'Withdraw it, or have it reopened.' },
  outside_period: { status: 409, title: 'Outside the period of the timesheet', cure: 'Choose a day inside its period.' },
  no_approver: { status: 409, title: 'Nobody can approve', cure: 'Name a team lead or an approver first.' },
  entry_overlap: { status: 409, title: 'Overlaps another entry', cure: 'Change the times; `conflictsWith` names the entries.' },
  day_full: { status: 409, title: 'More than 24 hours, or 1440 entries, on one day', cure: 'Shorten or delete an entry of that day.' },
  legal_hold: { status: 409, title: 'Under legal hold', cure: 'Release the hold first.' },
  conflict: { status: 409, title: 'Conflicts with the present state', cure: 'Read the record again and repeat.' },
  idempotency_in_progress: { status: 409, title: 'The first request still runs', cure: 'Repeat after `Retry-After` seconds.' },

  version_mismatch: { status: 412, title: 'Changed since you read it', cure: 'Read it again and repeat with its new ETag.' },
  payload_too_large: { status: 413, title: 'The body is too large', cure: 'Send less at once.' },
  unsupported_media_type: { status: 415, title: 'Not JSON', cure: 'Send `Content-Type: application/json`.' },
  idempotency_key_reused: { status: 422, title: 'The key was used for another request', cure: 'Take a new key for each new request.' },
  too_many_requests: { status: 429, title: 'Too many requests', cure: 'Wait for `Retry-After` seconds.' },
  internal_error: { status: 500, title: 'A fault of ours', cure: 'Tell the operator the `requestId`.' },
  service_unavailable: { status: 503, title: 'Not available now', cure: 'Repeat after `Retry-After` seconds.' },
} as const satisfies Record<string, Kind>;

export type ProblemCode = keyof typeof PROBLEMS;

interface More {
  detail?: string;
  errors?: FieldFault[];
  /** Further members of the problem document. */
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** What a client is told when something is refused; becomes an RFC 9457 document. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    readonly more: More = {},
  ) {
    super(more.detail ?? PROBLEMS[code].title, { cause: more.cause });
    this.name = 'Problem';
    this.status = PROBLEMS[code].status;
  }

  /** One field is wrong. */
  static field(pointer: string, detail: string, code: 'validation_failed' | 'unknown_reference' = 'validation_failed'): Problem {
    return new Problem(code, { errors: [{ pointer, detail }] });
  }
}

/** By field what is wrong with it, if anything is, as faults. */
export const faultsIn = (details: Record<string, string | undefined>): FieldFault[] =>
  Object.entries(details).flatMap(([field, detail]) => (detail === undefined ? [] : [{ pointer: `/${field}`, detail }]));

/** All that is wrong with a request at once; a single kind of fault gives its code. @throws 400 where there is anything */
export function refuseFaults(errors: FieldFault[]): void {
  if (errors.length > 0) throw new Problem(codeOfFaults(errors), { errors });
}

/** Of several kinds of 400 the most general, of several conflicts the first. */
export function codeOfFaults(faults: FieldFault[]): ProblemCode {
  const codes = new Set(faults.map(({ code = 'validation_failed' }) => code as ProblemCode));
  const [first = 'validation_failed'] = codes;
  return codes.size > 1 && PROBLEMS[first].status === 400 ? 'validation_failed' : first;
}

/** The row that was asked for by its id. @throws 404 where there is none, or none that may be seen */
export function one<T>([row]: readonly T[]): T {
  if (row === undefined) throw new Problem('not_found');
  return row;
}
