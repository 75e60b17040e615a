import { Injectable } from '@nestjs/common';
import { TEAM_PEOPLE } from '#companies';
import { among, Cursors, Query, UnitOfWork } from '#core';
import type { Page } from '#core';
import type { Principal } from '#rbac';
import type { AbsenceQuery, AbsenceView } from './absence.dto.js';
import { BEGINNING, beginningOf, cut, LONGEST_LEAVE } from './leave-period.js';

const LIST = 'absences';
const ORDER = [...BEGINNING, 'l.id'];

/**
 * SQL: approved leave of the company's people that has a day from `$2` to `$3`. None is longer than {@link LONGEST_LEAVE}, which bounds what
 * is looked through.
 */
export const ABSENT = `
  FROM leave_requests l
  JOIN users u ON u."companyId" = $1 AND u.id = l."userId" AND u."deletedAt" IS NULL AND NOT u."isAnonymized"
  WHERE l."companyId" = $1 AND l.status = 'APPROVED' AND l."deletedAt" IS NULL
    AND l."startDate" BETWEEN $2::date - ${LONGEST_LEAVE} AND $3::date AND l."endDate" >= $2::date`;

const ABSENCES = `
  SELECT l.id, l."userId", u."firstName", u."lastName", l."startDate", l."endDate", l."startPortion", l."endPortion" ${ABSENT}`;

/** Who is away when. Every colleague sees that; neither kind nor reason is even read. */
@Injectable()
export class AbsenceRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  /** In the order in which they begin. */
  async list(caller: Principal, query: AbsenceQuery): Promise<Page<AbsenceView>> {
    const { from, to } = query;
    const { text, values } = new Query(ABSENCES, [from, to])
      .and(among('l."userId"', TEAM_PEOPLE), query.teamId)
      .and('l."userId" = ?', caller.ownOnly ? caller.userId : undefined)
      .after(ORDER, '>', this.cursors.after(LIST, query))
      .page(ORDER.join(', '), query.limit);
    const rows = await this.work.last<AbsenceView & { id: string }>(text, values);
    const page = this.cursors.page(LIST, query, rows, (row) => [...beginningOf(row), row.id]);
    return { ...page, items: page.items.map(({ id: _, ...absence }) => ({ ...absence, ...cut(absence, from, to) })) };
  }
}
