import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Entries in the order of their lists, where an entry of minutes comes behind the spans of its day: without the expression the first page read and
 * sorted the whole first day of a company. Locks the writers of entries while the index is made: seconds a million rows.
 */
export class EntryLists1764000000009 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX timesheet_entries_list_idx ON timesheet_entries ("companyId", day, coalesce("startedAt", 'infinity'), id)
      WHERE "deletedAt" IS NULL`);
    await db.query(`DROP INDEX timesheet_entries_day_idx`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX timesheet_entries_day_idx ON timesheet_entries ("companyId", "day", "startedAt", "id")`);
    await db.query(`DROP INDEX timesheet_entries_list_idx`);
  }
}
