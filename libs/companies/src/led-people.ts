import type { Principal } from '#rbac';

/** Who leads or approves, for the SQL below: the caller, or null, who leads nobody, for an API key that is for own data only. */
export const actingLead = (caller: Principal): string | null => (caller.ownOnly ? null : caller.userId);

/** SQL: the ids of the living users whom one leads, the other leads of the same living teams among them; `?` is the lead, as {@link actingLead} says. */
export const LED_PEOPLE = `
  SELECT theirs."userId"
  FROM team_members mine
  JOIN teams t ON t."companyId" = $1 AND t.id = mine."teamId" AND t."deletedAt" IS NULL
  JOIN team_members theirs ON theirs."companyId" = $1 AND theirs."teamId" = t.id AND theirs."deletedAt" IS NULL
  JOIN users them ON them."companyId" = $1 AND them.id = theirs."userId" AND them."deletedAt" IS NULL
  WHERE mine."companyId" = $1 AND mine."userId" = ? AND mine.role = 'lead' AND mine."deletedAt" IS NULL`;

const inTeam = (join: string): string => `
  SELECT m."userId"
  FROM team_members m
  JOIN teams t ON t."companyId" = $1 AND t.id = m."teamId" AND t."deletedAt" IS NULL
  ${join}
  WHERE m."companyId" = $1 AND m."teamId" = ? AND m."deletedAt" IS NULL`;

/** SQL: the living users in a living team; `?` is the team. */
export const TEAM_PEOPLE = inTeam('JOIN users them ON them."companyId" = $1 AND them.id = m."userId" AND them."deletedAt" IS NULL');

/** SQL: the users in a living team, deleted ones too: what they worked stays the team's; `?` is the team. */
export const TEAM_WORKERS = inTeam('');
