import type { MigrationInterface, QueryRunner } from 'typeorm';

const START = `(CASE WHEN "startedAt" IS NULL THEN 'infinity'::timestamptz ELSE "startedAt" END)`;

/**
 * The same order as before, by CASE instead of coalesce: PostgreSQL takes coalesce for something that could leak, so below row security a page never
 * began at its key, and read all entries before it. Locks the writers of entries while the index is made: seconds a million rows.
 */
export class EntryPages1764000000010 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX timesheet_entries_page_idx ON timesheet_entries ("companyId", day, ${START}, id)
      WHERE "deletedAt" IS NULL`);
    await db.query(`DROP INDEX timesheet_entries_list_idx`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX timesheet_entries_list_idx ON timesheet_entries ("companyId", day, coalesce("startedAt", 'infinity'), id)
      WHERE "deletedAt" IS NULL`);
    await db.query(`DROP INDEX timesheet_entries_page_idx`);
  }
}
