import { actingLead, LED_PEOPLE } from '#companies';
import type { ApproverPolicy } from '#companies';
import { among } from '#core';
import type { Query } from '#core';
import { may } from '#rbac';
import type { Principal } from '#rbac';
import type { TimesheetStatus } from './timesheet.entity.js';

export const TIMESHEET_ACTIONS = ['edit', 'delete', 'submit', 'withdraw', 'approve', 'reject', 'reopen'] as const;
export type TimesheetAction = (typeof TIMESHEET_ACTIONS)[number];

/** How the caller stands to a timesheet at this moment. */
export interface Standing {
  userId: string;
  status: TimesheetStatus;
  /** Of the present round; the company's while there is none. */
  policy: ApproverPolicy;
  /** The caller leads a team of the owner. */
  leads: boolean;
  /** The caller is one of the owner's approvers. */
  listed: boolean;
  /** The caller has approved in this round. */
  hasApproved: boolean;
  /** Another of the owner's approvers can sign in, and has not approved in this round while it is submitted. */
  othersOutstanding: boolean;
  hasEntries: boolean;
}

const OPEN: readonly TimesheetStatus[] = ['DRAFT', 'REJECTED'];

/** Whether it, and its entries, can be changed. */
export const isOpen = (status: TimesheetStatus): boolean => OPEN.includes(status);

export const isOwner = (caller: Principal, { userId }: { userId: string }): boolean => userId === caller.userId;

export const mayWrite = (
  caller: Principal,
  record: { userId: string },
  permission: 'create_timesheet' | 'update_timesheet' | 'delete_timesheet',
): boolean => isOwner(caller, record) || may(caller, permission);

/**
 * Who decides, asked anew at each decision, the owner never: leads and holders of `approve_timesheet`; holders alone; or the owner's
 * approvers, and holders where none of those is left to wait for.
 */
export function mayDecide(caller: Principal, standing: Standing): boolean {
  if (isOwner(caller, standing)) return false;
  const holds = may(caller, 'approve_timesheet');
  if (standing.policy === 'manager_of_user') return holds || standing.leads;
  if (standing.policy === 'role_manager') return holds;
  return standing.listed || (holds && !standing.othersOutstanding);
}

export const mayRead = (caller: Principal, standing: Standing): boolean =>
  isOwner(caller, standing) || may(caller, 'read_timesheet') || standing.leads || mayDecide(caller, standing);

/** One who has approved decides again only once nobody else is waited for: what is outstanding may have left, and nothing approves itself. */
export const hasDecided = ({ hasApproved, othersOutstanding }: Standing): boolean => hasApproved && othersOutstanding;

/** What would succeed if the caller asked for it now. @param hasApprover whether anybody could decide it once it is submitted */
export function allowedActions(caller: Principal, standing: Standing, hasApprover: boolean): TimesheetAction[] {
  const { status } = standing;
  const owns = isOwner(caller, standing);
  const isDecider = mayDecide(caller, standing);
  const decidesNow = status === 'SUBMITTED' && isDecider && !hasDecided(standing);
  const allowed: Record<TimesheetAction, boolean> = {
    edit: isOpen(status) && mayWrite(caller, standing, 'update_timesheet'),
    delete: isOpen(status) && mayWrite(caller, standing, 'delete_timesheet'),
    submit: isOpen(status) && mayWrite(caller, standing, 'update_timesheet') && standing.hasEntries && hasApprover,
    withdraw: status === 'SUBMITTED' && owns,
    approve: decidesNow,
    reject: decidesNow,
    reopen: (status === 'REJECTED' && owns) || (status === 'APPROVED' && isDecider),
  };
  return TIMESHEET_ACTIONS.filter((action) => allowed[action]);
}

/** SQL: the policy that decides `timesheets t`. */
export const POLICY = `coalesce(t."roundPolicy", (SELECT s."timesheetApproverPolicy" FROM company_settings s WHERE s."companyId" = $1))`;

/** SQL: the approvals of the present round of `timesheets t`, before anything is asked of them: by approver a plan read all that one had ever decided. */
export const ROUND = `(
  SELECT p."approverId", p.status FROM timesheet_approvals p
  WHERE p."companyId" = $1 AND p."timesheetId" = t.id AND p.round = t.round AND p."deletedAt" IS NULL OFFSET 0)`;

