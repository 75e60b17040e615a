import { Injectable } from '@nestjs/common';
import { LED_PEOPLE } from '#companies';
import { UnitOfWork } from '#core';
import { TimesheetHistoryWriter } from '../history/history.writer.js';
import { askedNoMore, askedSince } from '../timesheet-events.js';
import type { Asked } from '../timesheet-events.js';
import { APPROVED_PEOPLE, POLICY, ROUND } from '../timesheet.policy.js';
import { DECIDERS, HOLDERS } from './timesheet-approvers.js';

/** SQL: an approval of the user `$2` in the present round of `timesheets t`. */
const THEIRS = `SELECT 1 FROM ${ROUND} a WHERE a."approverId" = $2`;

/** SQL: the `timesheets t` for which it counts that the user `$2` leaves, comes, or has other approvers listed. */
const CONCERNED = {
  left: `EXISTS (${THEIRS})`,
  // Of a restored owner the leads decide again. A holder decides for the whole company: they are asked about all of it only where nobody is.
  came: `NOT EXISTS (${THEIRS})
    AND (t."userId" = $2 OR t."userId" IN (${APPROVED_PEOPLE.replace('?', '$2')}) OR t."userId" IN (${LED_PEOPLE.replace('?', '$2')})
      OR ($2 IN (${HOLDERS}) AND NOT EXISTS (
        SELECT 1 FROM timesheet_approvals a WHERE a."companyId" = $1 AND a."timesheetId" = t.id AND a.round = t.round AND a.status = 'PENDING')))`,
  listed: `t."userId" = $2 AND t."roundPolicy" = 'explicit'`,
};
type Cause = keyof typeof CONCERNED;

/** SQL: the `timesheets t` for which it counts who leads the users `$2`. */
const LED = `t."userId" = ANY ($2) AND t."roundPolicy" = 'manager_of_user'`;

/** SQL: who decides the timesheets `$2`, without one who is leaving, `$3`. One by one: all at once, a plan may read all of the company. */
const DECIDING = `
  WITH sheets AS (
    SELECT t.id, t."userId", t.round, ${POLICY} AS policy, $3::uuid AS leaving
    FROM unnest($2::uuid[]) s
    CROSS JOIN LATERAL (SELECT * FROM timesheets t WHERE t."companyId" = $1 AND t.id = s OFFSET 0) t
  ), deciders AS (${DECIDERS})`;

/** Timesheets of open rounds, locked. */
interface OpenSheets {
  ids: string[];
  /** The user who leaves, null where none does. */
  leaving: string | null;
  owners: Map<string, string>;
  /** When it happens to them, after their last change. To them alone: the work also writes users, sessions and links. */
  at: Date;
}

type Change = Omit<Asked, 'userId'>;

/** Whom open rounds wait for, where people come, leave, are listed or lead others. Nothing is decided by that. */
@Injectable()
export class OpenRounds {
  constructor(
    private readonly work: UnitOfWork,
    private readonly history: TimesheetHistoryWriter,
  ) {}

  /**
   * Who decides now and has no approval in the round is asked, who is asked and does not decide is so no more; their timesheets move with it.
   * First those who come are asked: the insert waits for one who is leaving at this moment, and what follows sees them gone.
   */
  async askAnew(because: Cause, userId: string): Promise<void> {
    await this.askIn(await this.concerned(CONCERNED[because], userId, because === 'left' ? userId : null));
  }

  /** {@link askAnew}, where others lead these users now. */
  async askAnewOf(userIds: string[]): Promise<void> {
    await this.askIn(await this.concerned(LED, userIds));
  }

  private async askIn(sheets: OpenSheets): Promise<void> {
    if (sheets.ids.length === 0) return;
    const asked = await this.ask(sheets);
    const gone = await this.askNoMore(sheets);
    await this.move([...asked, ...gone], sheets.at);
    const told = (changes: Change[]): Asked[] => changes.map((change) => ({ ...change, userId: sheets.owners.get(change.timesheetId)! }));
    await this.history.record([...told(asked).map(askedSince), ...told(gone).map(askedNoMore)], sheets.at);
  }

  /** Locked in order, as a decision locks them too. */
  private async concerned(condition: string, whom: string | string[], leaving: string | null = null): Promise<OpenSheets> {
    const open = await this.work.query<{ id: string; userId: string; updatedAt: string }>(
      `SELECT t.id, t."userId", t."updatedAt" FROM timesheets t
       WHERE t."companyId" = $1 AND t.status = 'SUBMITTED' AND t."deletedAt" IS NULL AND (${condition}) ORDER BY t.id FOR UPDATE OF t`,
      [whom],
    );
    return {
      ids: open.map(({ id }) => id),
      leaving,
      owners: new Map(open.map(({ id, userId: ownerId }) => [id, ownerId])),
      at: this.work.after(open),
    };
  }

  private ask({ ids, leaving, at }: OpenSheets): Promise<Change[]> {
    return this.work.query<Change>(
      `${DECIDING}
       INSERT INTO timesheet_approvals ("companyId", "timesheetId", "approverId", round, "createdAt", "updatedAt", "createdByUserId", "updatedByUserId")
       SELECT $1::uuid, s.id, d."approverId", s.round, $4::timestamptz, $4::timestamptz, $5::uuid, $5::uuid
       FROM deciders d JOIN sheets s ON s.id = d."timesheetId"
       ON CONFLICT ("companyId", "timesheetId", "approverId", round) WHERE "deletedAt" IS NULL DO NOTHING
       RETURNING id, "timesheetId", "approverId"`,
      [ids, leaving, at, this.work.actorId],
    );
  }

  private askNoMore({ ids, leaving }: OpenSheets): Promise<Change[]> {
    return this.work.query<Change>(
      `${DECIDING}
       DELETE FROM timesheet_approvals a
       USING (
         SELECT p.id FROM sheets s
         CROSS JOIN LATERAL (
           SELECT * FROM timesheet_approvals p WHERE p."companyId" = $1 AND p."timesheetId" = s.id AND p.status = 'PENDING' OFFSET 0
         ) p
         WHERE (s.id, p."approverId") NOT IN (SELECT d."timesheetId", d."approverId" FROM deciders d)
       ) gone
       WHERE a."companyId" = $1 AND a.id = gone.id
       RETURNING a.id, a."timesheetId", a."approverId"`,
      [ids, leaving],
    );
  }

  private async move(changes: Change[], at: Date): Promise<void> {
    await this.work.execute(
      `UPDATE timesheets AS t SET version = t.version + 1, "updatedAt" = $3, "updatedByUserId" = $4 WHERE t."companyId" = $1 AND t.id = ANY ($2)`,
      [[...new Set(changes.map(({ timesheetId }) => timesheetId))], at, this.work.actorId],
    );
  }
}
