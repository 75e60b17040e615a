import { Injectable } from '@nestjs/common';
import type { ApproverPolicy } from '#companies';
import { UnitOfWork } from '#core';

const POLICY = 'SELECT s."timesheetApproverPolicy" AS policy FROM company_settings s WHERE s."companyId" = $1';

interface Candidate {
  id: string;
  /** Has a role with `approve_timesheet`. */
  holds: boolean;
  /** Leads a team of the owner. */
  leads: boolean;
  /** Is one of the owner's approvers. */
  listed: boolean;
}

/** SQL: who has a role with `approve_timesheet`. */
export const HOLDERS = `
  SELECT h.id
  FROM permissions p
  JOIN role_permissions rp ON rp."companyId" = $1 AND rp."permissionId" = p.id AND rp."deletedAt" IS NULL
  JOIN users h ON h."companyId" = $1 AND h."roleId" = rp."roleId"
  WHERE p."companyId" = $1 AND p.name = 'approve_timesheet' AND p."deletedAt" IS NULL`;

/**
 * Of each of the `owners (id, leaving)`, `leaving` being one who does not count any more. From small sets to the people: an OR over all
 * users would read the whole company.
 */
const CANDIDATES = `
  SELECT o.id AS "ownerId", u.id, bool_or(c.holds) AS holds, bool_or(c.leads) AS leads, bool_or(c.listed) AS listed
  FROM (
    SELECT o.id AS "ownerId", h.id, true AS holds, false AS leads, false AS listed FROM owners o CROSS JOIN (${HOLDERS}) h
    UNION ALL
    SELECT m."userId", l."userId", false, true, false
    FROM owners o
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

const OF_ONE = `WITH owners AS (SELECT $2::uuid AS id, NULL::uuid AS leaving) ${CANDIDATES} ORDER BY u.id`;

/** SQL: who has to decide each of `sheets (id, "userId", policy)` of these `owners`, {@link chosen} for many. */
export const DECIDERS = `
  SELECT s.id AS "timesheetId", c.id AS "approverId"
  FROM sheets s
  JOIN (SELECT c.*, bool_or(c.listed) OVER (PARTITION BY c."ownerId") AS "anyListed" FROM (${CANDIDATES}) c) c ON c."ownerId" = s."userId"
  WHERE CASE s.policy WHEN 'manager_of_user' THEN c.holds OR c.leads WHEN 'role_manager' THEN c.holds
    ELSE c.listed OR (c.holds AND NOT c."anyListed") END`;

/** Shared, so that those who hand in at the same moment do not wait for each other. */
const STILL_HERE = `
  SELECT u.id FROM users u
  WHERE u."companyId" = $1 AND u.id = ANY ($2) AND u."deletedAt" IS NULL AND u."statusId" IN (SELECT s.id FROM user_statuses s WHERE s."canLogin")
  ORDER BY u.id FOR SHARE OF u`;

/** Who would have to decide a timesheet that is submitted now: people who can sign in, without its owner. */
@Injectable()
export class TimesheetApprovers {
  constructor(private readonly work: UnitOfWork) {}

  /** Whether there is anybody. */
  async exist(ownerId: string): Promise<boolean> {
    const [policy, candidates] = await this.found(ownerId);
    return chosen(candidates, policy).length > 0;
  }

  /**
   * None of them can leave before the end of the transaction: one who is leaving now is waited for, and not among them. To be asked before
   * any row of the timesheet is locked, as leaving locks in this order.
   */
  async held(ownerId: string): Promise<{ policy: ApproverPolicy; approverIds: string[] }> {
    const [policy, candidates] = await this.found(ownerId);
    const here = await this.work.query<{ id: string }>(STILL_HERE, [candidates.map(({ id }) => id)]);
    const ids = new Set(here.map(({ id }) => id));
    const staying = candidates.filter(({ id }) => ids.has(id));
    return { policy, approverIds: chosen(staying, policy) };
  }

  private async found(ownerId: string): Promise<[ApproverPolicy, Candidate[]]> {
    const [[settings], candidates] = await Promise.all([
      this.work.query<{ policy: ApproverPolicy }>(POLICY),
      this.work.query<Candidate>(OF_ONE, [ownerId]),
    ]);
    return [settings!.policy, candidates];
  }
}

/** Of listed approvers who can no longer sign in the others suffice; where none is left, holders of the permission decide. */
export function chosen(candidates: Candidate[], policy: ApproverPolicy): string[] {
  const ids = (are: (candidate: Candidate) => boolean) => candidates.filter(are).map(({ id }) => id);
  const holders = ids(({ holds }) => holds);
  if (policy === 'manager_of_user') return ids(({ holds, leads }) => holds || leads);
  if (policy === 'role_manager') return holders;
  const listed = ids((candidate) => candidate.listed);
  return listed.length > 0 ? listed : holders;
}
