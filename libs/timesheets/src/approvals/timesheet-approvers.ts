import { Injectable } from '@nestjs/common';
import type { ApproverPolicy } from '#companies';
import { one, UnitOfWork } from '#core';
import { TimesheetLocks } from '../timesheet-locks.js';

/** SQL: who has a role with `approve_timesheet`. */
export const HOLDERS = `
  SELECT h.id
  FROM permissions p
  JOIN role_permissions rp ON rp."companyId" = $1 AND rp."permissionId" = p.id AND rp."deletedAt" IS NULL
  JOIN users h ON h."companyId" = $1 AND h."roleId" = rp."roleId"
  WHERE p."companyId" = $1 AND p.name = 'approve_timesheet' AND p."deletedAt" IS NULL`;

/** SQL: the person `id` is there and can sign in. */
const canSignIn = (id: string): string => `
  JOIN users u ON u."companyId" = $1 AND u.id = ${id} AND u."deletedAt" IS NULL
  JOIN user_statuses us ON us.id = u."statusId" AND us."canLogin"`;

/**
 * SQL: who has to decide each of `sheets (id, "userId", policy, leaving)`, `leaving` being one who does not count any more. Of listed approvers
 * who can no longer sign in the others suffice; where none is left, holders of the permission decide. A deleted owner has no leads: nobody leads
 * them, so those could not even see it. Holders are looked up once, and each sheet asks for its own people: a join of sheets and people was
 * quadratic (12 s for 13 sheets of 100 approvers).
 */
export const DECIDERS = `
  WITH holders AS MATERIALIZED (SELECT h.id FROM (${HOLDERS}) h ${canSignIn('h.id')})
  SELECT s.id AS "timesheetId", d.id AS "approverId"
  FROM sheets s
  CROSS JOIN LATERAL (
    SELECT ARRAY(
      SELECT a."approverId" FROM user_approvers a ${canSignIn('a."approverId"')}
      WHERE s.policy = 'explicit' AND a."companyId" = $1 AND a."userId" = s."userId" AND a."deletedAt" IS NULL
        AND a."approverId" <> s."userId" AND a."approverId" IS DISTINCT FROM s.leaving
    ) AS ids OFFSET 0
  ) listed
  CROSS JOIN LATERAL (
    SELECT unnest(listed.ids) AS id
    UNION
    SELECT h.id FROM holders h WHERE s.policy <> 'explicit' OR listed.ids = '{}'
    UNION
    SELECT l."userId"
    FROM team_members m
    JOIN users them ON them."companyId" = $1 AND them.id = m."userId" AND them."deletedAt" IS NULL
    JOIN teams t ON t."companyId" = $1 AND t.id = m."teamId" AND t."deletedAt" IS NULL
    JOIN team_members l ON l."companyId" = $1 AND l."teamId" = m."teamId" AND l.role = 'lead' AND l."deletedAt" IS NULL
    ${canSignIn('l."userId"')}
    WHERE s.policy = 'manager_of_user' AND m."companyId" = $1 AND m."userId" = s."userId" AND m."deletedAt" IS NULL
  ) d
  WHERE d.id <> s."userId" AND d.id IS DISTINCT FROM s.leaving`;

/** Of a timesheet of `$2` that is submitted now. Holders stand in for those who were listed, but not for a list that names nobody. */
const OF_NEXT = `
  WITH sheets AS (
    SELECT $2::uuid AS id, $2::uuid AS "userId", s."timesheetApproverPolicy" AS policy, NULL::uuid AS leaving
    FROM company_settings s WHERE s."companyId" = $1
  )
  SELECT s.policy, ARRAY(
    SELECT d."approverId" FROM (${DECIDERS}) d
    WHERE s.policy <> 'explicit' OR EXISTS (
      SELECT 1 FROM user_approvers a WHERE a."companyId" = $1 AND a."userId" = $2 AND a."approverId" <> $2 AND a."deletedAt" IS NULL
    )
    ORDER BY d."approverId"
  ) AS "approverIds" FROM sheets s`;

/** Shared, so that those who hand in at the same moment do not wait for each other. */
const HOLD = 'SELECT 1 FROM users u WHERE u."companyId" = $1 AND u.id = ANY ($2) ORDER BY u.id FOR SHARE';

const STAYS = `
  SELECT 1 FROM users u
  WHERE u."companyId" = $1 AND u.id = $2 AND u."deletedAt" IS NULL AND u."statusId" IN (SELECT s.id FROM user_statuses s WHERE s."canLogin")
  FOR SHARE OF u`;

export interface Deciders {
  policy: ApproverPolicy;
  approverIds: string[];
}

/** Who would have to decide a timesheet that is submitted now: people who can sign in, without its owner. */
@Injectable()
export class TimesheetApprovers {
  constructor(
    private readonly work: UnitOfWork,
    private readonly locks: TimesheetLocks,
  ) {}

  /** Whether there is anybody. */
  async exist(ownerId: string): Promise<boolean> {
    return (await this.found(ownerId)).approverIds.length > 0;
  }

  /**
   * None of them can leave before the end of the transaction: one who is leaving now is waited for, and not among them; who decides in
   * their place is held too. Nor does another one come until then. To be asked before any row of the timesheet is locked, as leaving and
   * coming lock in this order.
   */
  async held(ownerId: string): Promise<Deciders> {
    await this.locks.keepDeciders();
    for (const held = new Set<string>(); ;) {
      const found = await this.found(ownerId);
      const others = found.approverIds.filter((id) => !held.has(id));
      if (others.length === 0) return found;
      await this.work.query(HOLD, [others]);
      for (const id of others) held.add(id);
    }
  }

  /** Whether the user can still sign in, and then cannot leave before the end of the transaction; one who is leaving now is waited for. */
  async stays(userId: string): Promise<boolean> {
    return (await this.work.query(STAYS, [userId])).length > 0;
  }

  private async found(ownerId: string): Promise<Deciders> {
    return one(await this.work.query<Deciders>(OF_NEXT, [ownerId]));
  }
}
