import { LED_PEOPLE, reaching } from '#companies';
import { may } from '#rbac';
import type { Principal } from '#rbac';

/** SQL: a column names somebody on whom the caller may report without `read_report`; both `?` are {@link reportingAs}. */
export const reportable = (column: string): string => `(${column} = ? OR ${column} IN (${LED_PEOPLE}))`;

/** As whom the caller reports: on oneself, and on those one leads. Undefined for everybody, with `read_report`. */
export const reportingAs = (caller: Principal): [self: string, lead: string | null] | undefined =>
  may(caller, 'read_report') ? undefined : [caller.userId, reaching(caller)];
