import { actingLead, LED_PEOPLE } from '#companies';
import { among } from '#core';
import type { Query } from '#core';
import { may } from '#rbac';
import type { Principal } from '#rbac';
import type { LeaveStatus } from './leave-request.entity.js';

export const LEAVE_ACTIONS = ['edit', 'delete', 'approve', 'reject', 'cancel'] as const;
export type LeaveAction = (typeof LEAVE_ACTIONS)[number];

/** How the caller stands to a leave request at this moment. */
export interface Standing {
  userId: string;
  status: LeaveStatus;
  startDate: string;
  /** The caller leads a team of the owner. */
  leads: boolean;
}

/** In these it takes its days, so that no other one can. */
export const TAKING: readonly LeaveStatus[] = ['PENDING', 'APPROVED'];

export const isOwner = (caller: Principal, { userId }: { userId: string }): boolean => userId === caller.userId;

export const mayCreate = (caller: Principal, record: { userId: string }): boolean =>
  isOwner(caller, record) || may(caller, 'create_leave_request');

/** Asked anew at each decision; the owner never. */
export const mayDecide = (caller: Principal, standing: Pick<Standing, 'userId' | 'leads'>): boolean =>
  !isOwner(caller, standing) && (standing.leads || may(caller, 'approve_leave_request'));

export const mayRead = (caller: Principal, standing: Pick<Standing, 'userId' | 'leads'>): boolean =>
  isOwner(caller, standing) || may(caller, 'read_leave_request') || mayDecide(caller, standing);

/** Whoever changes it is told all of it, so that of others only those may who read it anyway. */
export const mayChange = (caller: Principal, standing: Standing): boolean => mayCreate(caller, standing) && mayRead(caller, standing);

/** Whether there is a time at which the caller cancels it. */
export const mayEverCancel = (caller: Principal, standing: Standing): boolean => isOwner(caller, standing) || mayDecide(caller, standing);

/** Its owner until it starts, afterwards who decides. @param today the company's day */
export const isTimeToCancel = (caller: Principal, standing: Standing, today: string): boolean =>
  isOwner(caller, standing) === today < standing.startDate;

/** What would succeed if the caller asked for it now. @param today the company's day */
export function allowedActions(caller: Principal, standing: Standing, today: string): LeaveAction[] {
  const isPending = standing.status === 'PENDING';
  const changes = isPending && mayChange(caller, standing);
  const decides = isPending && mayDecide(caller, standing);
  const allowed: Record<LeaveAction, boolean> = {
    edit: changes,
    delete: changes,
    approve: decides,
    reject: decides,
    cancel: TAKING.includes(standing.status) && mayEverCancel(caller, standing) && isTimeToCancel(caller, standing, today),
  };
  return LEAVE_ACTIONS.filter((action) => allowed[action]);
}

/** Narrows a statement on `leave_requests l` to those that the caller may read: {@link mayRead} in SQL. */
export function readable(query: Query, caller: Principal): Query {
  if (may(caller, 'read_leave_request') || may(caller, 'approve_leave_request')) return query;
  return query.and(among('l."userId"', `SELECT ?::uuid UNION ALL ${LED_PEOPLE}`), caller.userId, actingLead(caller));
}
