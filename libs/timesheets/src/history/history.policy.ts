import { actingLead, LED_PEOPLE } from '#companies';
import type { Query } from '#core';
import { may } from '#rbac';
import type { Principal } from '#rbac';
import { about, decides, isOwner, mayDecide } from '../timesheet.policy.js';
import type { Standing } from '../timesheet.policy.js';

/** SQL: the timesheet that a row of `timesheet_history h` was written of. */
const WRITTEN_OF = `CASE h."targetType" WHEN 'Timesheet' THEN h."targetId" ELSE (h.metadata ->> 'timesheetId')::uuid END`;

/** SQL: the timesheet that has the entry of such a row now, which may have been loose when it was written. */
const ENTRY_IN = `CASE h."targetType" WHEN 'TimesheetEntry' THEN (
  SELECT e."timesheetId" FROM timesheet_entries e WHERE e."companyId" = $1 AND e.id = h."targetId" AND e."deletedAt" IS NULL) END`;

/** Of one timesheet, its entries and approvals. To read the timesheet by `read_timesheet` does not include it. */
export const mayReadHistory = (caller: Principal, standing: Standing): boolean =>
  isOwner(caller, standing) || may(caller, 'read_timesheet_history') || standing.leads || mayDecide(caller, standing);

/**
 * Narrows a statement on `timesheet_history h` to what the caller may read: everything with `read_timesheet_history`; else what is
 * about themselves, those they lead, or a timesheet that they decide. Of an action code the row is about who changed it, and nobody's
 * lead reads it for that.
 */
export function readable(query: Query, caller: Principal): Query {
  if (may(caller, 'read_timesheet_history')) return query;
  const { condition, values } = decides(caller);
  return about(query, caller, 'h')
    .and(
      `h."userId" = ? OR h."userId" IN (${LED_PEOPLE}) OR EXISTS (
         SELECT 1 FROM timesheets t
         WHERE t."companyId" = $1 AND t.id IN (${WRITTEN_OF}, ${ENTRY_IN}) AND t."userId" = h."userId" AND t."deletedAt" IS NULL AND (${condition}))`,
      caller.userId,
      actingLead(caller),
      ...values,
    )
    .and(`h."userId" = ? OR h."targetType" <> 'ActionCode'`, caller.userId);
}
