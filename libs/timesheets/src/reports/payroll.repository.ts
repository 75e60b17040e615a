import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import type { CountedDay, LeaveRequest, WorkCalendar } from '#leave';

export interface PayrollLeave extends Pick<LeaveRequest, 'startDate' | 'endDate' | 'startPortion' | 'endPortion' | 'leaveType'> {
  /** As it was counted at the approval; null where it was not. */
  workingDays: number | null;
  /** Of one over an edge of the range; null for the others, and where they were not kept. */
  countedDays: CountedDay[] | null;
}

export interface PayrollRow extends WorkCalendar {
  id: string;
  firstName: string;
  lastName: string;
  externalId: string | null;
  workedMinutes: number;
  approvedMinutes: number;
  /** Approved requests that share a day with the range. */
  leave: PayrollLeave[];
}

/** Where to go on: the name and id of the last row. */
export type PayrollKey = [lastName: string, firstName: string, id: string];

/**
 * `$2` to `$3` is the range, `$4` how many rows. Who is employed is there with nothing too; who is invited, gone or
 * deleted, where there is something to pay. Asked person by person, through an index, so that a page sums its own people only: planned for
 * its range, since for any range a plan reads all entries of it for each person. The settings come along: so it is one statement.
 */
const PEOPLE = `
  SELECT u.id, u."firstName", u."lastName", u."externalId", coalesce(w.worked, 0) AS "workedMinutes", coalesce(w.approved, 0) AS "approvedMinutes",
         coalesce(a.requests, '[]') AS leave, c."workWeek", c."holidayCalendar"
  FROM users u
  JOIN company_settings c ON c."companyId" = $1
  JOIN user_statuses t ON t.id = u."statusId"
  CROSS JOIN LATERAL (
    SELECT sum(e."durationMin") AS worked, sum(e."durationMin") FILTER (WHERE s.status = 'APPROVED') AS approved
    FROM timesheet_entries e
    LEFT JOIN timesheets s ON s."companyId" = $1 AND s.id = e."timesheetId"
    WHERE e."companyId" = $1 AND e."userId" = u.id AND e."deletedAt" IS NULL AND e.day >= $2 AND e.day <= $3
  ) w
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object(
      'startDate', l."startDate", 'endDate', l."endDate", 'startPortion', l."startPortion", 'endPortion', l."endPortion",
      'leaveType', l."leaveType", 'workingDays', l."workingDays",
      'countedDays', CASE WHEN l."startDate" < $2 OR l."endDate" > $3 THEN l."countedDays" END)) AS requests
    FROM leave_requests l
    WHERE l."companyId" = $1 AND l."userId" = u.id AND l."deletedAt" IS NULL AND l.status = 'APPROVED' AND l."startDate" <= $3 AND l."endDate" >= $2
  ) a
  WHERE u."companyId" = $1
    AND (u."deletedAt" IS NULL AND t.code IN ('ACTIVE', 'SUSPENDED') OR w.worked IS NOT NULL OR a.requests IS NOT NULL)`;
const AFTER = 'AND (u."lastName", u."firstName", u.id) > ($5, $6, $7)';
const ORDER = 'ORDER BY u."lastName", u."firstName", u.id LIMIT $4';

@Injectable()
export class PayrollRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** By last and first name. */
  people({ from, to }: { from: string; to: string }, limit: number, after?: PayrollKey): Promise<PayrollRow[]> {
    return this.work.last<PayrollRow>(`${PEOPLE} ${after ? AFTER : ''} ${ORDER}`, [from, to, limit, ...(after ?? [])], false);
  }
}
