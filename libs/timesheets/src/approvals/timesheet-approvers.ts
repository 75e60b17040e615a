import { Injectable } from '@nestjs/common';
import type { ApproverPolicy } from '#companies';
import { one, UnitOfWork } from '#core';

/** SQL: who has a role with `approve_timesheet`. */
export const HOLDERS = `
  SELECT h.id
  FROM permissions p
  JOIN role_permissions rp ON rp."companyId" = $1 AND rp."permissionId" = p.id AND rp."deletedAt" IS NULL
  JOIN users h ON h."companyId" = $1 AND h."roleId" = rp."roleId"
  WHERE p."companyId" = $1 AND p.name = 'approve_timesheet' AND p."deletedAt" IS NULL`;

/**
 * Of each of the `owners (id, leaving)`, `leaving` being one who does not count any more. A deleted owner has no leads: nobody leads them,
 * so those could not even see it. From small sets to the people: an OR over all
 * users would read the whole company.
 */
const CANDIDATES = `
  SELECT o.id AS "ownerId", u.id, bool_or(c.holds) AS holds, bool_or(c.leads) AS leads, bool_or(c.listed) AS listed
  FROM (
    SELECT o.id AS "ownerId", h.id, true AS holds, false AS leads, false AS listed FROM owners o CROSS JOIN (${HOLDERS}) h
    UNION ALL
    SELECT m."userId", l."userId", false, true, false
    FROM owners o
    JOIN users them ON them."companyId" = $1 AND them.id = o.id AND them."deletedAt" IS NULL
    JOIN team_members m ON m."companyId" = $1 AND m."userId" = o.id AND m."deletedAt" IS NULL
    JOIN teams t ON t."companyId" = $1 AND t.id = m."teamId" AND t."deletedAt" IS NULL
    JOIN team_members l ON l."companyId" = $1 AND l."teamId" = m."teamId" AND l.role = 'lead' AND l."deletedAt" IS NULL
    UNION ALL
    SELECT a."userId", a."approverId", false, false, true
    FROM owners o JOIN user_approvers a ON a."companyId" = $1 AND a."userId" = o.id AND a."deletedAt" IS NULL
  ) c
  JOIN owners o ON o.id = c."ownerId"
  JOIN users u ON u."companyId" = $1 AND u.id = c.id AND u."deletedAt" IS NULL
  JOIN user_statuses s ON s.id = u."statusId" AND s."canLogin"
  WHERE u.id <> o.id AND u.id IS DISTINCT FROM o.leaving
  GROUP BY o.id, u.id`;

/**
 * SQL: who has to decide each of `sheets (id, "userId", policy)` of these `owners`. Of listed approvers who can no longer sign in the others
 * suffice; where none is left, holders of the permission decide.
 */
export const DECIDERS = `
  SELECT s.id AS "timesheetId", c.id AS "approverId"
  FROM sheets s
  JOIN (SELECT c.*, bool_or(c.listed) OVER (PARTITION BY c."ownerId") AS "anyListed" FROM (${CANDIDATES}) c) c ON c."ownerId" = s."userId"
  WHERE CASE s.policy WHEN 'manager_of_user' THEN c.holds OR c.leads WHEN 'role_manager' THEN c.holds
    ELSE c.listed OR (c.holds AND NOT c."anyListed") END`;

/** Of a timesheet of `$2` that is submitted now. */
const OF_NEXT = `
  WITH sheets AS (
    SELECT $2::uuid AS id, $2::uuid AS "userId", s."timesheetApproverPolicy" AS policy FROM company_settings s WHERE s."companyId" = $1
  ), owners AS (SELECT $2::uuid AS id, NULL::uuid AS leaving)
  SELECT s.policy, ARRAY(SELECT d."approverId" FROM (${DECIDERS}) d ORDER BY d."approverId") AS "approverIds" FROM sheets s`;

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
  constructor(private readonly work: UnitOfWork) {}

  /** Whether there is anybody. */
  async exist(ownerId: string): Promise<boolean> {
    return (await this.found(ownerId)).approverIds.length > 0;
  }

  /**
   * None of them can leave before the end of the transaction: one who is leaving now is waited for, and not among them; who decides in
   * their place is held too. To be asked before any row of the timesheet is locked, as leaving locks in this order.
   */
  async held(ownerId: string): Promise<Deciders> {
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
