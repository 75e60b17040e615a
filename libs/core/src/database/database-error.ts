import { isNativeError } from 'node:util/types';
import { Problem } from '../http/problem.js';
import type { ProblemCode } from '../http/problem.js';

/** The fields of PostgreSQL's error that we look at; TypeORM wraps it as `driverError`. */
interface DatabaseError {
  code?: string;
  constraint?: string;
  /** The function of PostgreSQL that refused. */
  routine?: string;
  message: string;
}

/** Which rule a violated constraint stands for. */
const CONSTRAINTS: Record<string, ProblemCode> = {
  companies_name_unique: 'company_name_taken',
  users_email_unique: 'email_taken',
  users_external_id_unique: 'external_id_taken',
  users_external_id_any_case_unique: 'external_id_taken',
  roles_name_unique: 'role_name_taken',
  leave_requests_no_overlap: 'leave_overlap',
  action_codes_code_unique: 'action_code_taken',
  timesheets_no_period_overlap: 'timesheet_period_overlap',
  timesheets_period_unique: 'timesheet_period_overlap',
  timesheet_entries_no_overlap: 'entry_overlap',
};

const RETRYABLE = new Set(['40001', '40P01']); // serialization failure, deadlock
const INVALID = new Set(['22P02', '22003', '22007', '22008', '22009', '22021', '22P05', '22023']);
const FOREIGN_KEY = new Set(['23503', '23001']); // RESTRICT answers the latter from PostgreSQL 18 on
const CONFLICT = new Set(['23505', '23P01']);
/**
 * The database cannot be used now: no connection (08), it reads only, lets nobody in, is short of something (53), shuts down, has lost its disk; or
 * it gave a session or a statement up.
 */
const UNAVAILABLE = /^(08...|25006|25P0[34]|28000|28P01|3D000|53...|55P03|57014|57P0[1-5]|58030)$/;
/** Refuse a session, also under codes that mean something else later on. */
const CONNECTING = new Set(['InitPostgres', 'CheckMyDatabase']);
// TypeORM lets go of a connection as soon as it is lost; the statement after that meets a "released" one.
const LOST =
  /Connection terminated|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|Client has encountered a connection error|Query read timeout|Query runner already released/;
/** By which no connection was to be had: whatever the network, the resolver or TLS call it. */
const unreachable = new WeakSet();

/** Notes that this kept us from a connection. @returns it */
export function keptOut(error: unknown): unknown {
  if (isNativeError(error)) unreachable.add(error);
  return error;
}

function databaseError(error: unknown): DatabaseError | undefined {
  if (!isNativeError(error)) return undefined;
  return (error as { driverError?: DatabaseError }).driverError ?? error;
}

export const isRetryable = (error: unknown): boolean => RETRYABLE.has(databaseError(error)?.code ?? '');

/** The rule that a database error stands for; undefined when it is a fault of ours. */
export function problemOf(error: unknown): Problem | undefined {
  const found = databaseError(error);
  if (!found) return undefined;
  const { code = '' } = found;
  if (unreachable.has(found)) return unavailable(error);
  if (CONFLICT.has(code)) return new Problem(CONSTRAINTS[constraintOf(found)] ?? 'conflict', { cause: error });
  if (FOREIGN_KEY.has(code)) return foreignKeyProblem(found, error);
  if (INVALID.has(code)) return new Problem('validation_failed', { cause: error });
  if (code === '42501' && violatesRowSecurity(found)) return new Problem('not_found', { cause: error });
  if (RETRYABLE.has(code) || isAway(found)) return unavailable(error);
  return undefined;
}

const unavailable = (cause: unknown): Problem => new Problem('service_unavailable', { headers: { 'retry-after': '1' }, cause });

function isAway({ code = '', routine = '', message }: DatabaseError): boolean {
  return UNAVAILABLE.test(code) || CONNECTING.has(routine) || LOST.test(`${code} ${message}`);
}

/** By the place in PostgreSQL, whatever language it speaks; Citus tells it from a worker, in words alone. */
const violatesRowSecurity = ({ routine, message }: DatabaseError): boolean =>
  routine === 'ExecWithCheckOptions' || /violates row-level security policy/.test(message);

/** Citus leaves `constraint` empty and appends the shard's number to the name in the message. */
function constraintOf(error: DatabaseError): string {
  return error.constraint || (/constraint "([^"]+)"/.exec(error.message)?.[1]?.replace(/_\d+$/, '') ?? '');
}

/** On a write the id in the body names nothing here; on a delete something still points at the record. */
function foreignKeyProblem(error: DatabaseError, cause: unknown): Problem {
  if (error.message.startsWith('update or delete on table')) return new Problem('conflict', { cause });
  const column = /_([A-Za-z]+)_fkey$/.exec(constraintOf(error))?.[1]; // timesheet_entries_actionCodeId_fkey
  const errors = column ? [{ pointer: `/${column}`, detail: 'names nothing here' }] : undefined;
  return new Problem('unknown_reference', { errors, cause });
}
