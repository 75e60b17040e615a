import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Says how many action codes the entries of one company have, as each statement asks for one: counted over all companies there are thousands,
 * and a page's codes are looked up once an entry instead of once a code. Citus has no such setting for its tables.
 */
export class EntryCodes1764000000012 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    if (await isDistributed(db)) return;
    await db.query(`ALTER TABLE timesheet_entries ALTER COLUMN "actionCodeId" SET (n_distinct = 30)`);
    await db.query(`ANALYZE timesheet_entries ("actionCodeId")`);
  }

  async down(db: QueryRunner): Promise<void> {
    if (await isDistributed(db)) return;
    await db.query(`ALTER TABLE timesheet_entries ALTER COLUMN "actionCodeId" RESET (n_distinct)`);
  }
}

async function isDistributed(db: QueryRunner): Promise<boolean> {
  const [found] = (await db.query(`SELECT to_regclass('pg_dist_partition') IS NOT NULL AS "isCitus"`)) as { isCitus: boolean }[];
  return found!.isCitus;
}