/**
 * SQL: one of the approvers of the owner of `timesheets t` who can sign in and, while it is submitted, has not approved in this round. In
 * the other states each of them counts: what all have approved does not become the holders' by that.
 */
export const OUTSTANDING_APPROVERS = `
  SELECT 1
  FROM user_approvers a
  JOIN users u ON u."companyId" = $1 AND u.id = a."approverId" AND u."deletedAt" IS NULL
  JOIN user_statuses us ON us.id = u."statusId" AND us."canLogin"
  WHERE a."companyId" = $1 AND a."userId" = t."userId" AND a."approverId" <> t."userId" AND a."deletedAt" IS NULL
    AND (t.status <> 'SUBMITTED' OR NOT EXISTS (
      SELECT 1 FROM ${ROUND} p WHERE p."approverId" = a."approverId" AND p.status = 'APPROVED'))`;

/** SQL: those whose approver one is. */
export const APPROVED_PEOPLE = `SELECT a."userId" FROM user_approvers a WHERE a."companyId" = $1 AND a."approverId" = ? AND a."deletedAt" IS NULL`;

/** Narrows a statement on `timesheets t` to those that the caller decides: {@link mayDecide} in SQL. */
export function decidable(query: Query, caller: Principal): Query {
  const { condition, values } = decides(caller);
  return query.and(condition, ...values);
}

/** Narrows a statement on `timesheets t` to those that the caller may read: {@link mayRead} in SQL. */
export function readable(query: Query, caller: Principal): Query {
  if (may(caller, 'read_timesheet')) return query;
  const { condition, values } = decides(caller);
  return about(query, caller, 't').and(
    `t."userId" = ? OR t."userId" IN (${LED_PEOPLE}) OR (${condition})`,
    caller.userId,
    actingLead(caller),
    ...values,
  );
}

/** Narrows a statement on `timesheet_entries e`: one's own, those of led people, and those of readable timesheets. */
export function readableEntries(query: Query, caller: Principal): Query {
  if (may(caller, 'read_timesheet')) return query;
  const { condition, values } = decides(caller);
  return query.and(
    `e."userId" = ? OR e."userId" IN (${LED_PEOPLE}) OR e."timesheetId" IN (
       SELECT t.id FROM timesheets t WHERE t."companyId" = $1 AND t."userId" = e."userId" AND t."deletedAt" IS NULL AND (${condition}))`,
    caller.userId,
    actingLead(caller),
    ...values,
  );
}

/** Reads {@link readableEntries} person by person, a page of each; for a list that nothing else bounds. */
export const ofEachPerson = (query: Query, caller: Principal): Query =>
  may(caller, 'read_timesheet') || may(caller, 'approve_timesheet')
    ? query
    : query.ofEach('e', `(SELECT DISTINCT id FROM (${ABOUT}) r (id)) p`, ...aboutFor(caller)).and('e."userId" = p.id');

/** SQL: whose records these can be at all, for who may not approve everybody's. */
const ABOUT = `SELECT ?::uuid UNION ALL ${LED_PEOPLE} UNION ALL ${APPROVED_PEOPLE}`;
const aboutFor = (caller: Principal) => [caller.userId, actingLead(caller), actingLead(caller)];

/** Says first whose records these can be, so that an index finds them among those of the whole company. */
export const about = (query: Query, caller: Principal, alias: 't' | 'h'): Query =>
  may(caller, 'approve_timesheet') ? query : query.and(among(`${alias}."userId"`, ABOUT), ...aboutFor(caller));

export function decides(caller: Principal): { condition: string; values: (string | null)[] } {
  const me = caller.userId;
  if (may(caller, 'approve_timesheet')) {
    return {
      condition: `t."userId" <> ? AND (${POLICY} <> 'explicit' OR t."userId" IN (${APPROVED_PEOPLE}) OR NOT EXISTS (${OUTSTANDING_APPROVERS}))`,
      values: [me, me],
    };
  }
  return {
    condition: `t."userId" <> ? AND CASE ${POLICY}
      WHEN 'manager_of_user' THEN t."userId" IN (${LED_PEOPLE}) WHEN 'explicit' THEN t."userId" IN (${APPROVED_PEOPLE}) ELSE false END`,
    values: [me, actingLead(caller), actingLead(caller)],
  };
}
