import { Injectable } from '@nestjs/common';
import { Query, UnitOfWork } from '#core';
import { spanSql } from '#leave';
import type { Principal } from '#rbac';
import type { NamedReference } from './report.dto.js';
import { reportable } from './report.policy.js';

/** From, and up to but not including. */
export type Span = [from: string, to: string];

export interface ExpectedPerson {
  user: NamedReference;
  /** Days in submitted and approved timesheets. */
  covered: Span[] | null;
  /** Approved leave, `2026-03-02T12:00:00` being noon: a morning and an afternoon make a whole day. */
  away: Span[] | null;
}

const spansOf = (ranges: string): string => `(SELECT json_agg(json_build_array(lower(r), upper(r))) FROM unnest(${ranges}) r)`;

/**
 * `$2` to `$3` is the range. What covers days is joined into spans here: a year of weeks is mostly one. Asked person by person, through
 * an index: a join of sums was planned as a loop that summed anew for each person where the tables had not been analysed.
 */
const EXPECTED = `
  SELECT json_build_object('id', u.id, 'name', u."firstName" || ' ' || u."lastName") AS user,
         ${spansOf('c.days')} AS covered, ${spansOf('a.hours')} AS away
  FROM users u
  JOIN user_statuses t ON t.id = u."statusId" AND t.code IN ('ACTIVE', 'SUSPENDED')
  CROSS JOIN LATERAL (
    SELECT range_agg(daterange(s."periodStart", s."periodEnd", '[]')) AS days
    FROM timesheets s
    WHERE s."companyId" = $1 AND s."userId" = u.id AND s."deletedAt" IS NULL AND s.status IN ('SUBMITTED', 'APPROVED')
      AND s."periodStart" <= $3 AND s."periodEnd" >= $2
  ) c
  CROSS JOIN LATERAL (
    SELECT range_agg(${spanSql('l."startDate"', 'l."endDate"', 'l."startPortion"', 'l."endPortion"')}) AS hours
    FROM leave_requests l
    WHERE l."companyId" = $1 AND l."userId" = u.id AND l."deletedAt" IS NULL AND l.status = 'APPROVED' AND l."startDate" <= $3 AND l."endDate" >= $2
  ) a
  WHERE u."companyId" = $1 AND u."deletedAt" IS NULL`;

@Injectable()
export class MissingRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Of whom timesheets are expected, among those on whom the caller may report, with what covers their days. */
  people(caller: Principal, from: string, to: string): Promise<ExpectedPerson[]> {
    const { text, values } = reportable(new Query(EXPECTED, [from, to]), caller, 'u.id').end('ORDER BY u."lastName", u."firstName", u.id');
    return this.work.last<ExpectedPerson>(text, values);
  }
}
