import { Injectable } from '@nestjs/common';
import { TEAM_WORKERS } from '#companies';
import { among, Query, UnitOfWork } from '#core';
import type { Principal } from '#rbac';
import type { TimeGrouping, TimeReportQuery } from './report.dto.js';
import { reportable } from './report.policy.js';
import { groupingsSql } from './time-groupings.js';

/** The columns of the groupings, `entries`, `totalMinutes`, and the key `k0`, `k1`, ... that the rows are ordered by. */
export type TimeRow = Record<string, string | number | boolean | null>;

/** Where to go on: the values of {@link TimeRow}'s key. */
export type TimeKey = TimeRow[string][];

@Injectable()
export class ReportRepository {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * Sums by the groupings, in their order, over the entries that the caller may report on.
   * Each row also has `total`, the minutes of all rows with each entry counted once, unless it goes on behind a key.
   */
  time(caller: Principal, query: TimeReportQuery, groupings: TimeGrouping[], limit: number, after?: TimeKey): Promise<TimeRow[]> {
    const parts = groupingsSql(groupings);
    const keys = new Map(parts.map(({ key }) => key));
    const columns = Object.entries(Object.assign({}, ...parts.map((part) => part.columns)) as Record<string, string>);
    const order = parts.flatMap((part) => part.order);
    const joins = new Set(parts.map(({ join = '' }) => join));
    const ofTeam = query.teamId && groupings.includes('team') ? [query.teamId] : [];
    const entries = new Query(`
      WITH g AS (
        SELECT ${[...keys].map(([name, expression]) => `${expression} AS "${name}"`).join(', ')}, count(*) AS entries, sum(e."durationMin") AS minutes
        FROM timesheet_entries e
        ${keys.has('status') ? 'LEFT JOIN timesheets s ON s."companyId" = $1 AND s.id = e."timesheetId"' : ''}
        WHERE e."companyId" = $1 AND e."deletedAt" IS NULL`)
      .and('e."userId" = ?', query.userId)
      .and(among('e."userId"', TEAM_WORKERS), query.teamId)
      .and('e."timesheetId" = ?', query.timesheetId)
      .and('e."actionCodeId" = ?', query.actionCodeId)
      .and('e."taskId" = ?', query.taskId)
      .and('e.day >= ?', query.from)
      .and('e.day <= ?', query.to);
    const { text, values } = reportable(entries, caller, 'e."userId"').end(
      `
        GROUP BY ${[...keys].map((_, index) => index + 1).join(', ')}
      )
      SELECT ${[...columns.map(([name, expression]) => `${expression} AS "${name}"`), ...order.map((expression, index) => `${expression} AS k${index}`)].join(', ')},
             sum(g.entries) AS entries, sum(g.minutes) AS "totalMinutes" ${after ? '' : ', (SELECT sum(minutes) FROM g) AS total'}
      FROM g ${[...joins].join(' ')}
      ${ofTeam.length > 0 ? 'WHERE t.id = ?' : ''}
      GROUP BY ${[...new Set([...columns.map(([, expression]) => expression), ...order])].join(', ')}
      ${after ? `HAVING (${order.join(', ')}) > (${after.map(() => '?').join(', ')})` : ''}
      ORDER BY ${order.join(', ')} LIMIT ?`,
      ...ofTeam,
      ...(after ?? []),
      limit,
    );
    return this.work.last<TimeRow>(text, values, false);
  }
}
