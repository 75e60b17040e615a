import { actingLead, LED_PEOPLE } from '#companies';
import { among } from '#core';
import type { Query } from '#core';
import { may } from '#rbac';
import type { Principal } from '#rbac';

/** Narrows a statement to those on whom the caller may report: everybody with `read_report`, else oneself and those one leads. */
export const reportable = (query: Query, caller: Principal, column: string): Query =>
  may(caller, 'read_report')
    ? query
    : query.and(among(column, `SELECT ?::uuid UNION ALL ${LED_PEOPLE}`), caller.userId, actingLead(caller));
