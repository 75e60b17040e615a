import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lists that are filtered by what few rows have, in their order: without these a page of a rare one was looked for among all rows of the company.
 * Of the history the creation of an entry, its most frequent line by far, is in neither index of actions and targets, and pays for none.
 * Locks the writers of each table from the making of its index to the end, seconds a million rows: first those of the access log, who wait for
 * nobody. Readers of timesheets and history wait only for the end, when the old indexes are dropped.
 */
export class FilteredLists1764000000017 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX access_logs_target_idx ON access_logs ("companyId", "targetId", "occurredAt", id)`);
    await db.query(`CREATE INDEX timesheets_status_newest_idx ON timesheets ("companyId", status, "periodStart", id)`);
    await db.query(`CREATE INDEX timesheet_history_actor_newest_idx ON timesheet_history ("companyId", "actorUserId", "occurredAt", id)`);
    await db.query(`
      CREATE INDEX timesheet_history_action_idx ON timesheet_history ("companyId", action, "occurredAt", id) WHERE action <> 'created'`);
    await db.query(`
      CREATE INDEX timesheet_history_target_type_idx ON timesheet_history ("companyId", "targetType", "occurredAt", id)
      WHERE "targetType" <> 'TimesheetEntry'`);
    await db.query(`CREATE INDEX audit_logs_action_idx ON audit_logs ("companyId", action, "occurredAt", id)`);
    await db.query(`CREATE INDEX audit_logs_target_type_idx ON audit_logs ("companyId", "targetType", "occurredAt", id)`);
    await db.query(`DROP INDEX timesheets_status_idx`);
    await db.query(`DROP INDEX timesheet_history_actor_idx`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX timesheets_status_idx ON timesheets ("companyId", status)`);
    await db.query(`CREATE INDEX timesheet_history_actor_idx ON timesheet_history ("companyId", "actorUserId")`);
    await db.query(`DROP INDEX access_logs_target_idx`);
    await db.query(`DROP INDEX timesheets_status_newest_idx`);
    await db.query(`DROP INDEX timesheet_history_actor_newest_idx`);
    await db.query(`DROP INDEX timesheet_history_action_idx`);
    await db.query(`DROP INDEX timesheet_history_target_type_idx`);
    await db.query(`DROP INDEX audit_logs_action_idx`);
    await db.query(`DROP INDEX audit_logs_target_type_idx`);
  }
}
