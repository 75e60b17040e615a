import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who decides a timesheet was looked for among all people of its owner's teams. Locks the writers of memberships for less than a second. */
export class TeamLeads1764000000018 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX team_members_leads_idx ON team_members ("companyId", "teamId", "userId")
      WHERE role = 'lead' AND "deletedAt" IS NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX team_members_leads_idx`);
  }
}
