import type { Query } from '#core';
import { may } from '#rbac';
import type { Principal } from '#rbac';
import { LED_PEOPLE } from './led-people.js';

/**
 * Narrows a statement on `timesheet_history h` to what the caller may read: everything with `read_timesheet_history`; else what is
 * about themselves or those they lead. Of an action code the row is about who changed it, and nobody's lead reads it for that.
 */
export function readable(query: Query, caller: Principal): Query {
  if (may(caller, 'read_timesheet_history')) return query;
  return query
    .and(`h."userId" IN (SELECT ?::uuid UNION ALL ${LED_PEOPLE})`, caller.userId, caller.userId)
    .and(`h."userId" = ? OR h."targetType" <> 'ActionCode'`, caller.userId);
}
