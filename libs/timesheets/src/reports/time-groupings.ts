import { NIL_ID } from '#core';
import type { TimeGrouping } from './report.dto.js';

/** How one grouping is made in SQL: of sums `g` over entries `e` (and their timesheet `s`). */
export interface GroupingSql {
  /** What the entries are summed by first, by its name in `g`: names are joined to sums, not to single entries. */
  key: [name: string, expression: string];
  join?: string;
  /** Columns of the answer. */
  columns: Record<string, string>;
  /** Never null, so that one row comparison goes on behind a row; what is nothing comes last. */
  order: string[];
  /**
   * The same over sums of days, for a period: its start is worked out for each day instead of for each entry, which is half of a month's report.
   * With people or tasks there are about as many sums of days as entries.
   */
  overDays?: GroupingSql;
}

const nullsLast = (id: string, name: string): string[] => [`${id} IS NULL`, `coalesce(${name}, '')`, `coalesce(${id}, '${NIL_ID}'::uuid)`];
const CODES = 'JOIN action_codes c ON c."companyId" = $1 AND c.id = g."actionCodeId"';

/** A grouping by a value of the entry itself. */
const byValue = (name: string, expression: string): GroupingSql => ({
  key: [name, expression],
  columns: { [name]: `g."${name}"` },
  order: [`g."${name}"`],
});

/** A grouping by a span of days, named only once it is summed. */
const byPeriod = (name: 'week' | 'month', format: string): GroupingSql => {
  const start = (day: string) => `date_trunc('${name}', ${day}::timestamp)`;
  const columnsOf = (period: string) => ({ columns: { [name]: `to_char(${period}, '${format}')` }, order: [period] });
  return {
    key: [name, start('e.day')],
    ...columnsOf(`g."${name}"`),
    overDays: { key: ['day', 'e.day'], ...columnsOf(start('g.day')) },
  };
};

/** Deleted people, codes, tasks and teams still name their past; a team's people are those of now. */
export const GROUPING_SQL: Record<TimeGrouping, GroupingSql> = {
  user: {
    key: ['userId', 'e."userId"'],
    join: 'JOIN users u ON u."companyId" = $1 AND u.id = g."userId"',
    columns: { userId: 'u.id', userName: `u."firstName" || ' ' || u."lastName"` },
    order: ['u."lastName"', 'u."firstName"', 'u.id'],
  },
  team: {
    key: ['userId', 'e."userId"'],
    join: `LEFT JOIN team_members m ON m."companyId" = $1 AND m."userId" = g."userId" AND m."deletedAt" IS NULL
           LEFT JOIN teams t ON t."companyId" = $1 AND t.id = m."teamId"`,
    columns: { teamId: 't.id', teamName: 't.name' },
    order: nullsLast('t.id', 't.name'),
  },
  actionCode: {
    key: ['actionCodeId', 'e."actionCodeId"'],
    join: CODES,
    columns: { actionCodeId: 'c.id', actionCodeCode: 'c.code', actionCodeName: 'c.name' },
    order: ['c.code', 'c.id'],
  },
  actionCodeType: { key: ['actionCodeId', 'e."actionCodeId"'], join: CODES, columns: { actionCodeType: 'c.type' }, order: ['c.type'] },
  task: {
    key: ['taskId', 'e."taskId"'],
    join: 'LEFT JOIN tasks k ON k."companyId" = $1 AND k.id = g."taskId"',
    columns: { taskId: 'k.id', taskName: 'k.title' },
    order: nullsLast('k.id', 'k.title'),
  },
  day: byValue('day', 'e.day'),
  week: byPeriod('week', 'IYYY"-W"IW'),
  month: byPeriod('month', 'YYYY-MM'),
  workMode: byValue('workMode', 'e."workMode"'),
  country: byValue('country', 'e.country'),
  status: { ...byValue('status', 's.status'), order: ['g.status IS NULL', `coalesce(g.status, '')`] },
};

const MANY = new Set(['userId', 'taskId']);

/** How these groupings are made together. */
export function groupingsSql(names: readonly TimeGrouping[]): GroupingSql[] {
  const parts = names.map((name) => GROUPING_SQL[name]);
  return parts.some(({ key: [name] }) => MANY.has(name)) ? parts : parts.map((part) => part.overDays ?? part);
}
