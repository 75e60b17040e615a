import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Entries without a task, most of them, are not in the index of tasks any more. External ids are unique in any case, as e-mails are: where two people
 * of a company have ids that differ in nothing else, this fails, and one of them has to be changed first. PostgreSQL does not say whose they are:
 * docs/OPERATIONS.md has a query that does.
 */
export class EntryTasksAndExternalIds1764000000011 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX timesheet_entries_task_idx`);
    await db.query(`CREATE INDEX timesheet_entries_task_idx ON timesheet_entries ("companyId", "taskId") WHERE "taskId" IS NOT NULL`);
    await db.query(`
      CREATE UNIQUE INDEX users_external_id_any_case_unique ON users ("companyId", lower("externalId")) WHERE "deletedAt" IS NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX users_external_id_any_case_unique`);
    await db.query(`DROP INDEX timesheet_entries_task_idx`);
    await db.query(`CREATE INDEX timesheet_entries_task_idx ON timesheet_entries ("companyId", "taskId")`);
  }
}
